"""securityCriticals: how many critical findings of security a run left."""

from ratchet.runs.term_rules import Rules
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import COUNT, Measure


def _value(facts: Facts) -> float | None:
    return facts.report.metrics.get("securityCriticals")


def _loss(value: float, rules: Rules) -> float:
    return rules.security_criticals.loss(value)


MEASURE = Measure(_value, _loss, {"securityCriticals": COUNT})
