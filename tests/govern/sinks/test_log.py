"""The log sink: a structured line of each turn."""

import logging

import pytest

from ratchet.govern.sinks.log import LogSettings, tell
from tests.support.governed import NOON
from tests.support.sinks import World, full


@pytest.mark.parametrize(
    ("severity", "level"),
    [("info", logging.INFO), ("warning", logging.WARNING), ("critical", logging.ERROR)],
)
def test_an_alert_is_logged_at_its_level_with_its_fields(severity: str, level: int) -> None:
    world = World()
    tell(LogSettings(), full(severity=severity), world.outlets)
    ((at, text, fields),) = world.lines
    assert (at, text) == (level, f"alert {severity}, opened: the disk is full")
    assert fields["alert"]["command"] == "ratchet doctor"
    assert fields["alert"]["alert"] == "full~disk"


def test_what_is_over_is_no_warning_and_who_said_so_is_not_logged() -> None:
    world = World()
    over = full(severity="critical").ended("ada@example.org", "ada made room", now=NOON)
    tell(LogSettings(), over, world.outlets)
    ((level, text, fields),) = world.lines
    assert (level, text) == (logging.INFO, "alert critical, resolved: the disk is full")
    assert "ada" not in f"{text} {fields}"
