"""latencyP95: how many times its time budget a run's p95 latency is; within it is no loss."""

from ratchet.runs.term_rules import Rules, times_of
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import MILLIS, Measure


def _value(facts: Facts) -> float | None:
    return times_of(facts.slowest_ms, facts.report.budget.max_duration_ms)


def _loss(value: float, rules: Rules) -> float:
    return rules.latency_p95.loss(value)


MEASURE = Measure(_value, _loss, {"latencyP95Ms": MILLIS})
