"""The registry of the terms of the run loss: one file, one line here, its name in `TERMS`, a test.

A term also has its weight in `config/run_loss`, and its rule there unless it is a share.
"""

from collections.abc import Mapping

from ratchet.runs.terms import (
    api_breakages,
    contradictions,
    cost_over_budget,
    db_migration_fail,
    gate_pass_rate,
    grounding,
    latency_p95,
    rag_coverage,
    security_criticals,
)
from ratchet.runs.terms.measure import Measure

MEASURES: Mapping[str, Measure] = {
    "gatePassRate": gate_pass_rate.MEASURE,
    "contradictions": contradictions.MEASURE,
    "grounding": grounding.MEASURE,
    "costOverBudget": cost_over_budget.MEASURE,
    "latencyP95": latency_p95.MEASURE,
    "securityCriticals": security_criticals.MEASURE,
    "apiBreakages": api_breakages.MEASURE,
    "dbMigrationFail": db_migration_fail.MEASURE,
    "ragCoverage": rag_coverage.MEASURE,
}
