"""Loading labels: every feed from its cursor, once, however late, often or broken things come."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.govern.roles import person
from ratchet.kernel.clock import HOUR, millis
from ratchet.kernel.errors import InvalidInput, Refused, Unavailable
from ratchet.labels import load
from ratchet.labels.feeds import FEEDS
from ratchet.labels.gold import take_gold
from ratchet.labels.settings import LabelSettings
from ratchet.store.port import Query, Ref, Snapshot, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import FaultyStore
from tests.support.governed import switch_flags
from tests.support.labelled import (
    DAY,
    MINUTE,
    NIGHT,
    approval,
    assert_counted,
    feeding,
    labels_in,
    loaded,
    put_approvals,
    said_in,
    stats_of,
)
from tests.support.observing import NOON, Worker, alerts, configure, observation, put_raw, worker

GOLD = [{"agent": "a", "subject": "o1", "label": "bad"}]
BATCH: list[dict[str, Any]] = [
    {"component": "b", "outcome": "success", "quality": 0.5},
    {"component": "b", "outcome": "success"},
    {"component": "a", "outcome": "success", "quality": 0.1},
]
# What `feeding` and the gold set come to.
EXPECTED = {
    "approvals~p-a1": ("p", "p@1.0.1", "good", 1.0, 100.0),
    "approvals~p-a2": ("p", "p@1.0.2", "bad", 0.0, 100.0),
    "feedback~b1.1%7Eperson": ("b", "b1.1", "good", 1.0, 100.0),
    "feedback~b1.1%7Etests": ("b", "b1.1", "bad", 0.0, 50.0),
    "feedback~o2%7Eperson": ("a", "o2", "bad", 0.2, 60.0),
    "gold~first%2Fa%20o1": ("a", "o1", "bad", 0.0, 100.0),
    "outcomes~b1.0": ("b", "b1.0", "good", 0.5, 0.0),
    "outcomes~b1.2": ("a", "b1.2", "bad", 0.1, 80.0),
    "outcomes~o1": ("a", "o1", "good", 0.9, 80.0),
}


@pytest.fixture
def at(store: Store) -> Worker:
    """A worker whose store has something for every feed."""
    found = feeding(store)
    take_gold(store, "first", GOLD, actor=person("ada"), now=NOON)
    return found


@pytest.fixture
def small(embedded: SqliteStore) -> Worker:
    """The same on the embedded store alone."""
    found = feeding(embedded)
    take_gold(embedded, "first", GOLD, actor=person("ada"), now=NOON)
    return found


def test_every_feed_is_loaded_and_counted(at: Worker) -> None:
    report = loaded(at)
    assert said_in(at.store) == EXPECTED
    assert report.labels == 9
    assert {name: (f.read, f.labels) for name, f in report.feeds.items()} == {
        "approvals": (3, 2),
        "feedback": (3, 3),
        "gold": (1, 1),
        "outcomes": (3, 3),
    }
    assert stats_of(at.store, "a").by_source == {"feedback": 1, "gold": 1, "outcomes": 2}
    assert_counted(at.store)
    assert alerts(at.store) == []


def test_loading_again_changes_nothing(at: Worker) -> None:
    loaded(at)
    before = [at.store.query(Query(name)) for name in ("ops_labels", "ops_label_stats")]
    again = loaded(at, NIGHT + DAY)
    assert again.labels == 0
    assert sum(feed.read for feed in again.feeds.values()) == 10  # the overlap is read again
    loaded(at, NIGHT + DAY, since=NOON - DAY)
    assert [at.store.query(Query(name)) for name in ("ops_labels", "ops_label_stats")] == before


ARRIVALS: list[Callable[[Worker], object]] = [
    lambda at: put_approvals(at.store, [approval(1, decided_at=at.clock())]),
    lambda at: put_approvals(at.store, [approval(2, "rejected", decided_at=at.clock())]),
    lambda at: at.record({"id": "o1"} | observation(component="a", quality=0.9)),
    lambda at: at.record({"id": "o2"} | observation(component="a")),
    lambda at: at.batch("b1", [item | {"ts": millis(NOON)} for item in BATCH]),
    lambda at: at.feedback({"obsId": "o2", "source": "person", "grade": 0.2}),
    lambda at: at.feedback({"obsId": "b1.1", "source": "person", "grade": 1.0}),
    lambda at: at.feedback({"obsId": "b1.1", "source": "tests", "outcome": "failure"}),
    lambda at: take_gold(at.store, "first", GOLD, actor=person("ada"), now=at.clock()),
]


@settings(max_examples=25)
@given(
    st.permutations(ARRIVALS),
    st.lists(st.lists(st.sampled_from(list(FEEDS)), max_size=2), min_size=9, max_size=9),
    st.integers(1, 90),
)
def test_however_arrivals_and_loads_of_feeds_mingle_the_labels_are_the_same(
    arrivals: list[Callable[[Worker], object]], loads: list[list[str]], minutes: int
) -> None:
    store = SqliteStore()
    at = worker(store, shards=2)
    for arrive, feeds in zip(arrivals, loads, strict=True):
        arrive(at)
        at.later(minutes * MINUTE)
        for feed in feeds:
            loaded(at, at.clock(), feed=feed)
    loaded(at, at.clock())
    assert said_in(store) == EXPECTED
    assert_counted(store)
    store.close()


def test_only_what_is_new_since_the_cursor_is_read_and_a_little_before(small: Worker) -> None:
    loaded(small)
    small.later(3 * DAY)
    small.record({"id": "o3"} | observation(small.clock(), component="a", quality=1.0))
    report = loaded(small, NIGHT + 3 * DAY, feed="outcomes")
    assert report.labels == 1
    small.later(DAY)
    assert loaded(small, NIGHT + 4 * DAY, feed="outcomes").feeds["outcomes"].read < 5


def test_what_shows_late_behind_the_cursor_is_loaded_the_next_time(small: Worker) -> None:
    graded = {"component": "a", "outcome": "success", "quality": 0.0}
    put_raw(small.store, "first", NOON + 3 * HOUR, graded)
    loaded(small)
    put_raw(small.store, "late", NOON + 3 * HOUR - 30 * MINUTE, graded)
    assert loaded(small, NIGHT + DAY).labels == 1
    assert "outcomes~late" in labels_in(small.store)


def test_reading_again_from_some_time_on_leaves_out_nothing_before_it(small: Worker) -> None:
    loaded(small)
    put_approvals(small.store, [approval(7, decided_at=NOON + DAY)])
    assert loaded(small, NIGHT + 3 * DAY, since=NIGHT + 3 * DAY - MINUTE).labels == 1


def test_what_came_a_moment_ago_is_loaded_and_what_is_yet_to_come_is_not(small: Worker) -> None:
    assert loaded(small, NOON - MINUTE).labels == 0
    assert loaded(small, NOON).labels == 9


def test_more_than_a_page_is_loaded_at_once(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "PAGE", 3)
    put_approvals(embedded, [approval(i, decided_at=NOON + i * MINUTE) for i in range(8)])
    at = Worker(embedded, feeding(SqliteStore()).clock)
    assert loaded(at, feed="approvals").feeds["approvals"].read == 8
    assert len(labels_in(embedded)) == 8


def test_several_documents_of_one_instant_at_a_pages_end_are_all_read(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "PAGE", 3)
    put_approvals(embedded, [approval(i) for i in range(8)])
    at = Worker(embedded, feeding(SqliteStore()).clock)
    assert loaded(at, feed="approvals").labels == 8


def test_a_clock_that_was_set_back_loses_nothing(small: Worker) -> None:
    loaded(small, NIGHT + 2 * DAY)
    small.clock.advance(-DAY)
    small.record({"id": "o3"} | observation(NOON - DAY, component="a", quality=1.0))
    assert loaded(small, NOON - DAY + MINUTE).labels == 1


def test_feeds_that_are_off_are_not_read_and_not_asked_for(small: Worker) -> None:
    configure(small.store, LabelSettings(outcomes=False, gold=False))
    assert list(loaded(small).feeds) == ["approvals", "feedback"]
    with pytest.raises(Refused) as raised:
        loaded(small, feed="gold")
    assert raised.value.mend == "set gold to true in config/labels"
    with pytest.raises(InvalidInput) as unknown:
        loaded(small, feed="hearsay")
    assert unknown.value.mend == "one of approvals, feedback, gold, outcomes"


def test_labels_are_loaded_with_learning_off(small: Worker) -> None:
    switch_flags(small.store, enabled=False)
    assert loaded(small).labels == 9


def test_documents_that_cannot_be_read_stop_no_other_and_are_named(small: Worker) -> None:
    broken: dict[str, dict[str, Any]] = {
        "ops_approvals": {"v": 1, "state": "approved", "decidedAt": NOON},
        "ops_feedback": {"v": 1, "shard": 0, "ingestedAt": NOON, "obsId": "", "source": "x"},
        "ops_gold": {"v": 1, "takenAt": NOON, "label": 7},
        "ops_observations": {"v": 1, "shard": 0, "ingestedAt": NOON, "quality": "high"},
    }
    for name, data in broken.items():
        small.store.set(Ref(name, "broken"), data)
    report = loaded(small)
    assert said_in(small.store) == EXPECTED
    assert [feed.refused for feed in report.feeds.values()] == [1, 1, 1, 1]
    told = {s.data["subject"]: s.data for s in small.store.query(Query("ops_alerts"))}
    assert list(told) == list(FEEDS)
    assert "ops_gold/broken" in told["gold"]["text"]
    assert told["gold"]["command"] == "ratchet labels load --feed gold --since 7d"


def test_a_label_that_cannot_be_counted_is_left_out_and_its_neighbours_are_not(
    small: Worker,
) -> None:
    small.store.set(Ref("ops_label_stats", "b"), {"v": 1, "total": "many"})
    report = loaded(small)
    assert [key for key in EXPECTED if key not in labels_in(small.store)] == [
        "feedback~b1.1%7Eperson",
        "feedback~b1.1%7Etests",
        "outcomes~b1.0",
    ]
    assert (report.feeds["feedback"].refused, report.feeds["outcomes"].refused) == (2, 1)


class Deaf(FaultyStore):
    """A store that does not answer questions about one collection."""

    def query(self, query: Query) -> list[Snapshot]:
        if query.collection == "ops_feedback":
            raise Unavailable("no answer")
        return super().query(query)


def test_a_feed_that_fails_stops_no_other_and_has_an_alert(small: Worker) -> None:
    report = loaded(Worker(Deaf(small.store), small.clock))
    assert report.feeds["feedback"].error == "no answer"
    assert report.labels == 6
    (told,) = small.store.query(Query("ops_alerts"))
    assert (told.data["what"], told.data["command"]) == (
        "labels-feed-failed",
        "ratchet labels load --feed feedback",
    )
    assert loaded(small).labels == 3


def test_a_batch_that_was_broken_by_hand_stops_no_feed(small: Worker) -> None:
    found = small.store.get(Ref("ops_observations", "b1"))
    assert found is not None
    small.store.set(found.ref, found.data | {"items": "gone"})
    report = loaded(small)
    assert [feed.error for feed in report.feeds.values()] == [""] * 4
    assert report.feeds["outcomes"].refused == 1
    assert {key for key in labels_in(small.store) if "b1" not in key} == {
        key for key in EXPECTED if "b1" not in key
    }


def test_a_yes_that_was_written_by_hand_leaves_no_label(embedded: SqliteStore) -> None:
    put_approvals(embedded, [approval(1)])
    forged = approval(2, "rejected").to_map() | {"seal": "x"}
    embedded.set(Ref("ops_approvals", "p-a2"), forged)
    report = loaded(worker(embedded), feed="approvals")
    assert report.feeds["approvals"].refused == 1
    assert list(labels_in(embedded)) == ["approvals~p-a1"]


def test_a_cursor_that_was_broken_by_hand_reads_all_again(small: Worker) -> None:
    loaded(small)
    embedded = small.store
    for found in embedded.query(Query("ops_checkpoints")):
        if found.ref.id.startswith("labels~"):
            embedded.set(found.ref, {"v": 1, "at": "noon"})
    report = loaded(small)
    assert (report.labels, sum(feed.read for feed in report.feeds.values())) == (0, 10)
