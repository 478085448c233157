"""A run's totals equal a recount of its observations, whatever comes late, twice, or fails."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ratchet.kernel.errors import TooLarge, Unavailable
from ratchet.observe.reward import RewardConfig, Weights
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Store, Write
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import FaultyStore
from tests.support.life import Step, When, live
from tests.support.observing import (
    LATER,
    NOON,
    SECOND,
    Worker,
    configure,
    observation,
    put_raw,
    worker,
)
from tests.support.recount import check as check_buckets
from tests.support.run_recount import check, totals_of


def mixed(n: int, runs: int = 3, **fields: Any) -> list[dict[str, Any]]:
    """Return observations of some runs, arms and outcomes, as they are sent."""
    out = []
    for i in range(n):
        about: dict[str, Any] = {
            "runId": f"run-{i % runs}",
            "outcome": ("success", "failure", "timeout")[i % 3],
            "weight": 1 + i % 4,
            "tokensIn": i,
        }
        about |= {"arm": f"m{i % 2}"} if i % 5 else {}
        about |= {"costUsd": i / 8} if i % 2 else {"durationMs": 100.0 * i, "retries": 1}
        about |= {"errorCode": f"e{i % 4}"} if i % 3 else {}
        out.append(observation(**(about | fields)))
    return out


def test_totals_equal_a_recount_over_shards_chunks_and_batches(store: Store) -> None:
    at = worker(store, shards=3)
    for i in range(4):
        at.batch(f"b{i}", mixed(20))
    at.record({"id": "single"} | observation(runId="run-1", quality=0.5))
    at.record({"id": "shadow"} | observation(runId="run-1", shadow=True))
    at.record({"id": "plain"} | observation())
    at.later()
    at.score(chunk=25)
    check(store)
    found = totals_of(store)
    assert sorted(found) == ["run-0", "run-1", "run-2"]
    assert found["run-1"].sums.n == 4 * 7 + 1
    assert {totals.changed_at for totals in found.values()} == {NOON + LATER}
    assert {totals.shard for totals in found.values()} <= {0, 1, 2}


def test_a_late_grade_corrects_the_totals_once(embedded: Store) -> None:
    at = worker(embedded)
    at.record({"id": "o1"} | observation(runId="run-1", arm="m", quality=1.0))
    at.scored_later()
    assert totals_of(embedded)["run-1"].sums.reward.wx == 850_000
    at.feedback({"obsId": "o1", "source": "person", "grade": 0.5, "outcome": "failure"})
    for _ in range(2):
        at.later()
        at.fold()
    sums = totals_of(embedded)["run-1"].sums
    assert (sums.n, sums.outcomes) == (1, {"failure": 1})
    assert (sums.reward.wx, sums.by_arm["m"].wx) == (0, 0)  # 0.25 - 0.6, and not below 0
    assert sums.by_arm["m"].n == 1
    check(embedded)


def test_a_grade_that_changes_one_run_leaves_the_others_of_its_batch_untouched(
    embedded: Store,
) -> None:
    at = worker(embedded)
    at.batch("b1", mixed(6))
    at.scored_later()
    before = totals_of(embedded)
    at.feedback({"obsId": "b1.0", "source": "person", "grade": 0.5})
    at.later()
    at.fold()
    after = totals_of(embedded)
    assert [run for run in after if after[run] != before[run]] == ["run-0"]
    check(embedded)


def test_rescoring_moves_the_rewards_of_totals(embedded: Store) -> None:
    at = worker(embedded)
    at.batch("b1", mixed(9))
    at.scored_later()
    before = totals_of(embedded)["run-0"].sums
    configure(embedded, RewardConfig(weights=Weights(success=0.3)))
    at = Worker(embedded, at.clock)
    at.later()
    for _ in range(2):
        at.rescore(since=NOON)
    after = totals_of(embedded)["run-0"].sums
    assert after.reward.wx != before.reward.wx
    assert after.cost == before.cost
    check(embedded)


def test_a_grade_of_what_was_scored_before_there_were_totals_changes_none(
    embedded: Store,
) -> None:
    at = worker(embedded)
    for name in ("old", "new"):
        at.record({"id": name} | observation(runId="run-1"))
    at.scored_later()
    old = embedded.get(Ref("ops_rewards", "old"))
    assert old is not None
    assert old.data["totalled"] is True
    embedded.set(old.ref, {k: v for k, v in old.data.items() if k != "totalled"})
    before = totals_of(embedded)
    at.feedback({"obsId": "old", "source": "person", "grade": 0.0})
    at.later()
    assert at.fold().corrected == 1
    assert totals_of(embedded) == before
    again = embedded.get(old.ref)
    assert again is not None
    assert "totalled" not in again.data


def test_a_grade_brings_no_totals_back_that_are_gone(embedded: Store) -> None:
    at = worker(embedded)
    at.record({"id": "o1"} | observation(runId="run-1"))
    at.scored_later()
    (totals,) = totals_of(embedded).values()
    embedded.delete(Ref(totals.collection, totals.key()))
    at.feedback({"obsId": "o1", "source": "person", "grade": 0.0})
    at.later()
    assert at.fold().corrected == 1
    assert totals_of(embedded) == {}


PASSED = {"component": "router", "outcome": "success", "durationMs": 50.0, "runId": "run-1"}
GRADES = [
    {"obsId": "s1", "source": "person", "grade": 0.4},
    {"obsId": "b1.1", "source": "person", "outcome": "success"},
]
STEPS: list[tuple[float, Step]] = [
    (0, lambda w: w.record({"id": "s1"} | observation(runId="run-1", durationMs=900.0, arm="m"))),
    (1, lambda w: w.batch("b1", mixed(6))),
    (13, lambda w: w.score(chunk=3)),
    (14, lambda w: w.feedback(GRADES)),
    (24, lambda w: w.fold()),
    # A commit that shows behind the cursor.
    (25, lambda w: put_raw(w.store, "passed", NOON + SECOND, PASSED)),
    (40, lambda w: w.score(chunk=3)),
    (42, lambda w: w.sweep(reach=0 * SECOND)),
]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_or_a_lost_answer_at_any_write_changes_nothing(when: When) -> None:
    store = SqliteStore()
    calls = live(store, None, "before", steps=STEPS)
    check(store)
    store.close()
    writes = [n for n, name in enumerate(calls, 1) if name in ("commit", "create", "set")]
    assert len(writes) > 8
    for n in writes:
        for error in (None, Unavailable("the answer was lost")):
            store = SqliteStore()
            live(store, n, when, error, STEPS)
            check(store)
            check_buckets(store)
            store.close()


def test_workers_in_one_tick_count_each_observation_of_a_run_once(store: Store) -> None:
    at = worker(store, shards=2)
    at.score()
    for i in range(8):
        at.batch(f"b{i}", mixed(6))
    at.later()
    processes = [Worker(store, at.clock) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda process: process.score(chunk=13), processes))
    at.feedback([{"obsId": f"b{i}.{i % 6}", "source": "x", "grade": 0.5} for i in range(8)])
    at.later()
    ticks: list[Callable[[Worker], object]] = [Worker.fold, Worker.sweep, Worker.fold]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda tick: tick(Worker(store, at.clock)), ticks))
    check(store)


class Narrow(FaultyStore):
    """Takes no commit of more than some documents, as ten MiB would not hold more."""

    def commit(self, writes: Sequence[Write]) -> None:
        if len(writes) > 12:
            raise TooLarge(f"{len(writes)} documents")
        super().commit(writes)


@pytest.mark.parametrize("tick", [Worker.score, Worker.sweep, lambda w: w.rescore(since=NOON)])
def test_more_runs_than_one_commit_holds_are_written_in_several(
    embedded: Store, tick: Callable[[Worker], object]
) -> None:
    at = worker(embedded)
    if tick is Worker.sweep:
        at.record({"id": "last"} | observation())
        at.scored_later()
    for i in range(20):
        put_raw(embedded, f"o{i:02d}", NOON - SECOND, PASSED | {"runId": f"run-{i}"})
    at.later()
    if tick not in (Worker.score, Worker.sweep):
        at.score()
        configure(embedded, RewardConfig(weights=Weights(success=0.3)))
    tick(Worker(Narrow(embedded), at.clock))
    assert len(totals_of(embedded)) == 20
    check(embedded)
    check_buckets(embedded)


def test_observations_that_name_no_run_cost_no_read_and_no_write_more(embedded: Store) -> None:
    def billed(item: dict[str, Any]) -> int:
        counting = CountingStore(SqliteStore())
        at = worker(counting)
        at.score()
        at.record({"id": "o1"} | item)
        at.later()
        before = counting.bill
        at.score()
        counting.close()
        return (counting.bill - before).total

    assert billed(observation(runId="run-1")) == billed(observation()) + 2  # one read, one write
