"""The names of the run loss's terms, where a door that reads profiles needs no numpy for them."""

# In the order of the formula; `runs/terms` says how each is measured.
TERMS = (
    "gatePassRate",
    "contradictions",
    "grounding",
    "costOverBudget",
    "latencyP95",
    "securityCriticals",
    "apiBreakages",
    "dbMigrationFail",
    "ragCoverage",
)
LOSS = "loss"
