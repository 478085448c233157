"""The hourly verb: what it starts, runs and gives up, whatever fails, dies or runs twice."""

from datetime import timedelta

import pytest

from ratchet.govern.flags import FLAGS, Flags
from ratchet.policies.activate import reject
from ratchet.runs.studies.finish_study import Finished, finish_job
from ratchet.runs.studies.list_studies import list_studies
from ratchet.runs.studies.run_studies import MOST_ATTEMPTS, STUDENT, run_studies
from ratchet.runs.studies.run_study import begin_study, run_study
from ratchet.runs.studies.study import study_ref
from ratchet.runs.studies.study_job import job_ref
from ratchet.runs.studies.study_jobs import take_job
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store
from tests.support.drawn import GEMINI_BETTER, drawn
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    POLICY,
    TUNER,
    alerts,
    assert_agreement,
    head_of,
    statuses,
    switch_flags,
)
from tests.support.studying import DAY, HOUR, Desk, desk, told

NOW = timedelta(0)


def test_from_a_weak_card_to_a_draft_every_step_is_on_the_chain(store: Store) -> None:
    at = desk(store)
    at.card({"metric": "contradictions"})
    report = at.tick()
    name = f"{POLICY}-s3"
    assert (report.planned, report.waiting) == ((name,), (name,))
    take_job(store, KEYS, at.reader, TUNER, now=at.clock())
    said = Finished.parse({"state": "succeeded", "params": {"prompts": {"system": "be exact"}}})
    finish_job(store, KEYS, TUNER, name, said, now=at.clock())
    assert at.tick().waiting == ()
    assert told(store) == [
        ("study-plan", name, "planned", "run_studies"),
        ("study-start", name, "running", "tuner"),
        ("study-end", name, "succeeded", "tuner"),
    ]
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "draft"}
    assert_agreement(store)


def test_what_a_rule_started_is_run_and_kept_from_coming_again(embedded: Store) -> None:
    at = desk(embedded)
    at.card({"metric": "loss"})
    report = at.tick()
    assert report.planned == report.failed == (f"{POLICY}-s3",)
    (alert,) = alerts(embedded)
    assert (alert.what, alert.subject, alert.severity) == (
        "study-failed",
        f"{POLICY}-s3",
        "info",
    )
    assert alert.command == f"ratchet study show {POLICY}-s3"
    at.card({"metric": "loss"})
    assert at.tick(6 * DAY).planned == ()
    at.card({"metric": "loss"})
    assert len(at.tick(DAY).planned) == 1


def test_with_the_switch_off_what_no_person_started_is_given_up(store: Store) -> None:
    at = desk(store)
    at.card({"metric": "contradictions"}, {"metric": "loss"})
    at.configure(max_open=1)
    (ruled,) = at.tick().planned
    mine = at.plan("tool_tuning")
    own = at.plan("heuristic_training")
    switch_flags(store, enabled=False)
    at.card({"metric": "grounding"}, component="critic")
    report = at.tick()
    assert (report.planned, report.abandoned) == ((), (ruled,))
    assert report.waiting == (mine.id, own.id)
    ended = at.study(ruled)
    assert ended.reasons == ("learning was switched off, and no person started it",)
    job = store.get(job_ref(ruled))
    assert job is None or job.data["state"] == "done"
    assert at.on_roster() == [mine.id, own.id]
    assert_agreement(store)


def test_a_process_that_saw_the_switch_on_starts_and_runs_nothing(embedded: Store) -> None:
    at = desk(embedded)
    own = at.plan("parameter_tuning")
    at.card({"metric": "contradictions"})
    reader = at.reader
    assert reader.read(Flags).learning.enabled
    embedded.delete(FLAGS)
    report = run_studies(embedded, KEYS, reader, clock=at.clock)
    assert (report.planned, report.waiting) == ((), (own.id,))
    assert report.left == {"all": "plan a study: learning is switched off"}
    assert at.study(own.id) == own


def test_with_rules_off_what_people_planned_is_run(embedded: Store) -> None:
    at = desk(embedded)
    at.configure(enabled=False)
    at.card({"metric": "contradictions"})
    own = at.plan("parameter_tuning")
    report = at.tick()
    assert (report.planned, report.failed) == ((), (own.id,))


def test_one_that_cannot_be_read_or_run_stops_no_other(embedded: Store) -> None:
    at = desk(embedded)
    spoilt, poor, last = at.plan(), at.plan("heuristic_training"), at.plan("parameter_tuning")
    embedded.set(study_ref(spoilt.id), {"v": 1, "id": spoilt.id, "state": "flying"})
    report = at.tick()
    assert report.failed == (poor.id, last.id)
    subjects = {alert.subject: alert.severity for alert in alerts(embedded)}
    assert subjects == {"run_studies": "warning", poor.id: "info", last.id: "info"}


def test_two_rounds_at_once_start_and_run_each_study_once(embedded: Store) -> None:
    at = desk(embedded)
    at.card({"metric": "loss"}, {"metric": "contradictions"})

    class Twice(FaultyStore):
        """Another round runs, whole, before the first commit of this one."""

        def commit(self, writes: object) -> None:
            if not self.calls:
                self.calls = 1
                at.tick(NOW)
            self.inner.commit(writes)  # type: ignore[arg-type]

        def _call(self, name: str, act: object) -> object:  # type: ignore[override]
            return act()  # type: ignore[operator]

    at.tick(store=Twice(embedded))
    assert [(s.type, s.state) for s in list_studies(embedded, policy=POLICY)] == [
        ("prompt_synthesis", "planned"),
        ("parameter_tuning", "failed"),
    ]
    assert [action for action, *_ in told(embedded)] == [
        "study-plan",
        "study-plan",
        "study-start",
        "study-end",
    ]
    assert_agreement(embedded)


def test_a_runner_that_died_is_taken_up_after_its_lease_and_given_up_in_the_end(
    embedded: Store,
) -> None:
    at = desk(embedded)
    own = at.plan("parameter_tuning")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        begun = begin_study(embedded, KEYS, STUDENT, own.id, StudySettings(), now=at.clock())
        assert begun.attempts == attempt
        assert at.tick(HOUR).waiting == (own.id,)
        at.clock.advance(HOUR)
    assert at.tick(NOW).failed == (own.id,)
    assert at.study(own.id).reasons == ("it was begun 3 times, and whoever ran it died",)


def test_a_job_that_nobody_finished_in_time_has_failed(embedded: Store) -> None:
    at = desk(embedded)
    study = at.plan()
    assert at.tick(13 * DAY).waiting == (study.id,)
    assert at.tick(DAY).failed == (study.id,)
    job = embedded.get(job_ref(study.id))
    assert job is not None
    assert job.data["state"] == "done"


@pytest.mark.slow
def test_death_after_any_call_leaves_one_draft_of_each_study(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER)
    it.worker.roll()
    at = Desk(embedded, it.worker.clock)
    lease = timedelta(seconds=4)
    at.configure(lease_hours=lease / HOUR, seeds=2)
    deaths = 0
    while True:
        own = at.plan("parameter_tuning")
        dying = FaultyStore(embedded, die_at=deaths + 1, when="after")
        try:
            run_study(dying, KEYS, at.reader, STUDENT, own.id, clock=at.clock)
            break
        except Died:
            deaths += 1
        at.clock.advance(lease)
        if at.study(own.id).is_open:
            at.run(own.id, STUDENT)
        study = at.study(own.id)
        assert study.state == "succeeded", study.reasons
        (drafted,) = set(head_of(embedded).drafts) - {"1.0.1"}
        assert study.version == f"{POLICY}@{drafted}"
        reject(embedded, KEYS, ADA, POLICY, drafted, now=at.clock(), reason="test")
    assert deaths > 15
    assert at.on_roster() == []
    assert_agreement(embedded)
