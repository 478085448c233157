"""The study success rate: of the studies that ended, how many succeeded."""

from typing import Any

import pytest

from ratchet.kernel.clock import DAY
from ratchet.kernel.errors import InvalidInput
from ratchet.runs.read_view import read_view
from ratchet.runs.studies.study import Study
from ratchet.store.port import Ref, Store
from tests.support.governed import KEYS
from tests.support.run_days import NOON

COLUMNS = ["component", "type", "successRate", "total"]


def put_study(store: Store, number: int, state: str, back: int = 1, **more: Any) -> None:
    """Store a study that ended some days ago, or has not."""
    ended = {} if state in ("planned", "running") else {"endedAt": NOON - back * DAY}
    study = Study.parse(
        {
            "id": f"s{number}",
            "type": "parameter_tuning",
            "component": "planner",
            "policy": "p",
            "hypothesis": "better",
            "state": state,
            "startedBy": "person",
            "actor": "ada",
            "createdAt": NOON - 90 * DAY,
            "updatedAt": NOON,
        }
        | ended
        | more
    )
    store.set(Ref(Study.collection, study.id), study.to_map())


@pytest.fixture
def tried(embedded: Store) -> Store:
    """A store of studies in every state."""
    for number, state in enumerate(
        ["succeeded", "failed", "abandoned", "succeeded", "planned", "running"]
    ):
        put_study(embedded, number, state)
    put_study(embedded, 6, "failed", type="heuristic_training")
    put_study(embedded, 7, "succeeded", component="reviewer")
    put_study(embedded, 8, "succeeded", back=31)
    return embedded


def test_what_failed_or_was_abandoned_is_no_success_and_what_is_open_does_not_count(
    tried: Store,
) -> None:
    rows = [row.to_wire() for row in read_view(tried, KEYS, "study_success", now=NOON)]
    assert [list(row) for row in rows] == [COLUMNS] * 3
    assert [tuple(row.values()) for row in rows] == [
        ("planner", "heuristic_training", 0.0, 1),
        ("planner", "parameter_tuning", 0.5, 4),
        ("reviewer", "parameter_tuning", 1.0, 1),
    ]


def test_one_component_and_more_days_can_be_asked_for(tried: Store) -> None:
    found = read_view(tried, KEYS, "study_success", component="planner", days=60, now=NOON)
    rows = [row.to_wire() for row in found]
    assert [(row["successRate"], row["total"]) for row in rows] == [(0.0, 1), (0.6, 5)]


def test_a_broken_study_is_told_and_hides_no_other(tried: Store) -> None:
    tried.set(Ref(Study.collection, "s1"), {"component": "planner"})
    told: list[Exception] = []
    rows = read_view(tried, KEYS, "study_success", now=NOON, tell=told.append)
    assert [row.to_wire()["total"] for row in rows] == [1, 3, 1]
    assert len(told) == 1
    with pytest.raises(InvalidInput):
        read_view(tried, KEYS, "study_success", now=NOON)
