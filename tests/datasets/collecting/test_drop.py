"""Dead letters that a person gives up are gone with their traces, and do not come back."""

import pytest

from ratchet.datasets.collecting.dead import list_dead
from ratchet.datasets.collecting.drop import SENT, drop_dead
from ratchet.datasets.collecting.gather import GATHERERS
from ratchet.govern.audit import audit_log, verify_audit
from ratchet.govern.roles import machine, person
from ratchet.kernel.errors import Forbidden, InvalidInput, NotFound
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import World, broken, event, trial
from tests.support.observing import KEYS

ADA = person("ada")
EVENT, LINE = "events~%252Ftests%7Eb1", "trajectories~airline%7E1%7E0"


@pytest.fixture
def world(embedded: SqliteStore) -> World:
    return troubled(embedded)


def troubled(store: Store) -> World:
    """Return a world with four letters, of two events, a line and a run, and an example."""
    world = World(store)
    world.receive(event("good"), broken("b1"), broken("b2"))
    world.receive_lines(trial(1, reward=7.0))
    world.run("r1", input=f"blob:{'0' * 64}")
    world.collect()
    assert len(world.dead()) == 4
    return world


def drop(world: World, *ids: str, reason: str = "a wrong file") -> int:
    return drop_dead(world.store, KEYS, ADA, ids, reason=reason, now=world.clock())


def test_what_is_dropped_is_gone_with_its_trace_and_on_the_audit_chain(store: Store) -> None:
    world = troubled(store)
    assert drop(world, EVENT, LINE, EVENT) == 2
    left = {letter.source_id for letter in list_dead(store)}
    assert left == {"%2Ftests~b2", "r1"}
    traces = {found.ref.id for found in store.query(Query("ops_traces"))}
    assert traces == {"events~%252Ftests%7Egood", "events~%252Ftests%7Eb2"}
    (entry,) = audit_log(store, "config")
    assert (entry.actor, entry.action, entry.reason) == ("ada", "drop_dead", "a wrong file")
    assert entry.evidence == {"ids": [EVENT, LINE]}
    assert verify_audit(store, KEYS, "config").valid


def test_what_is_dropped_does_not_come_back_where_a_source_is_read_once_more(
    world: World,
) -> None:
    drop(world, EVENT, LINE)
    world.receive(event("later"))
    world.collect()
    assert {source_id for _, source_id in world.dead()} == {"%2Ftests~b2", "r1"}
    assert {source_id for _, source_id in world.examples()} == {"%2Ftests~good", "%2Ftests~later"}


def test_an_id_that_cannot_be_dropped_keeps_all_of_them(world: World) -> None:
    with pytest.raises(NotFound, match="events~none"):
        drop(world, EVENT, "events~none")
    with pytest.raises(InvalidInput, match=r"runs~r1 is of something that stays .*labels, runs"):
        drop(world, EVENT, "runs~r1")
    with pytest.raises(InvalidInput, match="no dead letter is named"):
        drop(world)
    assert len(world.dead()) == 4
    assert set(SENT) < set(GATHERERS)


def test_only_a_person_drops_and_says_why(world: World) -> None:
    with pytest.raises(Forbidden):
        drop_dead(world.store, KEYS, machine("tick"), [EVENT], reason="x", now=world.clock())
    with pytest.raises(InvalidInput, match="reason"):
        drop(world, EVENT, reason=" ")
    assert len(world.dead()) == 4
