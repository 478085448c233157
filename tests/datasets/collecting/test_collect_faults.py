"""A process that dies at any call: what arrived is an example or a dead letter, once, after all."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import pytest

from ratchet.datasets.collecting.dead import replay_dead
from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import Unavailable
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import World, broken, event, trial
from tests.support.faults import Died, FaultyStore
from tests.support.faulty_blobs import FaultyBlobs

When = Literal["before", "after"]
WHEN: tuple[When, ...] = ("before", "after")
Held = Mapping[str, list[dict[str, Any]]]
Act = Callable[[World], object]


def before_collecting() -> World:
    """Return a world with something of every source to collect."""
    world = World(SqliteStore())
    world.receive(event("e1"), event("e2"), broken())
    world.receive_lines(trial(1), b"no json")
    world.run("r1")
    world.run("r2", input="https://example.com/question")
    world.label("r1", "bad", value=0.25)
    world.label("s1", "hard", features_ref="ops_runs/r1")
    world.clock.advance(HOUR)
    return world


def before_receiving() -> World:
    """Return a world that knows one of the events to come as it is, and another as it was."""
    world = World(SqliteStore())
    world.receive(event("e1"), event("e2", output="Before."))
    return world


def before_replaying() -> World:
    """Return a world with dead letters, one of which can be read now."""
    world = before_collecting()
    collect(world)
    world.store.set(*_mended(world))
    return world


def _mended(world: World) -> tuple[Any, dict[str, Any]]:
    (stored,) = (s for s in world.store.query(Query("ops_runs")) if s.ref.id == "r2")
    report = stored.data["report"] | {"input": "Which way?"}
    return stored.ref, stored.data | {"report": report}


def collect(world: World) -> object:
    return world.collect(0 * HOUR)


def receive(world: World) -> object:
    return world.receive(event("e1"), event("e2"), event("e3"))


def replay(world: World) -> object:
    return replay_dead(world.store, world.blobs, world.reader, now=world.clock())


def held(world: World) -> Held:
    """Return every trace, example and dead letter; a replay may count one try more of these."""
    names = ("ops_traces", "ops_examples", "ops_dead_traces")
    return {
        name: [{"id": s.ref.id} | s.data for s in world.store.query(Query(name))] for name in names
    }


def without_tries(found: Held) -> Held:
    return {name: [one | {"attempts": 0} for one in stored] for name, stored in found.items()}


def dying(world: World, store: Store | None = None, blobs: FaultyBlobs | None = None) -> World:
    """Return a process that is about to die, on what a world holds."""
    died = World(store or world.store, blobs or world.blobs)
    died.clock.now = world.clock()
    return died


def survive(begin: Callable[[], World], act: Act, die_at: int, when: When, *, blobs: bool) -> Held:
    """Die at one call, act again as a fresh process, and return what there is then."""
    world = begin()
    assert isinstance(world.blobs, MemoryBlobs)
    faulty = FaultyBlobs(world.blobs, die_at, when) if blobs else None
    store = None if blobs else FaultyStore(world.store, die_at, when)
    with pytest.raises(Died):
        act(dying(world, store, faulty))
    for one in world.store.query(Query("ops_examples")):  # whatever is there is whole
        assert world.words(one.data["content"])
        assert world.words(one.data["redaction"]["content"])
    for one in world.store.query(Query("ops_traces")):
        assert world.blobs.has(one.data["raw"])
    act(world)
    return held(world)


def calls(begin: Callable[[], World], act: Act) -> tuple[int, int, Held]:
    """Return how many calls of the store and of the blobs it takes, and what there is then."""
    world = begin()
    assert isinstance(world.blobs, MemoryBlobs)
    store, blobs = FaultyStore(world.store), FaultyBlobs(world.blobs)
    act(dying(world, store, blobs))
    return store.calls, blobs.calls, held(world)


CASES = {
    "collect": (before_collecting, collect),
    "receive": (before_receiving, receive),
    "replay": (before_replaying, replay),
}


def assert_survives(case: str, places: Callable[[int], range], when: When) -> None:
    begin, act = CASES[case]
    of_store, of_blobs, wanted = calls(begin, act)
    assert of_store > 2
    assert of_blobs > 1
    for blobs, count in ((False, of_store), (True, of_blobs)):
        for die_at in places(count):
            found = survive(begin, act, die_at, when, blobs=blobs)
            alike = without_tries if case == "replay" else dict
            assert alike(found) == alike(wanted), (blobs, die_at)


@pytest.mark.slow
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("case", CASES)
def test_whoever_dies_at_any_call_leaves_what_the_next_one_finishes(case: str, when: When) -> None:
    assert_survives(case, lambda count: range(1, count + 1), when)


@pytest.mark.parametrize("case", CASES)
def test_whoever_dies_at_some_call_leaves_what_the_next_one_finishes(case: str) -> None:
    assert_survives(case, lambda count: range(count // 2, count + 1, max(1, count // 3)), "after")


def test_a_store_that_does_not_answer_is_no_fault_of_the_trace(embedded: SqliteStore) -> None:
    world = World(embedded)
    world.receive(event("e1"))
    assert isinstance(world.blobs, MemoryBlobs)
    away = FaultyBlobs(world.blobs, 1, error=Unavailable("no answer"))
    with pytest.raises(Unavailable):
        dying(world, blobs=away).collect()
    assert (world.examples(), world.dead()) == ({}, {})
    assert world.collect().collected == 1
