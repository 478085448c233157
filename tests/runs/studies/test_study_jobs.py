"""Jobs: a service takes one for as long as a lease, and says once what came of it."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import Conflict, InvalidInput, LearningOff, NotFound, Refused
from ratchet.policies.activate import reject
from ratchet.policies.history import get_version
from ratchet.runs.studies.finish_study import Finished, finish_job
from ratchet.runs.studies.study import Study
from ratchet.runs.studies.study_job import StudyJob
from ratchet.runs.studies.study_jobs import list_jobs, take_job
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    PARAMS,
    POLICY,
    assert_agreement,
    draft,
    head_of,
    statuses,
    switch_flags,
)
from tests.support.studying import HOUR, Desk, desk, told

SMITH, OTHER = machine("smith@x.iam"), machine("other@x.iam")
USER = Actor(name="smith-uid", kind="person", role="service")
PROMPTS = {"prompts": {"system": "say only what the sources say"}}
MADE: dict[str, Any] = {
    "state": "succeeded",
    "params": PROMPTS,
    "costUsd": 1.5,
    "durationMs": 60000,
    "stability": {"seeds": 3, "agreeing": 2, "mean": 0.1, "sd": 0.02},
    "reasons": ["contradictions halved on the gold set"],
}


def take(at: Desk, actor: Actor = SMITH, **options: Any) -> StudyJob:
    return take_job(at.store, KEYS, at.reader, actor, now=at.clock(), **options)


def finish(at: Desk, study: Study, said: Any, actor: Actor = SMITH, **options: Any) -> Study:
    store = options.pop("store", at.store)
    finished = Finished.parse(said)
    return finish_job(store, KEYS, actor, study.id, finished, now=at.clock(), **options)


def test_a_job_is_taken_and_its_params_become_a_draft_for_a_person(store: Store) -> None:
    at = desk(store)
    study = at.plan()
    job = take(at)
    assert (job.study, job.state, job.taken_by) == (study.id, "taken", SMITH.name)
    assert job.lease_until == at.clock() + 2 * HOUR
    assert at.study(study.id).state == "running"
    ended = finish(at, study, MADE)
    assert (ended.state, ended.version) == ("succeeded", f"{POLICY}@1.0.1")
    assert (ended.cost_usd, ended.duration_ms) == (1.5, 60000)
    assert ended.stability is not None
    assert ended.stability.agreeing == 2
    made = get_version(store, KEYS, POLICY, "1.0.1")
    assert (made.status, made.change_class, made.created_by) == ("draft", "behaviour", SMITH.name)
    assert made.params == PARAMS | PROMPTS
    assert told(store) == [
        ("study-plan", study.id, "planned", "ada"),
        ("study-start", study.id, "running", SMITH.name),
        ("study-end", study.id, "succeeded", SMITH.name),
    ]
    assert (at.on_roster(), list_jobs(store)) == ([], [])
    assert_agreement(store)


def test_the_same_result_again_is_a_success_and_another_a_conflict(store: Store) -> None:
    at = desk(store)
    study = at.plan()
    take(at)
    first = finish(at, study, MADE)
    assert finish(at, study, MADE) == first
    with pytest.raises(Conflict, match="finished with another result"):
        finish(at, study, MADE | {"costUsd": 2.0})
    assert list(statuses(store)) == ["1.0.0", "1.0.1"]


def test_death_after_any_call_makes_no_second_draft(embedded: Store) -> None:
    at = desk(embedded)
    drafts, calls = 0, 1
    while calls:
        study = at.plan()
        take(at)
        said = MADE | {"params": {"prompts": {"system": f"try {drafts}"}}}
        dying = FaultyStore(embedded, die_at=calls, when="after")
        try:
            finish(at, study, said, store=dying)
            calls = 0
        except Died:
            calls += 1
        assert finish(at, study, said).state == "succeeded"
        drafts += 1
        assert len(head_of(embedded).drafts) == drafts
    assert drafts > 5
    assert_agreement(embedded)


def test_one_that_nobody_took_or_another_did_is_refused(embedded: Store) -> None:
    at = desk(embedded)
    study = at.plan()
    with pytest.raises(Refused, match="was taken by nobody"):
        finish(at, study, MADE)
    take(at)
    with pytest.raises(Refused, match=f"in the hands of {SMITH.name}, until 2026-01-01 15:00"):
        finish(at, study, MADE, OTHER)
    with pytest.raises(Refused, match="in the hands of"):
        take(at, OTHER, study_id=study.id)
    at.abandon(study.id)
    with pytest.raises(Refused, match="is done, or its study was given up"):
        finish(at, study, MADE)
    assert list(statuses(embedded)) == ["1.0.0"]


def test_a_lease_is_renewed_by_name_and_lost_to_others_when_it_passes(embedded: Store) -> None:
    at = desk(embedded)
    study = at.plan()
    take(at)
    at.clock.advance(HOUR)
    assert take(at, study_id=study.id).lease_until == at.clock() + 2 * HOUR
    assert len(told(embedded)) == 2
    at.clock.advance(2 * HOUR - timedelta(seconds=1))
    with pytest.raises(NotFound, match="no job waits"):
        take(at, OTHER)
    at.clock.advance(timedelta(seconds=1))
    assert take(at, OTHER).taken_by == OTHER.name
    assert at.study(study.id).attempts == 2
    with pytest.raises(Refused):
        finish(at, study, MADE)


def test_the_oldest_free_job_of_a_type_is_given(embedded: Store) -> None:
    at = desk(embedded)
    first, second = at.plan(), at.plan("tool_tuning")
    at.clock.advance(HOUR)
    third = at.plan(component="critic")
    assert take(at, type="tool_tuning").study == second.id
    assert [take(at).study, take(at).study] == [first.id, third.id]
    assert [job.study for job in list_jobs(embedded)] == [first.id, second.id, third.id]


def test_with_the_switch_off_only_a_persons_job_is_taken_and_nothing_is_drafted(
    store: Store,
) -> None:
    at = desk(store)
    limits = StudySettings()
    ruled = at.plan("tool_tuning", actor=machine("run_studies"), limits=limits)
    study = at.plan()
    switch_flags(store, enabled=False)
    with pytest.raises(LearningOff):
        take(at, study_id=ruled.id)
    assert take(at).study == study.id
    with pytest.raises(LearningOff):
        finish(at, study, MADE)
    assert at.study(study.id).state == "running"
    assert finish(at, study, {"state": "failed", "reasons": ["no better"]}).state == "failed"


def test_a_users_service_drafts_as_a_machine_and_an_admin_by_name(embedded: Store) -> None:
    at = desk(embedded)
    study = at.plan()
    take(at, USER)
    finish(at, study, MADE, USER)
    assert get_version(embedded, KEYS, POLICY, "1.0.1").created_by == USER.name
    switch_flags(embedded, enabled=False)
    other = at.plan("tool_tuning")
    take(at, ADA)
    assert finish(at, other, MADE, ADA, reason="by hand").version == f"{POLICY}@1.0.2"


def test_a_version_that_it_ends_with_is_a_draft(embedded: Store) -> None:
    at = desk(embedded)
    study = at.plan()
    take(at)
    made = {"state": "succeeded", "version": "1.0.1"}
    with pytest.raises(NotFound, match=f"{POLICY}@1.0.1 does not exist"):
        finish(at, study, made)
    draft(embedded, PARAMS | PROMPTS)
    draft(embedded, PARAMS | {"cooldownMs": 1})
    reject(embedded, KEYS, ADA, POLICY, "1.0.2", now=at.clock(), reason="test")
    with pytest.raises(Refused, match="is no draft: it is rejected"):
        finish(at, study, made | {"version": "1.0.2"})
    with pytest.raises(Refused, match="is no draft: it is active"):
        finish(at, study, made | {"version": "1.0.0"})
    assert finish(at, study, made).version == f"{POLICY}@1.0.1"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"state": "succeeded"}, "version"),
        (MADE | {"version": "1.0.1"}, "version"),
        ({"state": "failed", "params": PROMPTS, "reasons": ["x"]}, "params"),
        ({"state": "failed"}, "reasons"),
        ({"state": "abandoned"}, "state"),
        (MADE | {"costUsd": -1}, "costUsd"),
        (MADE | {"version": "latest"}, "version"),
        (MADE | {"stability": {"seeds": 3, "agreeing": 4}}, "stability.agreeing"),
        (MADE | {"gainInterval": {"low": 0.2, "high": 0.1}}, "gainInterval.low"),
        (MADE | {"gain": 0.3, "gainInterval": {"low": 0.1, "high": 0.2}}, "gain"),
    ],
)
def test_a_result_that_does_not_hold_together_names_its_field(
    embedded: Store, said: Any, field: str
) -> None:
    at = desk(embedded)
    study = at.plan()
    take(at)
    with pytest.raises(InvalidInput) as refused:
        finish(at, study, said)
    assert refused.value.field == field
    assert at.study(study.id).state == "running"
