"""How each term is measured, by hand-computed cases: one table a term."""

from typing import Any

import numpy as np
import pytest

from ratchet.observe.run_totals import RunObserved
from ratchet.runs.run import RunReport
from ratchet.runs.term_rules import Overrun, Rules, Saturation
from ratchet.runs.terms import MEASURES
from ratchet.runs.terms.facts import Facts
from ratchet.stats.moments import Moments
from ratchet.stats.quantiles import histogram_of
from tests.support.told import a_run


def facts(observed: RunObserved | None = None, **fields: Any) -> Facts:
    """Return what is known of a run that tells these fields and no others."""
    bare: dict[str, Any] = {"gates": {}, "metrics": {}}
    return Facts(RunReport.parse(a_run(**(bare | fields))), observed or RunObserved())


def qav(**found: Any) -> dict[str, Any]:
    return {"check": "c", "passed": True} | found


SEEN = RunObserved(
    n=3,
    cost=Moments(n=2, w=2, wx=1_500_000_000),  # 1.50 dollars in all
    latency_bins=histogram_of(np.full(20, 800.0), np.ones(20, np.int64)),
)
CASES: list[tuple[str, Facts, float | None, Any]] = [
    ("gatePassRate", facts(gates={"a": "passed", "b": "failed", "c": "skipped"}), 0.5, 0.5),
    ("gatePassRate", facts(gates={"a": "skipped"}), None, None),
    ("contradictions", facts(metrics={"contradictions": 2}), 2, 0.4),
    ("contradictions", facts(metrics={"contradictions": 9}), 9, 1),
    ("contradictions", facts(qav=[qav(contradictions=1), qav(contradictions=2), qav()]), 3, 0.6),
    ("contradictions", facts(qav=[qav(contradictions=1)], metrics={"contradictions": 0}), 0, 0),
    ("contradictions", facts(qav=[qav()]), None, None),
    ("grounding", facts(metrics={"grounding": 0.75}), 0.75, 0.25),
    ("grounding", facts(qav=[qav(grounding=0.5), qav(grounding=1.0), qav()]), 0.75, 0.25),
    ("costOverBudget", facts(costUsd=3.0, budget={"maxCostUsd": 2.0}), 1.5, 0.5),
    ("costOverBudget", facts(costUsd=2.0, budget={"maxCostUsd": 2.0}), 1, 0),
    ("costOverBudget", facts(costUsd=9.0, budget={"maxCostUsd": 2.0}), 4.5, 1),
    ("costOverBudget", facts(SEEN, budget={"maxCostUsd": 1.0}), 1.5, 0.5),
    ("costOverBudget", facts(SEEN, costUsd=0.5, budget={"maxCostUsd": 1.0}), 0.5, 0),
    ("costOverBudget", facts(costUsd=0.001, budget={"maxCostUsd": 0.0}), 1e6, 1),
    ("costOverBudget", facts(costUsd=0.0, budget={"maxCostUsd": 0.0}), 0, 0),
    ("costOverBudget", facts(costUsd=1.0), None, None),
    ("latencyP95", facts(durationMs=1500.0, budget={"maxDurationMs": 1000.0}), 1.5, 0.5),
    (
        "latencyP95",
        facts(metrics={"latencyP95Ms": 1250}, durationMs=9e3, budget={"maxDurationMs": 1000.0}),
        1.25,
        0.25,
    ),
    ("latencyP95", facts(budget={"maxDurationMs": 1000.0}), None, None),
    ("securityCriticals", facts(metrics={"securityCriticals": 1}), 1, 1),
    ("apiBreakages", facts(metrics={"apiBreakages": 1}), 1, 1 / 3),
    ("dbMigrationFail", facts(metrics={"dbMigrationFail": 1}), 1, 1),
    ("dbMigrationFail", facts(metrics={"dbMigrationFail": 0.25}), 0.25, 0.25),
    ("ragCoverage", facts(metrics={"ragCoverage": 0.9}), 0.9, pytest.approx(0.1)),
]


@pytest.mark.parametrize(("name", "known", "value", "loss"), CASES)
def test_a_term_is_measured_as_by_hand(
    name: str, known: Facts, value: float | None, loss: float | None
) -> None:
    found = MEASURES[name].value(known)
    assert found == value
    assert (None if found is None else MEASURES[name].loss(found, Rules())) == loss


def test_the_p95_of_observations_stands_in_for_a_time_that_was_not_told() -> None:
    found = MEASURES["latencyP95"].value(facts(SEEN, budget={"maxDurationMs": 400.0}))
    assert found == pytest.approx(2, rel=0.01)


def test_the_rules_say_where_a_term_is_worst() -> None:
    rules = Rules(contradictions=Saturation(saturates_at=2), latency_p95=Overrun(over_at=0.25))
    assert MEASURES["contradictions"].loss(1, rules) == 0.5
    assert MEASURES["latencyP95"].loss(1.125, rules) == 0.5
