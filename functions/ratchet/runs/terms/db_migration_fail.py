"""dbMigrationFail: 1 where a run's migration of a database failed, 0 where none did; or a share."""

from ratchet.runs.term_rules import Rules
from ratchet.runs.terms.facts import Facts
from ratchet.runs.terms.measure import SHARE, Measure


def _value(facts: Facts) -> float | None:
    return facts.report.metrics.get("dbMigrationFail")


def _loss(value: float, rules: Rules) -> float:
    return value


MEASURE = Measure(_value, _loss, {"dbMigrationFail": SHARE})
