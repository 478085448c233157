"""The loss trend: a row for each component and day with runs."""

import pytest

from ratchet.runs.read_view import read_view
from ratchet.store.port import Store
from tests.support.governed import KEYS
from tests.support.run_days import NOON, put_bucket, refresh, runs

COLUMNS = ["component", "date", "avgLoss", "runCount"]


def test_every_component_has_its_days_oldest_first(embedded: Store) -> None:
    put_bucket(embedded, runs(0.2, 0.4), back=1)
    put_bucket(embedded, runs(0.6), back=1, version="p@1.0.1")
    put_bucket(embedded, runs(0.5))
    put_bucket(embedded, runs(0.9), component="reviewer")
    for component in ("planner", "reviewer"):
        refresh(embedded, component=component)
    rows = [row.to_wire() for row in read_view(embedded, KEYS, "loss_trend", now=NOON)]
    assert [list(row) for row in rows] == [COLUMNS] * 3
    assert [tuple(row.values()) for row in rows] == [
        ("planner", "2026-02-28", pytest.approx(0.4), 3),
        ("planner", "2026-03-01", pytest.approx(0.5), 1),
        ("reviewer", "2026-03-01", pytest.approx(0.9), 1),
    ]
    one = read_view(embedded, KEYS, "loss_trend", component="reviewer", days=1, now=NOON)
    assert [row.to_wire() for row in one] == rows[2:]


def test_a_day_whose_runs_have_no_loss_is_shown_without_one(embedded: Store) -> None:
    put_bucket(embedded, runs().model_copy(update={"runs": 2}))
    refresh(embedded)
    (row,) = read_view(embedded, KEYS, "loss_trend", now=NOON)
    assert row.to_wire() == {"component": "planner", "date": "2026-03-01", "runCount": 2}
