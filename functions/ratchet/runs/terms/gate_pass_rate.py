"""gatePassRate: which share of the gates that a run met it passed; skipped ones were not met."""

from ratchet.runs.term_rules import Rules
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import Measure


def _value(facts: Facts) -> float | None:
    met = [result for result in facts.report.gates.values() if result != "skipped"]
    return met.count("passed") / len(met) if met else None


def _loss(value: float, rules: Rules) -> float:
    return 1 - value


MEASURE = Measure(_value, _loss, {})
