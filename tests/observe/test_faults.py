"""Whatever dies, repeats, overlaps or jumps: one reward each, and buckets that equal a recount."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import Unavailable
from ratchet.observe.settings import Ingest
from ratchet.store.port import Query, Store, Write
from ratchet.store.sqlite import SqliteStore
from tests.emulator import server
from tests.support.faults import Died, FaultyStore
from tests.support.life import When, live, prove
from tests.support.observing import (
    LATER,
    SECOND,
    Worker,
    configure,
    ids,
    observation,
    worker,
)
from tests.support.recount import check, pairs

MINUTE = timedelta(minutes=1)


def places(store: Store) -> list[str]:
    """Return the calls that a life makes where nothing fails."""
    calls = live(store, None, "before")
    prove(store)
    return calls


@pytest.mark.slow
def test_a_death_before_any_call_of_the_store_changes_nothing() -> None:
    store = SqliteStore()
    calls = places(store)
    store.close()
    assert len(calls) > 80
    for n in range(1, len(calls) + 1):
        store = SqliteStore()
        live(store, n, "before")
        prove(store)
        store.close()


LOST = Unavailable("the answer was lost")


# A death after a read leaves the store that a death before the next call does; one after a write
# does not.
@pytest.mark.parametrize(
    ("when", "error"),
    [
        ("after", LOST),
        pytest.param("after", None, marks=pytest.mark.slow),
        pytest.param("before", LOST, marks=pytest.mark.slow),
    ],
)
def test_a_write_that_dies_or_is_reported_lost_whether_it_landed_or_not_changes_nothing(
    when: When, error: Unavailable | None
) -> None:
    store = SqliteStore()
    calls = places(store)
    store.close()
    writes = [n for n, name in enumerate(calls, 1) if name in ("commit", "create", "set")]
    assert len(writes) > 20
    for n in writes:
        store = SqliteStore()
        live(store, n, when, error)
        prove(store)
        store.close()


@pytest.fixture
def emulated(request: pytest.FixtureRequest, emulator_host: str) -> Callable[[], Store]:
    """The emulator's store, emptied at each call."""
    store: Store = request.getfixturevalue("_firestore")

    def empty() -> Store:
        server.clear(emulator_host)
        return store

    return empty


@pytest.mark.emulator
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_or_a_lost_answer_changes_nothing_on_the_emulator(
    emulated: Callable[[], Store], when: When
) -> None:
    calls = places(emulated())
    for i, n in enumerate(range(3, len(calls), len(calls) // 8)):
        store = emulated()
        live(store, n, when, LOST if i % 2 else None)
        prove(store)


def prepared(store: Store, shards: int = 2) -> Worker:
    """Return a worker with sixty singles and a few batches to score."""
    at = worker(store, shards=shards)
    at.score()
    for i in range(60):
        at.record({"id": f"o{i:02d}"} | observation(durationMs=float(i)))
    for i in range(4):
        at.batch(f"b{i}", [observation(component=f"c{j}") for j in range(5)])
    at.later()
    return at


def test_workers_in_one_tick_score_each_observation_once(store: Store) -> None:
    at = prepared(store)
    processes = [Worker(store, at.clock) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda process: process.score(chunk=7), processes))
    assert sum(report.scored for report in reports) == 80
    check(store)


class Interrupted(FaultyStore):
    """Lets something else happen just before one commit."""

    def __init__(self, inner: Store, at: int, first: Callable[[], object]) -> None:
        super().__init__(inner)
        self._at = at
        self._first = first
        self.commits = 0

    def commit(self, writes: Sequence[Write]) -> None:
        self.commits += 1
        if self.commits == self._at:
            self._first()
        super().commit(writes)


def interrupted(at: int, meanwhile: Callable[[Worker], object]) -> Iterator[tuple[int, int]]:
    """Score while something happens before commit number `at`; yield (scored, commits)."""
    store = SqliteStore()
    main = prepared(store, shards=1)
    other = Worker(store, main.clock)
    slow = Interrupted(store, at, lambda: meanwhile(other))
    scored = Worker(slow, main.clock).score(chunk=20).scored
    main.later()
    main.score()
    main.sweep()
    check(store)
    yield scored, slow.commits
    store.close()


@pytest.mark.parametrize("chunk", [5, 20, 33, 1000])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_worker_overtaken_before_any_commit_scores_nothing_twice(at: int, chunk: int) -> None:
    others: list[int] = []
    for scored, commits in interrupted(at, lambda w: others.append(w.score(chunk=chunk).scored)):
        assert commits == at  # whoever is overtaken stops there
        assert scored + others[0] == 80
        assert scored == 20 * (at - 1)


@pytest.mark.parametrize("at", [2, 3, 4])
def test_a_sweep_between_a_scorers_read_and_its_commit_scores_nothing_twice(at: int) -> None:
    # All came in at one instant, so behind the first commit a sweep sees what is left of it.
    found: list[int] = []
    for scored, _ in interrupted(at, lambda w: found.append(w.sweep().missing)):
        assert (scored, found) == (20 * (at - 1), [80 - 20 * (at - 1)])


@pytest.mark.parametrize("at", [1, 2, 3])
def test_grades_folded_while_the_scorer_works_are_in_the_buckets_once(at: int) -> None:
    def grades(other: Worker) -> None:
        other.feedback([{"obsId": f"o{i:02d}", "source": "x", "grade": 0.5} for i in range(30)])
        other.later()
        other.fold()

    for scored, _ in interrupted(at, grades):
        assert scored == 80


def test_two_folds_at_once_correct_each_reward_once(store: Store) -> None:
    at = prepared(store)
    at.score()
    at.feedback([{"obsId": f"b{i % 4}.{i // 4}", "source": "x", "grade": 0.5} for i in range(20)])
    at.later()
    processes = [Worker(store, at.clock) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda process: process.fold(), processes))
    assert sum(report.corrected for report in reports) == 20
    check(store)


def test_a_tick_delivered_twice_changes_nothing(store: Store) -> None:
    at = prepared(store)
    at.feedback([{"obsId": "o01", "source": "x", "grade": 0.5}])
    at.later()
    ticks: list[Callable[[], Any]] = [at.score, at.fold, at.sweep, at.roll, at.roll_long]
    for tick in ticks:
        tick()
    names = ("ops_rewards", "ops_buckets", "ops_stats", "ops_feedback", "ops_observations")
    before = [store.query(Query(name)) for name in names]
    for tick in ticks:
        tick()
    assert [store.query(Query(name)) for name in names] == before
    check(store)


def test_batches_that_many_clients_retry_at_once_are_stored_once(store: Store) -> None:
    at = worker(store)
    payload = {"id": "b1", "observations": [observation(), observation(outcome="no")]}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: at.record(payload), range(12)))
    assert [a.duplicate for a in answers].count(False) == 1
    assert {(a.accepted, len(a.rejected)) for a in answers} == {(1, 1)}
    assert at.scored_later().scored == 1
    check(store)


@pytest.mark.parametrize("jump", [2 * MINUTE, HOUR, timedelta(days=3)])
def test_a_clock_that_jumps_forth_and_back_loses_and_doubles_nothing(
    store: Store, jump: timedelta
) -> None:
    at = worker(store, shards=2)
    sent: list[str] = []

    def send(n: int) -> None:
        for _ in range(n):
            sent.append(f"o{len(sent):02d}")
            at.record({"id": sent[-1]} | observation(outcome="success", durationMs=float(n)))
            at.later(SECOND)

    def tick() -> None:
        at.later()
        at.score(chunk=2)
        at.fold()

    send(4)
    tick()
    at.clock.advance(jump)  # forth: an instance whose clock is ahead takes over for a while
    send(3)
    tick()
    at.clock.advance(-jump)  # and back
    send(4)
    at.feedback([{"obsId": name, "source": "x", "grade": 0.5} for name in sent])
    tick()
    at.clock.advance(-30 * SECOND)  # a little further back still
    send(2)
    tick()
    at.sweep()
    at.later(HOUR)
    send(2)
    tick()
    at.sweep()
    at.clock.advance(jump + HOUR)
    tick()
    at.sweep()
    at.fold()
    assert sorted(key for key, *_ in pairs(store)) == sent
    graded = [key for key, _, reward, _ in pairs(store) if "feedback" in reward]
    assert sorted(graded) == sent[:11]
    check(store)


def test_shards_that_change_between_deaths_lose_nothing() -> None:
    for n in range(1, 30, 2):
        store = SqliteStore()
        at = prepared(store, shards=3)
        with pytest.raises(Died):
            Worker(FaultyStore(store, n, "after"), at.clock).score(chunk=3)
        configure(store, Ingest(shards=1 + n % 5))
        at = Worker(store, at.clock)
        at.record({"id": "last"} | observation())
        at.later(LATER)
        at.score()
        assert len(ids(store, "ops_rewards")) == 65
        check(store)
        store.close()
