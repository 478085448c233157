"""Dead letters are listed, tried again by id or source, and gone when it goes well."""

from datetime import timedelta

import pytest

from ratchet.datasets.collecting.dead import list_dead, replay_dead
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.store.blobs import address_of
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import World, broken, event

TEXT = b"Which way is shorter?"
KEY = "runs~r1"


@pytest.fixture
def world(embedded: SqliteStore) -> World:
    return troubled(embedded)


def troubled(store: Store) -> World:
    """Return a world with a letter of a run, and a later one of an event."""
    world = World(store)
    world.run("r1", input=f"blob:{address_of(TEXT)}")
    world.collect()
    world.receive(broken())
    world.collect()
    return world


def replay(world: World, **how: object) -> tuple[int, int, dict[str, int], int]:
    found = replay_dead(world.store, world.blobs, world.reader, now=world.clock(), **how)  # type: ignore[arg-type]
    return found.tried, found.collected, found.dead, found.gone


def test_dead_letters_are_listed_the_latest_first(store: Store) -> None:
    world = troubled(store)
    assert [one.source for one in list_dead(world.store)] == ["events", "runs"]
    assert [one.source for one in list_dead(world.store, limit=1)] == ["events"]
    assert [one.source_id for one in list_dead(world.store, "runs")] == ["r1"]
    with pytest.raises(InvalidInput, match="one of events"):
        list_dead(world.store, "run")


def test_a_letter_tells_nothing_private_that_stood_where_a_field_is_named(
    embedded: SqliteStore,
) -> None:
    world = World(embedded)
    world.receive(event("e1", **{"ann.lee@example.org 531-21-7351": 1}))
    world.collect()
    (letter,) = list_dead(world.store)
    assert "[SSN_1]" in letter.field
    assert "ann.lee" not in f"{letter.field}{letter.message}{letter.mend}"
    assert "7351" not in f"{letter.field}{letter.message}{letter.mend}"


def test_what_can_be_read_now_becomes_an_example_and_its_letter_is_gone(world: World) -> None:
    world.blobs.put(TEXT)
    assert replay(world) == (2, 1, {"RATCHET-7101": 1}, 0)
    assert [one.source for one in list_dead(world.store)] == ["events"]
    assert world.words(world.example("runs", "r1").content).input == TEXT.decode()


def test_a_letter_that_stays_counts_its_tries_and_the_first_of_them(world: World) -> None:
    world.clock.advance(timedelta(minutes=5))
    assert replay(world, ids=(KEY,)) == (1, 0, {"RATCHET-7103": 1}, 0)
    first = world.dead()["runs", "r1"]
    assert (first.attempts, first.last_at) == (2, world.clock())
    assert first.first_at < first.last_at
    assert replay(world, source="events") == (1, 0, {"RATCHET-7101": 1}, 0)


def test_a_letter_whose_trace_is_no_longer_kept_is_told_as_gone(world: World) -> None:
    world.store.delete(Ref("ops_runs", "r1"))
    assert replay(world, ids=(KEY,)) == (1, 0, {}, 1)


def test_an_unknown_id_is_named(world: World) -> None:
    with pytest.raises(NotFound, match="runs~r2"):
        replay(world, ids=(KEY, "runs~r2"))
    assert world.dead()["runs", "r1"].attempts == 1
