"""A batch with too much that is malformed stops its source, loses nothing, and is resumed."""

from datetime import timedelta

import pytest

from ratchet.datasets.collecting.stop import (
    STOPPED,
    resume_source,
    samples_of,
    state_of,
    state_ref,
)
from ratchet.govern.alerts.alert import alert_key
from ratchet.govern.audit import audit_log, verify_audit
from ratchet.govern.roles import SEEDER, machine, person
from ratchet.kernel.errors import Forbidden, IllegalTransition, InvalidInput
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import World, broken, event
from tests.support.faults import Died, FaultyStore
from tests.support.observing import KEYS

ADA = person("ada")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(embedded: SqliteStore) -> World:
    return World(embedded)


def mixed(good: int, bad: int) -> list[dict[str, object]]:
    return [*(event(f"e{i}") for i in range(good)), *(broken(f"b{i}") for i in range(bad))]


def resume(world: World, source: str = "events") -> None:
    resume_source(world.store, KEYS, ADA, source, reason="a sender was mended", now=world.clock())


@pytest.mark.parametrize(
    ("good", "bad", "stops"),
    [(8, 2, True), (9, 1, False), (18, 2, False), (17, 2, True), (0, 9, False), (0, 10, True)],
)
def test_more_than_a_tenth_of_ten_or_more_stops_the_source(
    world: World, good: int, bad: int, stops: bool
) -> None:
    world.receive(*mixed(good, bad))
    report = world.collect()
    assert report.stopped == (("events",) if stops else ())
    assert (len(world.examples()), len(world.dead())) == ((0, 0) if stops else (good, bad))


def test_a_source_that_stops_raises_an_alert_and_is_left_until_a_person_resumes_it(
    store: Store,
) -> None:
    world = World(store)
    world.receive(*mixed(8, 4))
    world.run("r1")
    report = world.collect()
    assert report.stopped == ("events",)
    assert set(world.examples()) == {("runs", "r1")}
    found = store.get(Ref("ops_alerts", alert_key(STOPPED, "events")))
    assert found is not None
    assert (found.data["severity"], found.data["state"]) == ("critical", "open")
    assert found.data["command"] == "ratchet dataset resume events --reason ..."
    assert found.data["evidence"]["codes"] == {"RATCHET-7101": 4}
    samples = found.data["evidence"]["samples"]
    assert {one["id"] for one in samples} == {f"events~%252Ftests%7Eb{i}" for i in range(4)}
    assert min(samples, key=lambda one: one["id"]) == {
        "id": "events~%252Ftests%7Eb0",
        "code": "RATCHET-7101",
        "field": "data.input",
        "why": "event: data.input: Field required",
    }
    assert [one.id for one in samples_of(store, "events")] == [one["id"] for one in samples]
    assert report.sources["events"].samples == samples_of(store, "events")
    assert world.collect().sources["events"].read == 0
    resume(world)
    report = world.collect()
    assert (report.stopped, report.sources["events"].collected) == ((), 8)
    assert len(world.dead()) == 4
    assert state_of(store, "events") == "running"
    assert samples_of(store, "events") == ()
    found = store.get(Ref("ops_alerts", alert_key(STOPPED, "events")))
    assert found is not None
    assert found.data["state"] == "resolved"
    assert found.data["resolved"]["note"] == "ada resumed it: a sender was mended"


def test_ten_of_what_stopped_a_source_are_told_without_what_is_private(world: World) -> None:
    world.receive(*(event(f"e{i}", **{"ann.lee@example.org": 1}) for i in range(12)))
    world.collect()
    samples = samples_of(world.store, "events")
    assert len(samples) == 10
    assert {one.field for one in samples} == {"[EMAIL_1]"}
    assert "ann.lee" not in str(samples)
    resume(world)
    assert samples_of(world.store, "events") == samples  # until its batch is taken


def test_stopping_and_resuming_are_on_the_audit_chain(world: World) -> None:
    world.receive(*mixed(0, 12))
    world.collect()
    world.collect()
    resume(world)
    told = [(e.actor, e.action, e.reason) for e in audit_log(world.store, "config")]
    assert told == [
        (
            "collect_examples",
            "stop_source",
            "12 of 12 new traces of events are malformed, so it is not collected",
        ),
        ("ada", "resume_source", "a sender was mended"),
    ]
    assert verify_audit(world.store, KEYS, "config").valid


def test_what_was_dead_before_does_not_stop_the_source_again(world: World) -> None:
    world.receive(*mixed(0, 12))
    world.collect(MINUTE)
    resume(world)
    world.collect(MINUTE)
    world.receive(event("later"))
    report = world.collect()  # the hour before is over, and read once more
    assert (report.stopped, report.sources["events"].known) == ((), 12)
    assert ("events", "%2Ftests~later") in world.examples()


def test_the_batch_that_stopped_it_is_taken_though_others_are_read_again_before_it(
    world: World,
) -> None:
    world.receive(*(event(f"e{i}") for i in range(300)))
    world.clock.advance(MINUTE)
    world.receive(*mixed(0, 40))
    stopped = world.collect(MINUTE)
    assert stopped.stopped == ("events",)
    assert 100 <= len(world.examples()) < 300
    resume(world)
    report = world.collect()
    assert report.stopped == ()
    assert report.sources["events"].known >= 100
    assert (len(world.examples()), len(world.dead())) == (300, 40)


def test_a_state_that_was_broken_by_hand_waits_for_a_person_too(world: World) -> None:
    world.receive(event("e1"))
    world.run("r1")
    world.store.set(state_ref("events"), {"v": 1, "state": "stoped"})
    report = world.collect()
    assert (report.stopped, report.collected) == (("events",), 1)
    resume(world)
    assert world.collect().collected == 1


def test_the_batch_after_the_one_that_was_resumed_may_stop_it_again(world: World) -> None:
    world.receive(*mixed(0, 12))
    world.collect()
    resume(world)
    world.collect()
    world.receive(*(broken(f"new{i}") for i in range(10)))
    assert world.collect().stopped == ("events",)


def test_only_a_person_who_may_resumes_a_source_that_is_stopped(world: World) -> None:
    world.receive(*mixed(0, 12))
    world.collect()
    how = {"reason": "why not", "now": world.clock()}
    with pytest.raises(Forbidden):
        resume_source(world.store, KEYS, machine("tick"), "events", **how)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="reason"):
        resume_source(world.store, KEYS, SEEDER, "events", reason=" ", now=world.clock())
    with pytest.raises(InvalidInput, match="one of events, labels, runs, trajectories"):
        resume(world, "event")
    with pytest.raises(IllegalTransition, match="runs is not stopped"):
        resume(world, "runs")
    assert state_of(world.store, "events") == "stopped"
    assert len(world.store.query(Query("ops_audit"))) == 1


def test_whoever_dies_while_stopping_a_source_leaves_it_to_the_next_to_stop() -> None:
    def stopping() -> World:
        world = World(SqliteStore())
        world.receive(*mixed(0, 12))
        return world

    counting = stopping()
    store = FaultyStore(counting.store)
    World(store, counting.blobs).collect()
    for die_at in range(1, store.calls + 1):
        world = stopping()
        with pytest.raises(Died):
            World(FaultyStore(world.store, die_at, "after"), world.blobs).collect()
        assert world.collect().stopped == ("events",)
        assert (world.examples(), world.dead()) == ({}, {})
        assert len(world.store.query(Query("ops_audit"))) == 1
        assert len(world.store.query(Query("ops_alerts"))) == 1
