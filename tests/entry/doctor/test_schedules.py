"""Schedules: something runs every verb, and each ran lately."""

from datetime import timedelta

import pytest
from google.cloud.scheduler_v1 import Job

from ratchet.entry.ticks import SCHEDULES
from ratchet.store.port import Ref, Store
from tests.support.examined import CLOUD, case, found, google
from tests.support.google import NOON, FakeScheduler, deployed, job

MINUTE = timedelta(minutes=1)


def in_cloud(*jobs: Job, after: timedelta = timedelta(0)) -> list[tuple[str, str, str]]:
    """Examine some jobs, some time after they ran."""
    side = google(scheduler=FakeScheduler(*jobs))
    return found("schedules", case(url=CLOUD, now=NOON + after, side=side))


def others() -> list[Job]:
    """Return the jobs of every verb but the sweep."""
    return [each for each in deployed() if "schedule-sweep-" not in each.name]


def test_jobs_that_ran_are_well_and_jobs_of_others_are_no_matter() -> None:
    foreign = job("somebody_elses", code=13)
    assert in_cloud(*deployed(), foreign, after=MINUTE) == [("ok", "20 verbs ran lately", "")]


def test_a_verb_without_a_job_is_an_error() -> None:
    ((severity, text, mend),) = in_cloud(*others())
    assert (severity, text) == ("error", "sweep: nothing runs it")
    assert "firebase deploy" in mend


@pytest.mark.parametrize(
    ("sweep", "severity", "mend"),
    [
        (job("sweep", state="PAUSED"), "warning", "ratchet schedules resume sweep"),
        (job("sweep", state="UPDATE_FAILED"), "warning", "ratchet schedules resume sweep"),
        (job("sweep", last_attempt_time=None), "warning", "ratchet schedules run sweep"),
        (job("sweep", code=13), "error", "see the function's log"),
        (
            job("sweep", last_attempt_time=NOON - timedelta(days=3, minutes=3)),
            "error",
            "ratchet schedules run sweep",
        ),
    ],
)
def test_a_job_that_does_not_run_is_found(sweep: Job, severity: str, mend: str) -> None:
    ((told, text, how),) = in_cloud(*others(), sweep)
    assert (told, how) == (severity, mend)
    assert text.startswith("sweep: ")


def test_a_job_may_miss_a_run_or_two() -> None:
    late = job("sweep", last_attempt_time=NOON - timedelta(days=3))
    assert in_cloud(*others(), late)[0][0] == "ok"


def ticked(store: Store, **minutes_ago: float) -> None:
    at = {verb: NOON - minutes_ago.get(verb, 0) * MINUTE for verb in SCHEDULES}
    store.set(Ref("ops_checkpoints", "ticks"), {"v": 1, "at": at})


def test_without_cloud_scheduler_the_ticker_counts(store: Store) -> None:
    ticked(store, score_observations=5, roll_stats=17)
    assert found("schedules", case(store)) == [("ok", "20 verbs ran lately", "")]
    ticked(store, score_observations=6, roll_stats=17, sweep=3 * 24 * 60 + 3)
    said = found("schedules", case(store))
    assert [(severity, text) for severity, text, _ in said] == [
        ("warning", "score_observations: last ran 6m ago"),
        ("warning", "sweep: last ran 72.0 h ago"),
    ]
    assert {mend for *_, mend in said} == {"ratchet tick --watch"}


def test_a_store_that_never_ticked_names_what_never_ran(store: Store) -> None:
    ((severity, text, _),) = found("schedules", case(store))
    assert severity == "warning"
    assert all(verb in text for verb in SCHEDULES)
    at = dict.fromkeys(list(SCHEDULES)[:-1], NOON)
    store.set(Ref("ops_checkpoints", "ticks"), {"v": 1, "at": at})
    assert found("schedules", case(store))[0][1] == "never ran yet: deliver_alerts"


def test_an_emulator_has_the_ticker_alone(embedded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    ticked(embedded)
    assert found("schedules", case(embedded, url=CLOUD))[0][0] == "ok"
