"""The page that follows a rollout, until it has ended."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ratchet.entry.cli import rollout_watch
from ratchet.kernel.clock import ManualClock
from tests.support.commands import Ratchet
from tests.support.units_served import clock_of_commands, close_hours, serve, started


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    return clock_of_commands(monkeypatch)


def on_sleep(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[float]:
    """Do something instead of sleeping; returns the lengths asked for."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        act()

    monkeypatch.setattr(rollout_watch, "sleep", sleep)
    return slept


def test_bounds_and_thresholds_are_drawn_and_charted(ratchet: Ratchet, clock: ManualClock) -> None:
    rollout = started(ratchet)
    serve(ratchet, rollout, clock, 400, costUsd=0.02)
    close_hours(ratchet, clock)
    ratchet("rollout", "evaluate")
    told = ratchet("rollout", "watch", rollout, "--once", "--svg", "a.svg").out
    drawn = [line for line in told.splitlines() if line.startswith("1.0.1 ")]
    metrics = [line.split()[1] for line in drawn if "[" in line]
    assert metrics == ["reward", "success", "slow", "cost"]
    assert "better to the right" in told
    chart = ElementTree.parse("a.svg").getroot()
    titles = [text.text or "" for text in chart.iter("{http://www.w3.org/2000/svg}text")]
    assert sum("how much better" in title for title in titles) == len(metrics)
    refused = ratchet("rollout", "watch", rollout, "--once", "--svg", "no/such/folder.svg")
    assert (refused.status, Path("a.svg").exists()) == (2, True)


def test_pages_follow_each_other_until_the_rollout_has_ended(
    ratchet: Ratchet, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = started(ratchet, "--mode", "canary")
    head: list[str] = []

    def promote() -> None:
        given = ("--reason", "go", "--by", "ada", "--json")
        head.append(ratchet("rollout", "override", rollout, "PROMOTE", *given).json["rollout"])

    slept = on_sleep(monkeypatch, promote)
    told = ratchet("rollout", "watch", rollout, "--every", "7").out
    assert slept == [7.0]
    assert "promoted by override" in told
    assert told.endswith(f"{head[0]} runs now: ratchet rollout watch {head[0]}\n")


def test_an_interrupt_ends_the_watching_and_nothing_else(
    ratchet: Ratchet, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = started(ratchet, "--mode", "canary")

    def interrupt() -> None:
        raise KeyboardInterrupt

    slept = on_sleep(monkeypatch, interrupt)
    clock.advance(timedelta(minutes=1))
    assert ratchet("rollout", "watch", rollout).status == 0
    assert slept == [30.0]
    assert ratchet("rollout", "list", "--json").json["state"] == "running"


def test_before_any_verdict_there_is_no_chart(ratchet: Ratchet, clock: ManualClock) -> None:
    ran = ratchet("rollout", "watch", started(ratchet), "--once", "--svg", "a.svg")
    assert (ran.status, Path("a.svg").exists()) == (0, False)
    assert "a.svg is not written: there is no verdict to chart yet" in ran.out
