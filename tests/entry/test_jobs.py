"""Jobs are listed, held and run; nothing changes their timing."""

from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions as google
from google.cloud.scheduler_v1 import Job as CloudJob

from ratchet.entry.cloud import Place
from ratchet.entry.jobs import act_on_job, cloud_jobs, last_runs, local_jobs
from ratchet.entry.ticks import SCHEDULES, run_due
from ratchet.entry.wiring import wire
from ratchet.kernel.errors import NotFound, Refused
from ratchet.store.port import Store
from tests.support.google import NOON, PARENT, FakeScheduler, deployed, job
from tests.support.governed import KEYS

PLACE = Place("p-1")
SWEEP = f"{PARENT}/jobs/firebase-schedule-sweep-us-central1"


def test_every_verb_of_a_deployment_has_its_job_in_order() -> None:
    found = cloud_jobs(FakeScheduler(*reversed(deployed())), PLACE)
    assert [j.verb for j in found] == list(SCHEDULES)
    assert {j.state for j in found} == {"enabled"}
    assert not any(j.mend for j in found)


def test_a_job_shows_its_schedule_its_last_run_and_its_next() -> None:
    later = NOON + timedelta(minutes=1)
    scheduler = FakeScheduler(job("sweep", code=13, schedule="0 3 * * *", schedule_time=later))
    (found,) = [j for j in cloud_jobs(scheduler, PLACE) if j.verb == "sweep"]
    assert found.name == "firebase-schedule-sweep-us-central1"
    assert found.schedule == "0 3 * * * (UTC)"
    assert (found.last_attempt, found.last_status) == (NOON, "INTERNAL")
    assert found.next == datetime(2026, 1, 1, 12, 1, tzinfo=UTC)


def test_a_job_that_never_ran_has_no_status() -> None:
    (found, *_) = cloud_jobs(
        FakeScheduler(job("score_observations", last_attempt_time=None)), PLACE
    )
    assert (found.last_attempt, found.last_status) == (None, "")


def test_a_verb_without_a_job_is_marked_and_a_deployment_mends_it() -> None:
    jobs = [j for j in deployed() if "schedule-sweep-" not in j.name]
    (lost,) = [j for j in cloud_jobs(FakeScheduler(*jobs), PLACE) if j.state == "missing"]
    assert lost.verb == "sweep"
    assert "firebase deploy" in lost.mend


def test_a_job_of_another_region_or_maker_is_no_verbs() -> None:
    foreign = CloudJob(name=f"{PARENT}/jobs/firebase-schedule-sweep-europe-west1")
    own = CloudJob(name=f"{PARENT}/jobs/sweep")
    found = cloud_jobs(FakeScheduler(foreign, own), PLACE)
    assert [j.name for j in found if j.name] == ["firebase-schedule-sweep-europe-west1", "sweep"]
    assert {j.verb for j in found if j.state == "missing"} == set(SCHEDULES)


def test_a_job_is_named_by_its_verb_or_by_its_own_name() -> None:
    scheduler = FakeScheduler(job("sweep"), CloudJob(name=f"{PARENT}/jobs/mine"))
    assert act_on_job(scheduler, PLACE, "sweep", "pause").state == "paused"
    assert act_on_job(scheduler, PLACE, "mine", "run").name == "mine"
    assert scheduler.calls == [("pause_job", SWEEP), ("run_job", f"{PARENT}/jobs/mine")]


def test_a_paused_job_names_the_command_that_resumes_it() -> None:
    scheduler = FakeScheduler(*deployed())
    paused = act_on_job(scheduler, PLACE, "sweep", "pause")
    assert paused.mend == "ratchet schedules resume sweep"
    assert paused.next is None
    assert act_on_job(scheduler, PLACE, "sweep", "resume").state == "enabled"


def test_no_act_changes_a_timing() -> None:
    scheduler = FakeScheduler(*deployed())
    before = {name: held.schedule for name, held in scheduler.jobs.items()}
    cloud_jobs(scheduler, PLACE)
    for verb in SCHEDULES:
        act_on_job(scheduler, PLACE, verb, "pause")
        act_on_job(scheduler, PLACE, verb, "resume")
        act_on_job(scheduler, PLACE, verb, "run")
    made = {call for call, *_ in scheduler.calls}
    assert made == {"list_jobs", "pause_job", "resume_job", "run_job"}
    assert {name: held.schedule for name, held in scheduler.jobs.items()} == before


def test_a_job_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound, match="firebase-schedule-sweep-us-central1"):
        act_on_job(FakeScheduler(), PLACE, "sweep", "run")


def test_who_may_not_see_the_jobs_is_refused() -> None:
    denied = google.PermissionDenied("no")  # type: ignore[no-untyped-call]  # no types
    with pytest.raises(Refused, match=r"cloudscheduler\.admin"):
        cloud_jobs(FakeScheduler(error=denied), PLACE)


def test_a_pager_that_fails_on_its_way_is_refused_too() -> None:
    class Pager(FakeScheduler):
        def list_jobs(self, *, parent: str, **_: object) -> object:
            yield job("sweep")
            raise google.PermissionDenied("no")  # type: ignore[no-untyped-call]  # no types

    with pytest.raises(Refused):
        cloud_jobs(Pager(), PLACE)


def test_before_the_first_tick_every_verb_is_due(store: Store) -> None:
    found = local_jobs(store, NOON)
    assert [j.verb for j in found] == list(SCHEDULES)
    assert {j.state for j in found} == {"due"}
    assert {j.last_attempt for j in found} == {None}


def test_what_the_ticker_ran_is_shown_and_is_due_when_the_ticker_runs_it_again(
    store: Store,
) -> None:
    at = NOON + timedelta(minutes=59, seconds=30)
    app = wire(store, KEYS, lambda: at)
    run_due(app, now=at)
    assert set(last_runs(store).values()) == {at}
    shown = {j.verb: j for j in local_jobs(store, at)}
    assert {j.state for j in shown.values()} == {"waiting"}
    assert shown["score_observations"].schedule == "every 1m"
    assert shown["sweep"].schedule == "every 1d"
    assert shown["sweep"].next == datetime(2026, 1, 2, tzinfo=UTC)
    later = at + timedelta(seconds=30)  # a new minute, five minutes and hour, and the same day
    due = {j.verb for j in local_jobs(store, later) if j.state == "due"}
    assert due == {name for name, s in SCHEDULES.items() if s.every <= timedelta(hours=1)}
    assert shown["load_labels"].schedule == "every 1d at 02:00 UTC"
    assert set(run_due(wire(store, KEYS, lambda: later), now=later)) == due
