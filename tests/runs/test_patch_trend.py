"""The trend against its buckets: recounted, patched twice, late, by two at once, after a death."""

import random
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from ratchet.kernel.clock import DAY
from ratchet.runs.trend import TREND_DAYS, RunTrend
from ratchet.stats.run_sums import RunBucket
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.run_days import COMPONENT, NOON, TODAY, put_bucket, refresh, runs

Figures = dict[datetime, tuple[int, dict[str, int]]]


def recounted(store: Store, now: datetime = NOON) -> Figures:
    """Return the runs and millionths of loss of each day's versions, from buckets one by one."""
    out: Figures = {}
    for found in store.query(Query(RunBucket.collection)):
        data = found.data
        day, loss = data["day"], data["sums"]["loss"]
        if data["component"] == COMPONENT and day > now - TREND_DAYS * DAY and loss["n"]:
            n, by_version = out.get(day, (0, {}))
            out[day] = n + data["sums"]["runs"], by_version | {data["version"]: loss["wx"]}
    return out


def held(trend: RunTrend) -> Figures:
    """Return the same of a trend."""
    return {
        day.day: (day.sums.runs, {name: found.loss.wx for name, found in day.versions.items()})
        for day in trend.days
    }


def stored(store: Store) -> RunTrend:
    found = store.get(Ref(RunTrend.collection, COMPONENT))
    assert found is not None
    return RunTrend.from_store(found.data)


def test_the_trend_equals_a_recount_whatever_changed_in_whatever_order(store: Store) -> None:
    drawn = random.Random(3)
    for _ in range(12):
        losses = [drawn.random() for _ in range(drawn.randrange(4))]
        changed = [
            put_bucket(store, runs(*losses), back=back, version=f"p@1.0.{drawn.randrange(2)}")
            for back in drawn.sample([0, 1, 2, 61, 62, 90], 2)
        ]
        trend = refresh(store, *changed)
        assert refresh(store, *changed) == trend == stored(store)
    assert held(trend) == recounted(store)
    assert len(held(trend)) > 2


def test_another_components_runs_are_not_in_it(embedded: Store) -> None:
    put_bucket(embedded, runs(0.5), component="reviewer")
    mine = put_bucket(embedded, runs(0.2))
    assert held(refresh(embedded, mine)) == {TODAY: (1, {"p@1.0.0": 200_000})}


def test_a_trend_that_was_lost_is_made_anew_from_every_bucket(embedded: Store) -> None:
    changed = [put_bucket(embedded, runs(0.2), back=back) for back in (0, 30, 61, 62)]
    before = refresh(embedded, *changed)
    assert [day.day for day in before.days] == [TODAY - back * DAY for back in (61, 30, 0)]
    embedded.delete(Ref(RunTrend.collection, COMPONENT))
    assert refresh(embedded, changed[0]) == before


def test_a_run_from_a_clock_ahead_of_midnight_is_in_it_at_once(embedded: Store) -> None:
    ahead = put_bucket(embedded, runs(0.4), back=-1)
    assert [day.day for day in refresh(embedded, ahead).days] == [TODAY + DAY]
    again = put_bucket(embedded, runs(0.4, 0.4), back=-1)
    assert refresh(embedded, again).days[-1].sums.runs == 2


class Crossed(FaultyStore):
    """A store in which another acts before, or after, one chosen call."""

    def __init__(self, inner: Store, at: int, when: Any, other: Callable[[], object]) -> None:
        super().__init__(inner)
        self._at, self._other, self._before = at, other, when == "before"

    def _call(self, name: str, act: Callable[[], Any]) -> Any:
        self.calls += 1
        crossed = self.calls == self._at
        if crossed and self._before:
            self._other()
        answer = act()
        if crossed and not self._before:
            self._other()
        return answer


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("known", [True, False])
def test_of_two_refreshers_none_leaves_an_older_day(when: str, known: bool) -> None:
    for at in count(1):
        inner = SqliteStore()
        first = put_bucket(inner, runs(0.2))
        if known:
            refresh(inner, first)

        def other(inner: Store = inner) -> None:
            newer = put_bucket(inner, runs(0.2, 0.6), now=NOON)
            refresh(inner, newer)

        crossed = Crossed(inner, at, when, other)
        refresh(crossed, first)
        found, wanted = held(stored(inner)), recounted(inner)
        inner.close()
        assert found == wanted, f"{when} call {at}"
        if crossed.calls < at:
            assert at > 3
            return


@pytest.mark.parametrize("when", ["before", "after"])
def test_after_a_death_at_any_call_the_next_refresh_mends_it(when: Any) -> None:
    for at in count(1):
        inner = SqliteStore()
        refresh(inner, put_bucket(inner, runs(0.2)))
        changed = [put_bucket(inner, runs(0.4), back=back) for back in (0, 1)]
        faulty = FaultyStore(inner, die_at=at, when=when)
        try:
            refresh(faulty, *changed)
        except Died:
            assert held(refresh(inner, *changed)) == recounted(inner)
        else:
            assert at > 3
            return
        finally:
            inner.close()
