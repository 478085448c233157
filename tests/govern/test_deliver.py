"""Alerts reach the sinks: each turn at least once, whatever fails; no sink waits for another."""

import json
from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.alerts import clear_alert, raise_alert
from ratchet.govern.alerts.answer import ack_alert
from ratchet.kernel.errors import RatchetError, Refused, Unavailable
from ratchet.store.port import Query, Ref, Store
from tests.support.faults import Died, FaultyStore
from tests.support.governed import ADA, KEYS, NOON, alerts
from tests.support.sinks import HOUR, MINUTE, ONE, TWO, World, full, told

OTHER = "other.example"


def clear(store: Store, subject: str = "disk", *, minutes: float = 0) -> None:
    assert clear_alert(store, "full", subject, now=NOON + minutes * MINUTE)


def failing(store: Store) -> list[tuple[str, str, str]]:
    """Return what is told of sinks that fail."""
    return [(a.subject, a.state, a.text) for a in alerts(store) if a.what == "sink-failed"]


def test_each_turn_is_told_once_and_no_sighting_is(store: Store) -> None:
    world = World()
    raise_alert(store, full())
    told(store, world, sinks=ONE)
    raise_alert(store, full(minutes=1))
    told(store, world, minutes=1)
    ack_alert(store, KEYS, ADA, "full~disk", note="on it", now=NOON + 2 * MINUTE)
    told(store, world, minutes=2)
    raise_alert(store, full(minutes=3, severity="critical"))
    told(store, world, minutes=3)
    clear(store, minutes=4)
    told(store, world, minutes=4)
    told(store, world, minutes=5)
    raise_alert(store, full(minutes=6))
    told(store, world, minutes=6)
    assert world.heard() == [
        "full~disk~1~open~1",
        "full~disk~1~acknowledged~2",
        "full~disk~1~open~3",
        "full~disk~1~resolved~4",
        "full~disk~2~open~5",
    ]
    assert [a.unsent for a in alerts(store)] == [False]


def test_what_was_over_before_it_could_be_told_is_told_as_over(embedded: Store) -> None:
    world = World()
    raise_alert(embedded, full())
    clear(embedded, minutes=1)
    told(embedded, world, minutes=1, sinks=ONE)
    assert world.heard() == ["full~disk~1~resolved~2"]


def test_where_nothing_turned_one_query_is_asked_and_nothing_written(embedded: Store) -> None:
    world = World()
    for subject in "abc":
        raise_alert(embedded, full(subject))
    told(embedded, world, sinks=ONE)
    counting = FaultyStore(embedded)
    report = told(counting, world, minutes=1)
    assert counting.log == ["get_many", "stream"]  # the first is of the configuration
    assert (report.told, report.waiting, report.failed) == (0, 0, {})


def test_a_sink_that_is_configured_later_is_not_told_of_old_alerts(embedded: Store) -> None:
    world = World()
    for subject in "abc":
        raise_alert(embedded, full(subject))
    told(embedded, world, sinks={})
    assert [a.unsent for a in alerts(embedded)] == [False] * 3
    told(embedded, world, minutes=1, sinks=ONE)
    raise_alert(embedded, full("d", minutes=2))
    told(embedded, world, minutes=2)
    told(embedded, world, minutes=3, sinks=TWO)
    clear(embedded, "a", minutes=4)
    told(embedded, world, minutes=4)
    assert world.heard() == ["full~d~1~open~1", "full~a~1~resolved~2"]
    assert world.heard(OTHER) == ["full~a~1~resolved~2"]


def test_each_sink_is_told_what_it_asks_for(embedded: Store) -> None:
    world = World()
    raise_alert(embedded, full("a"))
    raise_alert(embedded, full("b", severity="critical"))
    sinks = TWO | {"two": TWO["two"] | {"minSeverity": "critical"}}
    told(embedded, world, sinks=sinks)
    clear(embedded, "a")
    clear(embedded, "b")
    told(embedded, world, minutes=1)
    assert len(world.heard()) == 4
    assert world.heard(OTHER) == ["full~b~1~open~1", "full~b~1~resolved~2"]


def test_one_failing_sink_stops_no_other_and_is_asked_once_in_a_run(embedded: Store) -> None:
    world = World()
    world.answers["hooks.example"] = Unavailable("it does not answer")
    for subject in "abc":
        raise_alert(embedded, full(subject))
    report = told(embedded, world, sinks=TWO)
    assert len(world.heard(OTHER)) == 3
    assert len(world.posts) == 4
    assert (report.told, report.waiting) == (3, 3)
    assert report.failed == {"one": "one: it does not answer"}
    assert failing(embedded) == []


def test_a_slow_sink_keeps_no_run_and_no_other_sink_waiting(embedded: Store) -> None:
    world = World()

    def be_slow() -> None:
        if "hooks.example" in world.posts[-1].url:
            world.clock.advance(timedelta(seconds=8))

    world.before = be_slow
    for subject in "abcd":
        raise_alert(embedded, full(subject))
    assert (told(embedded, world, sinks=TWO).told, len(world.heard())) == (6, 2)
    assert (told(embedded, world, minutes=1).told, len(world.heard())) == (2, 4)
    assert len(world.heard(OTHER)) == 4


def test_an_alert_that_is_refused_stops_no_other_of_the_same_sink(embedded: Store) -> None:
    world = World()

    def refuse_first() -> None:
        if b'"full~a~' in world.posts[-1].body:
            raise Refused("it answers 400")

    world.before = refuse_first
    for subject in "abc":
        raise_alert(embedded, full(subject))
    report = told(embedded, world, sinks=ONE)
    assert (report.told, report.waiting, report.failed) == (2, 1, {"one": "one: it answers 400"})


def test_a_sink_that_answers_again_is_told_all_that_waited(embedded: Store) -> None:
    world = World()
    world.answers["hooks.example"] = Unavailable("it does not answer")
    for subject in "abc":
        raise_alert(embedded, full(subject))
    for minute in range(4):
        told(embedded, world, minutes=minute, sinks=ONE)
    assert len(world.posts) == 4
    del world.answers["hooks.example"]
    del world.posts[:]
    for minute in range(4, 9):
        told(embedded, world, minutes=minute)
    assert sorted(world.heard()) == [f"full~{s}~1~open~1" for s in "abc"]
    assert [a.unsent for a in alerts(embedded)] == [False] * 3


def test_a_sink_that_was_given_up_is_told_by_the_others_and_not_by_itself(store: Store) -> None:
    world = World()
    world.answers["hooks.example"] = Unavailable("it does not answer")
    raise_alert(store, full())
    told(store, world, sinks=TWO)
    told(store, world, minutes=23 * 60)
    assert failing(store) == []
    told(store, world, minutes=25 * 60)
    assert failing(store) == [
        ("one", "open", "alerts do not reach the sink one: it does not answer")
    ]
    told(store, world, minutes=25 * 60 + 1)
    told(store, world, minutes=25 * 60 + 2)
    assert world.heard(OTHER) == ["full~disk~1~open~1", "sink-failed~one~1~open~1"]
    assert [a.unsent for a in alerts(store)] == [False, False]


def test_a_sink_that_works_again_is_told_so(embedded: Store) -> None:
    world = World()
    world.answers["hooks.example"] = 404
    raise_alert(embedded, full())
    told(embedded, world, sinks=TWO)
    assert [state for _, state, _ in failing(embedded)] == ["open"]
    del world.answers["hooks.example"]
    told(embedded, world, minutes=1)
    told(embedded, world, minutes=2)
    assert [state for _, state, _ in failing(embedded)] == ["resolved"]
    assert world.heard(OTHER)[1:] == ["sink-failed~one~1~open~1", "sink-failed~one~1~resolved~2"]


def test_two_failing_sinks_tell_of_each_other_and_it_ends(embedded: Store) -> None:
    world = World()
    world.secrets = {}
    raise_alert(embedded, full())
    for hour in range(60):
        told(embedded, world, minutes=60 * hour, sinks=TWO)
    found = {(a.what, a.subject): (a.turn, a.unsent) for a in alerts(embedded)}
    assert found == {
        ("full", "disk"): (1, False),
        ("sink-failed", "one"): (1, False),
        ("sink-failed", "two"): (1, False),
    }
    assert max(a.count for a in alerts(embedded)) <= 3


def test_a_variable_that_is_missing_is_told_at_once_and_once(embedded: Store) -> None:
    world = World()
    world.secrets = {"RATCHET_ALERT_OTHER_URL": "https://other.example/"}
    raise_alert(embedded, full())
    for minute in range(30):
        told(embedded, world, minutes=minute, sinks=TWO)
    text = "alerts do not reach the sink one: RATCHET_ALERT_URL is not set"
    assert failing(embedded) == [("one", "open", text)]
    assert world.heard(OTHER) == ["full~disk~1~open~1", "sink-failed~one~1~open~1"]
    (about,) = [a for a in alerts(embedded) if a.what == "sink-failed"]
    assert (about.count, about.command) == (1, "ratchet alerts test-sink one")


def test_no_secret_is_stored_or_reported(embedded: Store) -> None:
    world = World()
    raise_alert(embedded, full())
    reports = []
    answers: list[int | RatchetError] = [Unavailable("it does not answer"), 404, 400, 302]
    for hour, answer in enumerate(answers):
        world.answers["hooks.example"] = answer
        reports.append(told(embedded, world, minutes=60 * hour, sinks=ONE))
    assert all(report.failed for report in reports)
    stored = [s.data for name in embedded.collections() for s in embedded.query(Query(name))]
    assert "s3cret" not in f"{stored} {reports}"
    assert "RATCHET_ALERT_URL" in str(stored)


def test_one_that_turns_while_it_is_told_is_told_again(embedded: Store) -> None:
    world = World()
    raise_alert(embedded, full())

    def turn() -> None:
        if len(world.posts) == 1:
            clear(embedded, minutes=1)

    world.before = turn
    told(embedded, world, sinks=ONE)
    assert [a.unsent for a in alerts(embedded)] == [True]
    told(embedded, world, minutes=1)
    assert world.heard() == ["full~disk~1~open~1", "full~disk~1~resolved~2"]


def test_one_that_flaps_is_told_of_as_often_as_its_quiet_time_has_it(embedded: Store) -> None:
    world = World()
    sinks = {"one": ONE["one"] | {"quietMinutes": 60}}
    for minute in range(0, 180):
        if minute % 10 == 0:
            raise_alert(embedded, full(minutes=minute))
        if minute % 10 == 5:
            clear(embedded, minutes=minute)
        told(embedded, world, minutes=minute, sinks=sinks if minute == 0 else None)
    states = [json.loads(post.body)["state"] for post in world.posts]
    assert states == ["open", "resolved"] * 3


def test_one_that_is_broken_by_hand_keeps_no_other_from_being_told(embedded: Store) -> None:
    world = World()
    raise_alert(embedded, full())
    embedded.set(Ref("ops_alerts", "bad"), {"v": 1, "what": 7, "unsent": True})
    embedded.set(Ref("ops_alerts", "full~renamed"), full("elsewhere").to_map())
    assert told(embedded, world, sinks=ONE).told == 1
    assert world.heard() == ["full~disk~1~open~1"]


def story(store: Store, world: World) -> None:
    """Raise, tell, answer, fail, mend and clear; each step may be done again."""
    steps: list[Any] = [
        lambda: raise_alert(store, full("a")),
        lambda: told(store, world),
        lambda: raise_alert(store, full("b", minutes=1, severity="critical")),
        lambda: clear_alert(store, "full", "a", now=NOON + MINUTE),
        lambda: told(store, world, minutes=1),
        lambda: told(store, world, minutes=HOUR / MINUTE),
    ]
    for step in steps:
        for _ in range(3):  # whoever died is called again
            try:
                step()
            except Died:
                continue
            break


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_any_call_loses_nothing(embedded: Store, when: Any) -> None:
    embedded.set(Ref("config", "alerts"), {"v": 1, "sinks": TWO})
    calm = FaultyStore(embedded)
    story(calm, World())
    for call in range(1, calm.calls + 1):
        for snapshot in embedded.query(Query("ops_alerts")):
            embedded.delete(snapshot.ref)
        world = World()
        story(FaultyStore(embedded, die_at=call, when=when), world)
        for host in ("hooks.example", OTHER):
            heard = {name.rpartition("~")[0] for name in world.heard(host)}
            assert {"full~a~1~resolved", "full~b~1~open"} <= heard, (call, host, heard)
        assert [a.unsent for a in alerts(embedded)] == [False, False]
