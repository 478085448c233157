"""A life in steps: recording, scoring, grading, sweeping and rolling, as requests and ticks do."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Literal

from ratchet.kernel.clock import HOUR, ManualClock
from ratchet.kernel.errors import RatchetError, Unavailable
from ratchet.store.port import Store
from tests.support.faults import Died, FaultyStore
from tests.support.observing import NOON, SECOND, Worker, observation, put_raw, reward_of, worker
from tests.support.recount import check, held, pairs, plain, recount

Step = Callable[[Worker], object]
When = Literal["before", "after"]

V0: dict[str, Any] = {"policyVersion": "p@1.0.0"}
V1: dict[str, Any] = {"policyVersion": "p@1.0.1"}
SINGLE = {"id": "s1"} | observation(durationMs=900.0, **V0)
BATCH = {
    "id": "b1",
    "observations": [
        observation(durationMs=120.0, costUsd=0.01, **V0),
        observation(outcome="maybe"),
        observation(outcome="timeout", errorCode="429", **V1),
        observation(NOON - HOUR, weight=10, quality=0.5, component="planner"),
    ],
}
GRADES = [
    {"obsId": "s1", "source": "person", "grade": 0.4},
    {"obsId": "s1", "source": "judge", "grade": 0.6},
    {"obsId": "b1.2", "source": "person", "outcome": "success"},
    {"obsId": "s3", "source": "person", "grade": 0.0},
]
PASSED = {"component": "router", "outcome": "success", "durationMs": 50.0}

# (seconds after noon, what happens then). A tick that died is run again, as a request is retried.
LIFE: list[tuple[float, Step]] = [
    (0, lambda w: w.record(SINGLE)),
    (1, lambda w: w.record(BATCH)),
    (2, lambda w: w.record(SINGLE)),
    (3, lambda w: w.record({"id": "s2"} | observation(**V1))),
    (13, lambda w: w.score(chunk=3)),
    (14, lambda w: w.feedback(GRADES)),
    (24, lambda w: w.fold()),
    # A commit that shows behind the cursor.
    (25, lambda w: put_raw(w.store, "passed", NOON + SECOND, PASSED)),
    (26, lambda w: w.record({"id": "s3"} | observation())),
    (27, lambda w: w.record(BATCH)),
    (40, lambda w: w.score(chunk=3)),
    (41, lambda w: w.fold()),
    (42, lambda w: w.sweep(reach=timedelta(0))),
    (60, lambda w: w.roll()),
    (3660, lambda w: w.roll()),
]
EXPECTED = ["b1.0", "b1.1", "b1.2", "passed", "s1", "s2", "s3"]


def live(
    store: Store,
    die_at: int | None,
    when: When,
    error: RatchetError | None = None,
    steps: Sequence[tuple[float, Step]] = tuple(LIFE),
) -> list[str]:
    """Live through all steps on a store that fails once; return the calls it had.

    Whoever fails is replaced by a fresh process, which repeats the step.
    """
    worker(store)  # writes the settings
    faulty = FaultyStore(store, die_at, when, error)
    clock = ManualClock(NOON)
    process = Worker(faulty, clock)
    for seconds, step in steps:
        clock.now = NOON + timedelta(seconds=seconds)
        try:
            step(process)
        except (Died, Unavailable):
            process = Worker(faulty, clock)
            step(process)
    return faulty.log


def prove(store: Store) -> None:
    """Fail unless a life left each observation one right reward, and buckets that add them up."""
    assert sorted(key for key, *_ in pairs(store)) == EXPECTED
    check(store)
    closed = {place: counts for place, counts in plain(recount(store)).items() if place[3] <= NOON}
    assert plain(held(store, "hour")) == closed
    graded = reward_of(store, "s1")
    assert graded["quality"] == 0.5
    assert graded["score"] == 0.25 + 0.6 * 0.5 - 0.25 * 900 / 4000
    assert reward_of(store, "b1.1")["outcome"] == "success"  # item b1.2: the second was refused
    assert reward_of(store, "s3")["score"] == 0.25
    assert reward_of(store, "passed")["score"] == 0.846875
