"""The scheduled functions: each runs its verb and no other, when Cloud Scheduler posts."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from ratchet.entry import schedules
from ratchet.entry.logs import JsonLines
from ratchet.entry.schedules import cron
from ratchet.entry.ticks import SCHEDULES
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Unavailable
from ratchet.store.port import Ref, Store
from tests.support.functions import SERVICE, Functions
from tests.support.observing import observation

EVERY = pytest.mark.parametrize("name", list(SCHEDULES))
TICKS = Ref("ops_checkpoints", "ticks")
TRACE = "105445aa7843bc8bf206b12000100000"


def ran(store: Store) -> dict[str, Any]:
    """Return which verbs ran, and when."""
    found = store.get(TICKS)
    at: dict[str, Any] = found.data["at"] if found else {}
    return at


@EVERY
def test_a_post_runs_the_verb_of_the_name_at_the_functions_own_time(
    governed: Store, functions: Functions, clock: ManualClock, name: str
) -> None:
    headers = {"X-CloudScheduler-ScheduleTime": "2020-01-01T00:00:00Z"}
    answer = functions.tick(name, headers=headers)
    assert (answer.status, answer.response.data) == (200, b"")
    assert ran(governed) == {name: clock()}


def test_a_post_scores_what_was_recorded(
    governed: Store, functions: Functions, clock: ManualClock
) -> None:
    sent = {"id": "o1"} | observation(clock())
    assert functions.send("record", actor=SERVICE, json=sent).status == 200
    clock.advance(timedelta(seconds=10))
    assert functions.tick("score_observations").status == 200
    assert governed.get(Ref("ops_rewards", "o1")) is not None


@EVERY
def test_a_look_whether_the_worker_is_up_runs_nothing(
    governed: Store, functions: Functions, name: str
) -> None:
    assert functions.send(name, method="GET").status == 200
    assert ran(governed) == {}


def test_a_verb_that_fails_is_a_500_and_is_not_said_to_have_run(
    governed: Store, functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise Unavailable("the store did not answer")

    monkeypatch.setattr(schedules, "run_verb", failing)
    assert functions.tick("sweep").status == 500
    assert ran(governed) == {}


def test_a_run_is_logged_with_its_report_and_trace(
    governed: Store, functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(JsonLines())
    with caplog.at_level(logging.INFO, "ratchet"):
        functions.tick("verify_audit", headers={"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"})
    line = json.loads(caplog.text.splitlines()[-1])
    assert (line["message"], line["function"]) == ("verify_audit", "verify_audit")
    assert {s["stream"] for s in line["report"]["streams"]} == {"config", "router-core"}
    assert line["logging.googleapis.com/trace"].endswith(TRACE)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "every 1 minutes"),
        (90, "every 90 minutes"),
        (60, "every 1 hours"),
        (1440, "every 24 hours"),
    ],
)
def test_a_period_is_said_as_cloud_scheduler_takes_it(minutes: int, said: str) -> None:
    assert cron(timedelta(minutes=minutes)) == said


def test_a_time_of_day_is_said_as_cloud_scheduler_takes_it() -> None:
    assert cron(timedelta(days=1), timedelta(hours=2)) == "every day 02:00"
    assert cron(timedelta(days=1), timedelta(hours=23, minutes=5)) == "every day 23:05"
    assert cron(timedelta(days=7), timedelta(hours=6)) == "every thursday 06:00"
