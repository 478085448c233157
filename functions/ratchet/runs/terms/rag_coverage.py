"""ragCoverage: which share of what should have been retrieved was."""

from ratchet.runs.term_rules import Rules
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import SHARE, Measure


def _value(facts: Facts) -> float | None:
    return facts.report.metrics.get("ragCoverage")


def _loss(value: float, rules: Rules) -> float:
    return 1 - value


MEASURE = Measure(_value, _loss, {"ragCoverage": SHARE})
