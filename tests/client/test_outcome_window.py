"""A unit's outcome window opens when the client assigned it, however late its outcome comes."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ratchet.client import (
    AsyncOfflineTransport,
    AsyncPolicyClient,
    Choice,
    OfflineTransport,
    PolicyClient,
    Recorder,
)
from ratchet.client.direct import DirectTransport
from ratchet.kernel.clock import HOUR, ManualClock, millis, system_clock
from ratchet.observe.observation import COLLECTION
from ratchet.stats.rollout_bucket import RolloutBucket
from ratchet.store.port import Query, Store
from tests.client.test_assigning import Exposed, running
from tests.support.governed import KEYS, NOON, POLICY
from tests.support.observing import Worker
from tests.support.trials import begin, ready

NOON_MS = 1_767_268_800_000  # 2026-01-01T12:00:00Z
MINUTE = timedelta(minutes=1)
Counted = dict[tuple[str, datetime], tuple[int, int]]


class Part:
    """A component, a scorer, and a store in which a rollout runs with a window of an hour."""

    def __init__(self, store: Store, **asked: Any) -> None:
        ready(store)
        begin(store, outcome_window_hours=1.0, **asked)
        self.store, self.clock = store, ManualClock(NOON)
        self.transport = DirectTransport(store, KEYS, self.clock)

    def serve(self, after: timedelta, *, unit: str = "user-1") -> Choice:
        """Choose, and record the outcomes so much later."""
        with Recorder(self.transport, clock=self.clock) as recorder:
            client = PolicyClient(self.transport, POLICY, recorder=recorder, wall_clock=self.clock)
            choice = client.choose(unit)
            assert recorder.flush()
            self.clock.advance(after)
            for one in (choice, *choice.shadows):
                recorder.record(one.as_observation(), component="router", outcome="success")
            assert recorder.flush()
            assert recorder.rejections == ()
        return choice

    def counted(self) -> Counted:
        """Score, and return exposures and outcomes by arm and hour, over all shards."""
        Worker(self.store, self.clock).scored_later()
        found: Counted = {}
        for each in self._all("ops_rollout_buckets"):
            bucket = RolloutBucket.from_store(each.data)
            met, outcomes = found.get((bucket.arm, bucket.hour), (0, 0))
            met, outcomes = met + bucket.sums.exposures.total(), outcomes + bucket.sums.n.total()
            found[bucket.arm, bucket.hour] = met, outcomes
        return found

    def recorded(self) -> list[dict[str, Any]]:
        return [i for s in self._all(COLLECTION) for i in s.data.get("items", ())]

    def rewarded(self) -> int:
        return sum(len(s.data.get("items", (None,))) for s in self._all("ops_rewards"))

    def _all(self, collection: str) -> Iterable[Any]:
        return self.store.query(Query(collection))


def test_a_choice_kept_beyond_its_window_is_rewarded_and_counts_in_no_bucket(store: Store) -> None:
    part = Part(store)
    part.serve(8 * HOUR)
    (item,) = part.recorded()
    assert (item["exposedAt"], item["ts"]) == (NOON, NOON + 8 * HOUR)
    assert part.counted() == {("control", NOON): (1, 0)}
    assert part.rewarded() == 1


def test_within_its_window_it_counts_in_the_hour_of_its_exposure(store: Store) -> None:
    part = Part(store)
    part.clock.advance(45 * MINUTE)
    part.serve(30 * MINUTE)
    assert part.recorded()[0]["ts"] == NOON + 75 * MINUTE
    assert part.counted() == {("control", NOON): (1, 1)}
    assert part.rewarded() == 1


@pytest.mark.parametrize(("late", "outcomes"), [(timedelta(), 1), (timedelta(milliseconds=1), 0)])
def test_the_window_closes_an_hour_after_the_exposure(
    late: timedelta, outcomes: int, embedded: Store
) -> None:
    part = Part(embedded)
    part.clock.advance(20 * MINUTE)
    part.serve(HOUR + late)
    assert part.counted() == {("control", NOON): (1, outcomes)}


def test_each_request_of_a_unit_has_a_window_of_its_own(embedded: Store) -> None:
    part = Part(embedded)
    for _ in range(2):
        part.serve(5 * MINUTE)
        part.clock.advance(2 * HOUR)
    assert part.counted() == {("control", NOON): (1, 1), ("control", NOON + 2 * HOUR): (1, 1)}


@pytest.mark.parametrize(("after", "outcomes"), [(30 * MINUTE, 1), (8 * HOUR, 0)])
def test_a_pair_of_shadow_and_served_counts_together_or_not_at_all(
    after: timedelta, outcomes: int, embedded: Store
) -> None:
    part = Part(embedded, steps=(1.0,), mode="shadow")
    choice = part.serve(after)
    assert len(choice.shadows) == 1
    assert {i["exposedAt"] for i in part.recorded()} == {NOON}
    counted = part.counted()
    arms = ("control", "pair:1.0.1", "shadow:1.0.1")
    assert [counted.get((arm, NOON), (0, 0))[1] for arm in arms] == [outcomes] * 3
    assert {hour for _, hour in counted} == {NOON}
    assert part.rewarded() == 2


def test_an_instant_that_the_component_gives_is_kept(embedded: Store) -> None:
    part = Part(embedded)
    with Recorder(part.transport, clock=part.clock) as recorder:
        choice = PolicyClient(part.transport, POLICY, wall_clock=part.clock).choose("user-1")
        met = NOON - 5 * MINUTE
        recorder.record(choice.as_observation(), component="c", outcome="success", exposed_at=met)
    assert [i["exposedAt"] for i in part.recorded()] == [met]


def test_it_is_stamped_from_the_cache_file_with_the_service_down(tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    offline = OfflineTransport({POLICY: running(share=0.9999)})
    PolicyClient(offline, POLICY, cache=cache).current()
    offline.down = True
    exposed = Exposed()
    client = PolicyClient(offline, POLICY, cache=cache, recorder=exposed, wall_clock=lambda: NOON)
    choice = client.choose("user-1")
    assert choice.policy_version == f"{POLICY}@1.0.1"
    assert choice.as_observation()["exposedAt"] == NOON_MS
    assert [met["ts"] for met in exposed.told] == [NOON_MS]


def test_asyncio_stamps_alike() -> None:
    async def story() -> None:
        clock, exposed = ManualClock(NOON), Exposed()
        carrier = AsyncOfflineTransport({POLICY: running()})
        client = AsyncPolicyClient(carrier, POLICY, recorder=exposed, wall_clock=clock)
        first = await client.choose("user-1")
        clock.advance(timedelta(seconds=1))
        second = await client.assign("user-1")
        assert second is not None
        assert first.assignment == second
        stamps = [first.as_observation()["exposedAt"], second.as_observation()["exposedAt"]]
        assert stamps == [met["ts"] for met in exposed.told] == [NOON_MS, NOON_MS + 1000]

    asyncio.run(story())


def test_the_systems_clock_stamps_where_none_is_given() -> None:
    before = millis(system_clock())
    choice = PolicyClient(OfflineTransport({POLICY: running()}), POLICY).choose("user-1")
    assert before <= choice.as_observation()["exposedAt"] <= millis(system_clock())
