"""When a sink is told: at once, later, or never."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.alerts.alert import Alert, Sent, counted
from ratchet.govern.alerts.due import step, was_refused, was_skipped, was_told
from ratchet.govern.alerts.settings import SinkSpec
from tests.support.governed import NOON
from tests.support.sinks import HOUR, MINUTE, full


def spec(**given: Any) -> SinkSpec:
    return SinkSpec.parse({"kind": "log"} | given)


def told(about: Alert, *, minutes: float = 0) -> Alert:
    sent = was_told(about, "s", now=NOON + minutes * MINUTE)
    return about.model_copy(update={"sent": {"s": sent}})


def over(about: Alert, *, minutes: float) -> Alert:
    return about.ended("machine", "gone", now=NOON + minutes * MINUTE)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "tell"),
        ({"minSeverity": "warning"}, "tell"),
        ({"minSeverity": "critical"}, "skip"),
        ({"rules": ["full"]}, "tell"),
        ({"rules": ["lag", "cost"]}, "skip"),
    ],
)
def test_a_sink_is_told_what_it_asks_for(given: dict[str, Any], wanted: str) -> None:
    assert step(full(), "s", spec(**given), now=NOON) == wanted


def test_each_turn_is_told_once_and_a_sighting_is_none() -> None:
    known = told(full())
    assert step(known, "s", spec(), now=NOON) == "done"
    assert step(counted(known, full(minutes=1)), "s", spec(), now=NOON) == "done"
    worse = counted(known, full(minutes=1, severity="critical"))
    assert step(worse, "s", spec(), now=NOON) == "tell"
    assert step(known.acked("ada", "", now=NOON), "s", spec(), now=NOON) == "tell"
    assert step(over(known, minutes=1), "s", spec(), now=NOON) == "tell"


def test_who_was_told_of_a_beginning_is_told_of_the_end_though_it_became_mild() -> None:
    critical = spec(minSeverity="critical")
    mild = counted(told(full(severity="critical")), full(severity="info", minutes=1))
    assert step(over(mild, minutes=2), "s", critical, now=NOON) == "tell"
    never = over(full(severity="info"), minutes=2)
    assert step(never, "s", critical, now=NOON) == "skip"


def test_a_sink_that_fails_is_not_told_so_by_itself() -> None:
    about = full("s").model_copy(update={"what": "sink-failed"})
    assert step(about, "s", spec(), now=NOON) == "skip"
    assert step(about, "other", spec(), now=NOON) == "tell"


def test_what_comes_back_in_quiet_time_is_told_behind_it_if_it_stands() -> None:
    quiet = spec(quietMinutes=60)
    first = told(over(told(full()), minutes=5), minutes=5)
    again = counted(first, full(minutes=10))
    assert step(again, "s", spec(), now=NOON + 10 * MINUTE) == "tell"
    assert step(again, "s", quiet, now=NOON + 59 * MINUTE) == "wait"
    assert step(again, "s", quiet, now=NOON + 60 * MINUTE) == "tell"
    assert step(over(again, minutes=20), "s", quiet, now=NOON + 20 * MINUTE) == "skip"


def test_the_end_of_what_was_told_is_told_in_quiet_time_too() -> None:
    ended = over(told(full()), minutes=5)
    assert step(ended, "s", spec(quietMinutes=60), now=NOON + 5 * MINUTE) == "tell"


def test_tries_come_farther_and_farther_apart_and_end_after_a_day() -> None:
    about, now, pauses = full(), NOON, []
    while now - NOON < timedelta(days=2):
        sent = was_refused(about, "s", "no", now=now)
        about = about.model_copy(update={"sent": {"s": sent}})
        if sent.next_at is None:
            break
        pauses.append((sent.next_at - now) / MINUTE)
        assert step(about, "s", spec(), now=sent.next_at - MINUTE / 60) == "wait"
        assert step(about, "s", spec(), now=sent.next_at) == "tell"
        now = sent.next_at
    assert pauses == [1, 5, 15] + 24 * [60]
    assert step(about, "s", spec(), now=now) == "done"
    assert about.sent["s"].fault == "no"
    assert now - NOON == 24 * HOUR + 21 * MINUTE


def test_a_sink_that_took_it_has_no_fault_any_more() -> None:
    failed = full().model_copy(update={"sent": {"s": Sent(tries=3, fault="no", next_at=NOON)}})
    assert was_told(failed, "s", now=NOON) == Sent(turn=1, episode=1, told_at=NOON)
    assert was_skipped(failed, "s") == Sent(turn=1)
