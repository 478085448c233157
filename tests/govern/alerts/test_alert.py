"""Alerts as values: what stays and what begins anew when one is seen again."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.alerts.alert import Alert, alert, counted
from tests.support.governed import NOON

MINUTE = timedelta(minutes=1)
# As alerts were stored before they had a state.
OLD: dict[str, Any] = {
    "v": 1,
    "what": "full",
    "subject": "disk",
    "severity": "warning",
    "text": "the disk is full",
    "evidence": {},
    "command": "",
    "firstSeen": NOON,
    "lastSeen": NOON + MINUTE,
    "count": 7,
}


def seen(severity: Any = "warning", *, minutes: float = 0) -> Alert:
    return alert("full", "disk", severity, "the disk is full", now=NOON + minutes * MINUTE)


def test_one_that_was_stored_before_there_were_states_stands_and_is_told_to_nobody() -> None:
    old = Alert.from_store(OLD)
    assert (old.state, old.episode, old.total, old.unsent) == ("open", 1, 7, False)
    again = counted(old, seen(minutes=2))
    assert (again.count, again.turn, again.unsent) == (8, 1, False)
    assert counted(old, seen("critical", minutes=2)).unsent


def test_an_acknowledged_one_counts_on_and_stays_acknowledged() -> None:
    known = seen().acked("ada", "on it", now=NOON)
    again = counted(known, seen(minutes=1))
    assert (again.state, again.count, again.turn) == ("acknowledged", 2, known.turn)
    assert again.acknowledged is not None
    assert again.acknowledged.note == "on it"


@pytest.mark.parametrize(
    ("severities", "state", "turn"),
    [
        (["info", "warning"], "acknowledged", 2),
        (["warning", "warning"], "acknowledged", 2),
        (["critical"], "open", 3),
        (["critical", "warning", "critical"], "open", 3),
    ],
)
def test_only_what_is_worse_than_was_acknowledged_opens_it_again(
    severities: list[Any], state: str, turn: int
) -> None:
    found = seen().acked("ada", "on it", now=NOON)
    for minute, severity in enumerate(severities, 1):
        found = counted(found, seen(severity, minutes=minute))
    assert (found.state, found.turn) == (state, turn)
    assert (found.acknowledged is None) == (state == "open")
    assert (found.severity, found.count) == (severities[-1], 1 + len(severities))


def test_one_that_was_acknowledged_when_it_was_mild_opens_at_its_old_worst() -> None:
    mild = counted(seen("critical"), seen("info", minutes=1)).acked("ada", "on it", now=NOON)
    assert counted(mild, seen("critical", minutes=2)).state == "open"


def test_an_episode_forgets_what_was_said_of_the_one_before() -> None:
    over = seen().acked("ada", "on it", now=NOON).ended("ada", "mended", now=NOON)
    again = counted(over, seen(minutes=5))
    assert (again.state, again.episode, again.count, again.earlier) == ("open", 2, 1, 1)
    assert (again.acknowledged, again.resolved, again.turn, again.unsent) == (None, None, 4, True)
    third = counted(again.ended("bob", "mended", now=NOON), seen(minutes=9))
    assert (third.episode, third.total) == (3, 3)


def test_every_turn_survives_the_store() -> None:
    over = seen().acked("ada", "on it", now=NOON).ended("ada", "mended", now=NOON)
    assert Alert.from_store(over.to_map()) == over
