"""Writing labels: one for each pair of source and id, the latest word, counted exactly once."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.label import Label
from ratchet.labels.write import write_labels
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import MINUTE, assert_counted, label, labels_in, stats_of, wrote
from tests.support.observing import NOON

GONE: dict[str, Any] = {"withdrawn_at": NOON, "withdrawn_by": "eve", "withdrawn_reason": "wrong"}


def test_labels_are_written_with_what_counts_them(store: Store) -> None:
    assert wrote(store, label("a"), label("b", "bad"), label("c", agent="planner")) == 3
    assert labels_in(store)["desk~a"] == label("a")
    stats = stats_of(store)
    assert (stats.total, stats.by_source, stats.by_class) == (2, {"desk": 2}, {"good": 1, "bad": 1})
    assert stats.by_day == {"20260310": 2}
    assert stats_of(store, "planner").total == 1


def test_the_same_again_changes_nothing_whenever_it_is_loaded(embedded: SqliteStore) -> None:
    wrote(embedded, label("a"))
    before = [embedded.query(Query(name)) for name in ("ops_labels", "ops_label_stats")]
    assert wrote(embedded, label("a", loaded_at=NOON + MINUTE)) == 0
    assert [embedded.query(Query(name)) for name in ("ops_labels", "ops_label_stats")] == before


def test_the_latest_word_of_a_pair_stands_in_whatever_order_they_come(
    embedded: SqliteStore,
) -> None:
    late = label("a", "bad", ts=NOON + MINUTE)
    assert wrote(embedded, late, label("a")) == 1
    assert wrote(embedded, label("a")) == 0
    assert labels_in(embedded) == {"desk~a": late}
    latest = label("a", "spam", ts=NOON + 2 * MINUTE, agent="planner")
    assert wrote(embedded, latest) == 1
    assert (stats_of(embedded).total, stats_of(embedded, "planner").total) == (0, 1)
    assert_counted(embedded)


def test_of_two_words_of_one_instant_the_one_that_comes_last_stands(
    embedded: SqliteStore,
) -> None:
    wrote(embedded, label("a"))
    assert wrote(embedded, label("a", "bad")) == 1
    assert labels_in(embedded)["desk~a"].label == "bad"


def test_a_later_word_that_says_the_same_is_kept_so_that_nothing_older_overtakes_it(
    embedded: SqliteStore,
) -> None:
    wrote(embedded, label("a"), label("a", ts=NOON + 2 * MINUTE))
    assert wrote(embedded, label("a", "bad", ts=NOON + MINUTE)) == 0
    assert labels_in(embedded)["desk~a"].label == "good"


def test_a_pair_that_was_withdrawn_stays_so_whatever_comes(embedded: SqliteStore) -> None:
    wrote(embedded, label("a", **GONE))
    assert wrote(embedded, label("a", "bad", ts=NOON + MINUTE)) == 0
    assert not labels_in(embedded)["desk~a"].stands
    assert (stats_of(embedded).total, stats_of(embedded).withdrawn) == (0, 1)


def test_a_caller_writes_its_own_documents_in_the_same_transaction(store: Store) -> None:
    def both(tx: Any) -> None:
        own = tx.fetch([Ref("ops_alerts", "own")])
        assert own == [None]
        write_labels(tx, [label("a")])
        tx.set(Ref("ops_alerts", "own"), {"v": 1})

    store.transact(both)
    assert stats_of(store).total == 1
    assert store.get(Ref("ops_alerts", "own")) is not None


def test_statistics_that_do_not_parse_stop_the_labels_that_they_would_count(
    embedded: SqliteStore,
) -> None:
    embedded.set(Ref("ops_label_stats", "router"), {"v": 1, "total": "many"})
    with pytest.raises(InvalidInput):
        wrote(embedded, label("a"))
    assert labels_in(embedded) == {}


@st.composite
def words(draw: st.DrawFn) -> Label:
    """Draw a word of one of three pairs: the later, the more often it says another class."""
    minute = draw(st.integers(0, 5))
    return label(
        draw(st.sampled_from("abc")),
        ["good", "bad", "spam"][minute % 3],
        agent=["router", "planner"][minute % 2],
        ts=NOON + minute * MINUTE,
    )


@given(st.lists(st.lists(words(), max_size=4), max_size=5), st.randoms())
def test_in_whatever_order_and_however_often_words_come_labels_and_counts_are_the_same(
    batches: list[list[Label]], random: Any
) -> None:
    stores = SqliteStore(), SqliteStore()
    for batch in batches:
        wrote(stores[0], *batch)
    again = [word for batch in batches for word in batch] * 2
    random.shuffle(again)
    for word in again:
        wrote(stores[1], word)
    latest = {one.key(): one for one in sorted(again, key=lambda one: one.ts)}
    for store in stores:
        assert labels_in(store) == latest
        assert_counted(store)
        store.close()


def test_statistics_that_were_broken_by_hand_are_named(embedded: SqliteStore) -> None:
    embedded.set(Ref("ops_label_stats", "router"), {"v": 1, "total": "many"})
    with pytest.raises(InvalidInput, match="ops_label_stats/router"):
        wrote(embedded, label("a"))


def test_two_writers_of_one_agent_count_both(store: Store) -> None:
    def interrupted(tx: Any) -> int:
        done = write_labels(tx, [label("a")])
        if not labels_in(store):
            store.transact(partial(write_labels, labels=[label("b")]))
        return done

    assert store.transact(interrupted) == 1
    assert sorted(labels_in(store)) == ["desk~a", "desk~b"]
    assert_counted(store)
