"""grounding: which share of the statements of a run is supported."""

from statistics import fmean

from ratchet.runs.term_rules import Rules
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import SHARE, Measure


def _value(facts: Facts) -> float | None:
    told = facts.report.metrics.get("grounding")
    if told is not None:
        return told
    found = [qav.grounding for qav in facts.report.qav if qav.grounding is not None]
    return fmean(found) if found else None


def _loss(value: float, rules: Rules) -> float:
    return 1 - value


MEASURE = Measure(_value, _loss, {"grounding": SHARE})
