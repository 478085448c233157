"""Statistics of labels: totals, growth by day, and names that do not grow for ever."""

from datetime import timedelta

import pytest

from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.labels.label_stats import NAMES, LabelStats, label_stats
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import DAY, label, stats_of, wrote
from tests.support.observing import NOON


def test_recent_labels_are_held_against_as_many_days_before(store: Store) -> None:
    ages = {"a": 0, "b": 2, "c": 3, "d": 5, "e": 6, "f": 40}
    wrote(store, *(label(s, ts=NOON - days * DAY) for s, days in ages.items()))
    wrote(store, label("g", "bad", agent="planner", source="shop"))
    found = label_stats(store, now=NOON, recent_days=3)
    assert (found.total, found.recent, found.before) == (7, 3, 2)
    assert found.by_source == {"desk": 6, "shop": 1}
    planner, router = found.agents
    assert (planner.agent, planner.recent, planner.before) == ("planner", 1, 0)
    assert (router.total, router.recent, router.before) == (6, 2, 2)
    assert router.by_class == {"good": 6}


def test_a_day_begins_at_midnight_utc_and_a_clock_may_be_ahead(embedded: SqliteStore) -> None:
    midnight = NOON - timedelta(hours=12)
    wrote(
        embedded,
        label("a", ts=midnight),
        label("b", ts=midnight - timedelta(seconds=1)),
        label("c", ts=midnight + DAY + timedelta(minutes=5)),
    )
    found = label_stats(embedded, now=NOON + timedelta(hours=11), recent_days=1)
    assert (found.recent, found.before) == (2, 1)


def test_the_longest_span_and_the_one_before_it_are_kept_and_older_days_are_not(
    embedded: SqliteStore,
) -> None:
    wrote(embedded, *(label(str(days), ts=NOON - days * DAY) for days in (0, 29, 30, 59, 60, 90)))
    found = label_stats(embedded, now=NOON, recent_days=30)
    assert (found.total, found.recent, found.before) == (6, 2, 2)
    wrote(embedded, label("new", ts=NOON + 40 * DAY, loaded_at=NOON + 40 * DAY))
    assert sorted(stats_of(embedded).by_day) == ["20260310", "20260419"]
    assert stats_of(embedded).total == 7


def test_after_a_clock_ran_ahead_by_years_days_are_counted_again(embedded: SqliteStore) -> None:
    wrote(embedded, label("a", loaded_at=NOON + 3650 * DAY))
    wrote(embedded, label("b"), label("c"))
    found = label_stats(embedded, now=NOON, recent_days=7)
    assert (found.total, found.recent) == (3, 2)


def test_of_very_many_classes_the_last_are_counted_together_and_taken_off_again() -> None:
    stats = LabelStats(agent="router", updated_at=NOON)
    for number in range(NAMES + 5):
        stats = stats.with_label(label("s", f"c{number}"), 1)
    assert stats.by_class["other"] == 5
    for number in range(NAMES + 5):
        stats = stats.with_label(label("s", f"c{number}"), -1)
    assert set(stats.by_class.values()) == {0}
    assert (stats.total, stats.by_day) == (0, {})


def test_statistics_that_cannot_be_read_keep_no_other_from_being_told(
    embedded: SqliteStore,
) -> None:
    wrote(embedded, label("a"))
    embedded.set(Ref("ops_label_stats", "broken"), {"v": 1, "total": "many"})
    told: list[RatchetError] = []
    assert label_stats(embedded, now=NOON, recent_days=7, tell=told.append).total == 1
    assert len(told) == 1
    with pytest.raises(InvalidInput):
        label_stats(embedded, now=NOON, recent_days=7)


def test_no_labels_are_no_growth(embedded: SqliteStore) -> None:
    found = label_stats(embedded, now=NOON, recent_days=7)
    assert (found.total, found.recent, found.agents) == (0, 0, ())
