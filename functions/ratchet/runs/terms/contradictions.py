"""contradictions: how many statements of a run are contradicted."""

from ratchet.runs.term_rules import Rules
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import COUNT, Measure


def _value(facts: Facts) -> float | None:
    told = facts.report.metrics.get("contradictions")
    if told is not None:
        return told
    found = [qav.contradictions for qav in facts.report.qav if qav.contradictions is not None]
    return float(sum(found)) if found else None


def _loss(value: float, rules: Rules) -> float:
    return rules.contradictions.loss(value)


MEASURE = Measure(_value, _loss, {"contradictions": COUNT})
