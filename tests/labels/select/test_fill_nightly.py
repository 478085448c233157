"""The night's selection: it is about agents that use labels, and reads what is new of them."""

import pytest

from ratchet.labels.select.fill import fill_review_queue
from ratchet.store.counting import CountingStore
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import Worker
from tests.support.selecting import SOON, asking, labelled, next_day, numbered, queue


def night(at: Worker) -> tuple[int, int]:
    """Run the night's selection; returns how many were asked about, and the reads it took."""
    at.later(SOON)
    store = CountingStore(at.store)
    report = fill_review_queue(store, at.reader, now=at.clock(), known=True)
    return report.added, store.bill.reads


def test_where_nobody_labels_nothing_is_asked_and_no_observation_is_read(
    embedded: SqliteStore,
) -> None:
    at = asking(embedded, nightly=3)
    numbered(at, "none", 1)
    added, empty = night(at)
    for i in range(40):
        numbered(at, f"b{i}", 2)
    assert night(at) == (0, empty)
    assert (added, queue(embedded)) == (0, {})


def test_an_agent_with_labels_is_asked_about_and_no_other(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=3)
    numbered(at, "b1", 8)
    numbered(at, "other", 8, component="planner")
    labelled(at, "elsewhere")
    assert night(at)[0] == 3
    assert {item.agent for item in queue(embedded).values()} == {"router"}
    assert {item.propensity for item in queue(embedded).values()} == {3 / 8}


def test_the_next_night_reads_what_came_in_since(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=3)
    labelled(at, "elsewhere")
    for i in range(60):
        numbered(at, f"a{i}", 1)
    first = night(at)
    next_day(at)
    for i in range(6):
        numbered(at, f"b{i}", 1)
    added, reads = night(at)
    assert (first[0], added) == (3, 3)
    assert reads < first[1] - 40
    later = [item.propensity for s, item in queue(embedded).items() if s.startswith("b")]
    assert later == [pytest.approx(3 / 6)] * 3


def test_a_quiet_night_fills_up_with_what_was_in_an_earlier_draw(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=3)
    labelled(at, "elsewhere")
    numbered(at, "b1", 8)
    night(at)
    next_day(at)
    numbered(at, "b2", 1)
    assert night(at)[0] == 3
    told = [item.propensity for item in queue(embedded).values()]
    assert sorted(told, key=str) == [3 / 8, 3 / 8, 3 / 8, 1.0, None, None]


def test_who_is_labelled_late_begins_with_all_of_the_window(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=3)
    labelled(at, "elsewhere")
    numbered(at, "late", 6, component="planner")
    night(at)
    next_day(at)
    labelled(at, "another", agent="planner")
    assert night(at)[0] == 3
    found = [item.propensity for item in queue(embedded).values()]
    assert found == [pytest.approx(3 / 6)] * 3
