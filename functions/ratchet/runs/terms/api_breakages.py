"""apiBreakages: how many interfaces a run broke."""

from ratchet.runs.term_rules import Rules
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import COUNT, Measure


def _value(facts: Facts) -> float | None:
    return facts.report.metrics.get("apiBreakages")


def _loss(value: float, rules: Rules) -> float:
    return rules.api_breakages.loss(value)


MEASURE = Measure(_value, _loss, {"apiBreakages": COUNT})
