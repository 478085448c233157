"""Schedules on the command line: Cloud Scheduler's jobs, and an embedded store's ticker."""

import pytest
from google.cloud import scheduler_v1

from ratchet.entry.ticks import SCHEDULES
from tests.support.commands import Ratchet
from tests.support.google import FakeScheduler, deployed

CLOUD = ("--store", "firestore://p-1")


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> FakeScheduler:
    fake = FakeScheduler(*deployed()[1:])
    monkeypatch.setattr(scheduler_v1, "CloudSchedulerClient", lambda: fake)
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    monkeypatch.delenv("RATCHET_REGION", raising=False)
    return fake


def test_the_jobs_of_a_project_are_listed_and_a_missing_one_is_marked(
    ratchet: Ratchet, scheduler: FakeScheduler
) -> None:
    lines = ratchet("schedules", "list", *CLOUD, "--json").lines
    assert [line["verb"] for line in lines] == list(SCHEDULES)
    assert lines[0]["state"] == "missing"
    assert "firebase deploy" in lines[0]["mend"]
    assert lines[1]["name"] == "firebase-schedule-roll_stats-us-central1"
    assert lines[1]["lastAttempt"] == 1_767_268_800_000
    shown = ratchet("schedules", "list", *CLOUD).out
    assert "p-1, us-central1" in shown
    assert "2026-01-01 12:00:00" in shown


@pytest.mark.parametrize("how", ["option", "variable"])
def test_project_and_region_are_options_or_variables(
    ratchet: Ratchet, scheduler: FakeScheduler, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    options: tuple[str, ...] = ("--project", "p-9", "--region", "europe-west1")
    if how == "variable":
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p-9")
        monkeypatch.setenv("RATCHET_REGION", "europe-west1")
        options = ()
    assert ratchet("schedules", "list", *options).status == 0
    assert scheduler.calls == [("list_jobs", "projects/p-9/locations/europe-west1")]


def test_a_job_is_paused_resumed_and_run(ratchet: Ratchet, scheduler: FakeScheduler) -> None:
    name = "firebase-schedule-sweep-us-central1"
    assert ratchet("schedules", "pause", "sweep", *CLOUD).out == f"{name} is paused\n"
    assert "ratchet schedules resume sweep" in ratchet("schedules", "list", *CLOUD).out
    assert ratchet("schedules", "resume", name, *CLOUD).out == f"{name} is enabled\n"
    assert ratchet("schedules", "run", "sweep", *CLOUD).out == f"{name} was asked to run\n"
    assert ratchet("schedules", "pause", "sweep", *CLOUD, "--json").json["state"] == "paused"
    made = {call for call, *_ in scheduler.calls}
    assert made == {"list_jobs", "pause_job", "resume_job", "run_job"}


def test_a_job_that_is_not_there_is_not_found(ratchet: Ratchet, scheduler: FakeScheduler) -> None:
    ran = ratchet("schedules", "run", "score_observations", *CLOUD, "--json")
    assert (ran.status, ran.error["code"]) == (3, "RATCHET-2001")


def test_an_embedded_store_shows_its_ticker(ratchet: Ratchet, scheduler: FakeScheduler) -> None:
    assert {x["state"] for x in ratchet("schedules", "list", "--json").lines} == {"due"}
    assert ratchet("tick").status == 0
    lines = ratchet("schedules", "list", "--json").lines
    assert [line["verb"] for line in lines] == list(SCHEDULES)
    assert all(line["lastAttempt"] < line["next"] for line in lines)
    assert "every 5m" in ratchet("schedules", "list").out
    assert scheduler.calls == []


def test_an_embedded_store_runs_a_verb_now(ratchet: Ratchet, scheduler: FakeScheduler) -> None:
    ran = ratchet("schedules", "run", "verify_audit", "--json")
    assert (ran.status, ran.json) == (0, {"verify_audit": {"streams": [], "versions": []}})
    assert "streams" in ratchet("schedules", "run", "verify_audit").out
    assert scheduler.calls == []
    states = {x["verb"]: x["state"] for x in ratchet("schedules", "list", "--json").lines}
    assert [verb for verb, state in states.items() if state == "waiting"] == ["verify_audit"]
    ran = ratchet("schedules", "run", "verify_audits", "--json")
    assert (ran.status, ran.error["field"]) == (2, "name")
    assert "verify_audit" in ran.error["mend"]


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_embedded_store_has_nothing_to_hold(
    ratchet: Ratchet, scheduler: FakeScheduler, verb: str
) -> None:
    ran = ratchet("schedules", verb, "sweep", "--json")
    assert (ran.status, ran.error["code"]) == (4, "RATCHET-3001")
    assert "--project" in ran.error["mend"]
    assert scheduler.calls == []


def test_an_emulator_has_no_cloud_scheduler(
    ratchet: Ratchet, scheduler: FakeScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    assert ratchet("schedules", "pause", "sweep", *CLOUD).status == 4
    assert scheduler.calls == []
    assert ratchet("schedules", "pause", "sweep", "--project", "p-1").status == 0
