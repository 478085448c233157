"""What scoring shares: chunks of observations, and the cap on series of an hour."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.observe.commit import SEEN_HOURS, chunks, limit_series
from ratchet.observe.observation import COLLECTION
from ratchet.observe.score import Cursor, cursor_ref
from ratchet.observe.tally import Columns, columns_of
from ratchet.store.limits import check_document
from ratchet.store.port import Ref, Snapshot
from tests.support.observing import NOON

HOUR = timedelta(hours=1)


def batch(n: int) -> Snapshot:
    return Snapshot(Ref(COLLECTION, f"b{n}"), {"items": [{}] * n}, None)


@pytest.mark.parametrize(
    ("sizes", "cut"),
    [
        ([], []),
        ([3], [[3]]),
        ([5, 5, 1], [[5, 5], [1]]),
        ([6, 6, 6], [[6], [6], [6]]),
        ([50, 1, 1], [[50], [1, 1]]),  # one document over the size is a chunk of its own
    ],
)
def test_documents_are_cut_by_their_observations_and_never_split(
    sizes: list[int], cut: list[list[int]]
) -> None:
    found = [[len(d.data["items"]) for d in part] for part in chunks(map(batch, sizes), 10)]
    assert found == cut


def columns(*names: str, hour: int = 0) -> Columns:
    rows: list[dict[str, Any]] = [
        {"ts": NOON + hour * HOUR, "component": name, "outcome": "success"} for name in names
    ]
    return columns_of(rows)


def test_the_first_series_of_an_hour_are_kept_and_the_others_are_over() -> None:
    seen, over = limit_series({}, columns("a", "b", "a", "c"), 2)
    assert [series.component for series in over] == ["c"]
    again, over = limit_series(seen, columns("b", "d", "c"), 2)
    assert {series.component for series in over} == {"c", "d"}
    assert again == seen


def test_another_hour_begins_anew() -> None:
    seen, _ = limit_series({}, columns("a", "b"), 2)
    _, over = limit_series(seen, columns("c", "d", hour=1), 2)
    assert not over


def test_only_the_newest_hours_are_remembered() -> None:
    seen: dict[str, list[str]] = {}
    for hour in range(SEEN_HOURS + 3):
        seen, _ = limit_series(seen, columns("a", hour=hour), 5)
    assert len(seen) == SEEN_HOURS
    assert min(seen) == "2026031015"


def test_the_longest_names_at_the_largest_cap_fit_a_cursor() -> None:
    seen: dict[str, list[str]] = {}
    names = [f"c{i}-".ljust(120, "x") for i in range(1000)]
    for hour in range(SEEN_HOURS):
        seen, over = limit_series(seen, columns(*names, hour=hour), 1000)
        assert not over
    assert check_document(*cursor_ref(0), Cursor(seen=seen).to_map()) < 200_000
