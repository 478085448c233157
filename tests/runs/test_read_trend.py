"""Reading days: from the trend or from buckets, the same; and what it costs."""

import pytest

from ratchet.kernel.clock import DAY
from ratchet.kernel.errors import InvalidInput
from ratchet.runs.read_trend import list_trends, read_trend, read_version
from ratchet.runs.trend import RunTrend
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Store
from tests.support.run_days import COMPONENT, NOON, TODAY, put_bucket, refresh, runs


def test_two_months_are_one_read_and_longer_spans_read_buckets(store: Store) -> None:
    for version in ("p@1.0.0", "p@1.0.1"):
        for back in (0, 40, 61, 62, 399, 400):
            put_bucket(store, runs(0.5), back=back, version=version)
    refresh(store)
    counting = CountingStore(store)
    short = read_trend(counting, COMPONENT, days=62, now=NOON)
    assert counting.bill.reads == 1
    assert [day.day for day in short.days] == [TODAY - back * DAY for back in (61, 40, 0)]
    long = read_trend(counting, COMPONENT, days=400, now=NOON)
    assert counting.bill.reads == 1 + 10
    assert long.days[-3:] == short.days
    assert [day.day for day in long.days[:2]] == [TODAY - back * DAY for back in (399, 62)]
    assert read_trend(store, COMPONENT, days=1, now=NOON).days == short.days[-1:]


def test_a_component_without_runs_has_no_days(embedded: Store) -> None:
    assert read_trend(embedded, "nobody", days=30, now=NOON).days == ()
    assert read_trend(embedded, "nobody", days=90, now=NOON).days == ()


@pytest.mark.parametrize("days", [30, 90])
def test_every_component_is_listed_past_a_broken_one(embedded: Store, days: int) -> None:
    for name in ("reviewer", "a", "planner"):
        put_bucket(embedded, runs(0.5), component=name)
        refresh(embedded, component=name)
    embedded.set(Ref(RunTrend.collection, "a"), {"component": "a", "days": "many"})
    told: list[Exception] = []
    found = list(list_trends(embedded, None, days=days, now=NOON, tell=told.append))
    assert [(trend.component, len(trend.days)) for trend in found] == [
        ("planner", 1),
        ("reviewer", 1),
    ]
    assert len(told) == 1
    with pytest.raises(InvalidInput, match="days"):
        list(list_trends(embedded, None, days=days, now=NOON))


def test_a_version_is_read_from_its_own_buckets_with_all_its_terms(embedded: Store) -> None:
    mine = runs(0.5, terms={"grounding": [0.5]})
    put_bucket(embedded, mine, back=150)
    put_bucket(embedded, runs(0.1))
    put_bucket(embedded, runs(0.9), version="p@1.0.1")
    found = read_version(embedded, COMPONENT, "p@1.0.0", days=151, now=NOON)
    assert found == {TODAY - 150 * DAY: mine, TODAY: runs(0.1)}
    assert list(read_version(embedded, COMPONENT, "p@1.0.0", days=150, now=NOON)) == [TODAY]


@pytest.mark.parametrize("days", [0, 401])
def test_days_that_are_not_kept_are_refused(embedded: Store, days: int) -> None:
    with pytest.raises(InvalidInput, match="not kept") as caught:
        read_trend(embedded, COMPONENT, days=days, now=NOON)
    assert (caught.value.field, caught.value.mend) == ("days", "give 1 to 400 days")
