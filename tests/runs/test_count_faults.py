"""Whatever dies, repeats, overlaps or comes out of order: buckets of runs equal a recount."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from ratchet.kernel.clock import DAY, HOUR
from ratchet.kernel.errors import Unavailable
from ratchet.store.port import Store, Write
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.life import When
from tests.support.observing import NOON, Worker, observation, worker
from tests.support.told import a_run, check_runs, count, held, run_of, tell

pytestmark = pytest.mark.slow

MINUTE = HOUR / 60
LOST = Unavailable("the answer was lost")
BUDGET = {"maxCostUsd": 0.02}
SEEN: dict[str, Any] = {"durationMs": 100.0, "costUsd": 0.015}


def ticked(at: Worker) -> None:
    """Score, fold and count, as each tick does."""
    at.score()
    at.fold()
    count(at)


# What is sent is sent again until it is answered; ticks come again by themselves.
SENT: Sequence[Callable[[Worker], Any]] = (
    lambda at: tell(at, a_run("r1", budget=BUDGET, models=["a"])),
    lambda at: tell(at, a_run("r2", policyVersion="p@1.0.0", revision=2)),
    lambda at: at.batch(
        "b", [observation(runId=f"r{i % 3 + 1}", arm="a", **SEEN) for i in range(5)]
    ),
    ticked,
    lambda at: tell(at, a_run("r1", when=NOON - DAY, gates={"tests": "passed"}, budget=BUDGET)),
    lambda at: tell(at, a_run("r2", policyVersion="p@2.0.0", revision=1)),
    lambda at: at.feedback({"obsId": "b.0", "source": "person", "grade": 0.3}),
    ticked,
    lambda at: tell(at, a_run("r3", component="writer", costUsd=3.0, budget=BUDGET)),
    ticked,
)


def live(store: Store, faulty: FaultyStore) -> None:
    """Live through it all; after a death another process does again what was not answered."""
    at = Worker(faulty, worker(store, shards=2).clock)
    for step in SENT:
        at.later()
        try:
            step(at)
        except (Died, Unavailable):
            step(Worker(store, at.clock))
    at.later()
    ticked(Worker(store, at.clock))


def proven(store: Store) -> dict[str, Any]:
    """Return what the buckets hold, which is what a recount finds."""
    check_runs(store)
    return held(store)


def whole() -> tuple[dict[str, Any], list[str]]:
    """Return what a life comes to that nothing disturbs, and its calls of the store."""
    store = SqliteStore()
    counting = FaultyStore(store)
    live(store, counting)
    found = proven(store)
    store.close()
    return found, counting.log


@pytest.mark.parametrize(
    ("when", "error"),
    [
        ("after", LOST),
        pytest.param("after", None, marks=pytest.mark.slow),
        pytest.param("before", None, marks=pytest.mark.slow),
    ],
)
def test_a_death_at_any_call_of_the_store_loses_and_doubles_nothing(
    when: When, error: Unavailable | None
) -> None:
    expected, calls = whole()
    assert sorted(expected) == ["planner/none/09", "planner/p@1.0.0/10", "writer/none/10"]
    writing = ("commit", "create", "set")
    places = [n for n, name in enumerate(calls, 1) if not error or name in writing]
    assert len(places) > 15
    for n in places:
        store = SqliteStore()
        live(store, FaultyStore(store, n, when, error))
        assert proven(store) == expected, f"call {n}, {calls[n - 1]}"
        store.close()


def prepared(store: Store) -> Worker:
    """Return a worker with thirty runs to count, ten of them observed."""
    at = worker(store, shards=2)
    for i in range(30):
        tell(at, a_run(f"r{i:02d}", policyVersion=f"p@1.0.{i % 3}", budget=BUDGET))
    at.batch("b", [observation(runId=f"r{i:02d}", **SEEN) for i in range(10)])
    at.later(MINUTE)
    at.score()
    return at


def test_counters_at_once_count_each_run_once(store: Store) -> None:
    at = prepared(store)
    processes = [Worker(store, at.clock) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(count, processes))
    assert sum(report.counted for report in reports) >= 30
    check_runs(store)
    count(at)
    check_runs(store)


class Interrupted(FaultyStore):
    """Lets something else happen just before one commit."""

    def __init__(self, inner: Store, at: int, first: Callable[[], object]) -> None:
        super().__init__(inner)
        self._at, self._first = at, first
        self.commits = 0

    def commit(self, writes: Sequence[Write]) -> None:
        self.commits += 1
        if self.commits == self._at:
            self._first()
        super().commit(writes)


@pytest.mark.parametrize("commit", [1, 2])
def test_a_counter_overtaken_before_its_commit_counts_nothing_twice(
    embedded: SqliteStore, commit: int
) -> None:
    at = prepared(embedded)
    others: list[int] = []

    def meanwhile() -> None:
        other = Worker(embedded, at.clock)
        tell(other, a_run("r00", policyVersion="p@1.0.2", gates={"tests": "passed"}))
        others.append(count(other).counted)

    overtaken = count(Worker(Interrupted(embedded, commit, meanwhile), at.clock))
    assert len(others) == 1
    assert overtaken.counted + others[0] == 30
    count(at)
    assert run_of(embedded, "r00").revision == 2
    check_runs(embedded)


def test_a_revision_told_while_it_is_counted_is_counted_in_the_end(embedded: SqliteStore) -> None:
    at = prepared(embedded)
    other = Worker(embedded, at.clock)
    slow = Interrupted(embedded, 1, lambda: tell(other, a_run("r29", costUsd=0.03, budget=BUDGET)))
    count(Worker(slow, at.clock))
    at.later()
    count(at)
    check_runs(embedded)


def test_a_clock_that_jumps_forth_and_back_loses_and_doubles_nothing(embedded: SqliteStore) -> None:
    at = worker(embedded, shards=2)
    for i, jump in enumerate([HOUR, -HOUR, 3 * HOUR, -2 * HOUR, MINUTE]):
        tell(at, a_run(f"r{i}"))
        at.clock.advance(jump)
        tell(at, a_run(f"s{i}", costUsd=1.0))
        with suppress(Died):
            count(Worker(FaultyStore(embedded, 3), at.clock))
        count(at)
        at.later()
    at.clock.advance(4 * HOUR)
    count(at)
    assert sum(counts["runs"]["runs"] for counts in held(embedded).values()) == 10
    check_runs(embedded)
