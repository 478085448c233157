"""Whatever dies, repeats or overlaps: rollout buckets equal a recount, and so do merged ones."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.kernel.errors import Unavailable
from ratchet.observe.read_until import read_until
from ratchet.observe.rollout_buckets import rollout_buckets
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.emulator import server
from tests.support.grading import answer, ask, judge
from tests.support.life import Step, When, live
from tests.support.observing import LATER, NOON, SECOND, Worker, put_raw, worker
from tests.support.recount import check as check_buckets
from tests.support.rollout_recount import (
    ARMS,
    NEW,
    check,
    held,
    kept,
    met,
    mixed,
    recount,
    running,
    served,
    start,
    watch,
)

pytestmark = pytest.mark.slow

WATCHES = {"r1": watch()}
GRADES = [
    {"obsId": "b1.1", "source": "a", "grade": 0.4},
    {"obsId": "b1.1", "source": "b", "grade": 0.6},
    {"obsId": "s1", "source": "a", "outcome": "failure"},
    {"obsId": "s2", "source": "a", "grade": 0.0},
]
PASSED = served(unit="u7", durationMs=50.0) | {"ts": NOON}
STEPS: list[tuple[float, Step]] = [
    (0, lambda w: start(w.store)),
    (1, lambda w: w.batch("b1", [met(), served(), met(rolloutArm=NEW, unit="u2")])),
    (2, lambda w: w.record({"id": "s1"} | served(paired=[NEW], weight=3))),
    (3, lambda w: w.record({"id": "h1"} | served(rolloutArm=NEW, shadow=True, costUsd=0.2))),
    (13, lambda w: w.score(chunk=2)),
    (14, lambda w: w.feedback(GRADES)),
    (15, lambda w: judge(w, "b1.1", 0.75)),
    (16, lambda w: answer(w, "b1.1", 0.25, propensity=0.5)),
    (24, lambda w: w.read()),
    # A commit that shows behind the cursor.
    (25, lambda w: put_raw(w.store, "passed", NOON + SECOND, PASSED)),
    (26, lambda w: w.record({"id": "s2"} | served(rolloutStep=1, quality=0.5))),
    (40, lambda w: w.read()),
    (42, lambda w: w.sweep(reach=0 * SECOND)),
    (60, lambda w: w.roll()),
    (3601 + 60, lambda w: w.feedback({"obsId": "b1.1", "source": "late", "grade": 0.0})),
    (3700, lambda w: w.read()),
    (7300, lambda w: w.read()),
    (7301, lambda w: w.roll()),
]


def prove(store: Store) -> None:
    """Fail unless a life left the buckets, and the merged ones, that a recount finds."""
    check(store, WATCHES)
    check_buckets(store)
    assert len(recount(store, WATCHES)) == 5
    assert held(kept(store, "hour")) == recount(store, WATCHES)
    found = rollout_buckets(store, "r1", WATCHES["r1"], read_until(store))
    assert [b.level for b in found] == ["hour"] * 5


def places(store: Store) -> list[str]:
    """Return the calls that a life makes where nothing fails."""
    calls = live(store, None, "before", steps=STEPS)
    prove(store)
    return calls


LOST = Unavailable("the answer was lost")
# Deaths between two writes leave the same store, so only those beside a write differ.
WRITES = ("commit", "create", "set")


@pytest.mark.parametrize(
    ("when", "error", "names"),
    [
        ("after", None, WRITES),
        pytest.param("before", LOST, (), marks=pytest.mark.slow),
        pytest.param("before", None, WRITES, marks=pytest.mark.slow),
        pytest.param("after", LOST, WRITES, marks=pytest.mark.slow),
    ],
)
def test_a_death_or_a_lost_answer_at_any_call_of_the_store_changes_nothing(
    when: When, error: Unavailable | None, names: tuple[str, ...]
) -> None:
    store = SqliteStore()
    calls = places(store)
    store.close()
    chosen = [n for n, name in enumerate(calls, 1) if not names or name in names]
    assert len(chosen) > 30
    for n in chosen:
        store = SqliteStore()
        live(store, n, when, error, STEPS)
        prove(store)
        store.close()


@pytest.mark.emulator
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_or_a_lost_answer_changes_nothing_on_the_emulator(
    request: pytest.FixtureRequest, emulator_host: str, when: When
) -> None:
    store: Store = request.getfixturevalue("_firestore")
    server.clear(emulator_host)
    calls = places(store)
    for i, n in enumerate(range(3, len(calls), len(calls) // 8)):
        server.clear(emulator_host)
        live(store, n, when, LOST if i % 2 else None, STEPS)
        prove(store)


def test_workers_in_one_tick_count_each_outcome_once(store: Store) -> None:
    at = running(store, shards=2)
    at.score()
    for i in range(12):
        at.batch(f"b{i}", mixed(6))
    at.later()
    processes = [Worker(store, at.clock) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda process: process.score(chunk=20), processes))
    check(store, WATCHES)
    check_buckets(store)


def test_folds_and_sweeps_at_once_correct_each_bucket_once(store: Store) -> None:
    at = running(store)
    at.batch("b1", mixed(12))
    at.later()
    at.read()
    put_raw(store, "passed", NOON, PASSED)
    at.feedback([{"obsId": f"b1.{2 * i + 1}", "source": "x", "grade": 0.5} for i in range(12)])
    at.later()
    ticks: list[Callable[[Worker], object]] = [Worker.fold, Worker.sweep, Worker.fold]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda tick: tick(Worker(store, at.clock)), ticks))
    check(store, WATCHES)


def test_a_tick_delivered_twice_changes_nothing(store: Store) -> None:
    at = running(store)
    at.batch("b1", mixed(6))
    at.later()
    for _ in range(2):
        at.later(3600 * SECOND)
        at.read()
    at.roll()
    names = ("ops_rollout_buckets", "ops_rewards", "ops_checkpoints")
    before = [store.query(Query(name)) for name in names]
    for tick in (at.read, at.sweep, at.roll):
        tick()
    assert [store.query(Query(name)) for name in names[:2]] == before[:2]
    check(store, WATCHES)


SENT = st.lists(
    st.tuples(st.sampled_from(ARMS), st.integers(0, 3), st.integers(1, 3), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40)
@given(SENT, st.lists(st.integers(0, 7), max_size=6), st.data())
def test_any_order_of_recording_scoring_and_grading_gives_the_same_buckets(
    sent: list[tuple[str, int, int, bool]], graded: list[int], data: st.DataObject
) -> None:
    store = SqliteStore()
    at = worker(store)
    start(store)
    ticks: list[Callable[[], object]] = [at.read, at.score, at.fold, lambda: None]
    waiting: list[Callable[[], object]] = []
    for i, (arm, unit, weight, good) in enumerate(sent):
        item = served(rolloutArm=arm, unit=f"u{unit}", weight=weight)
        item |= {"outcome": "success" if good else "timeout"}
        waiting.append(partial(at.record, {"id": f"o{i}"} | item))
    for n, i in enumerate(graded):
        grade = {"obsId": f"o{i % len(sent)}", "source": f"s{n}", "grade": n / 10}
        waiting.append(partial(at.feedback, grade))
    for i in sorted({i % len(sent) for i in graded}):
        waiting.append(partial(judge, at, f"o{i}", 0.5 + i / 20))
        say = partial(ask, at, f"o{i}", 0.25) if i % 2 else partial(answer, at, f"o{i}", 0.25, 0.5)
        waiting.append(say)
    for step in data.draw(st.permutations(waiting)):
        step()
        at.later(data.draw(st.sampled_from([SECOND, LATER, 1500 * SECOND])))
        data.draw(st.sampled_from(ticks))()
    for _ in range(3):
        at.later()
        at.score()
        at.fold()
    check(store, WATCHES)
    store.close()
