"""Planning a study: who may, what is written, and what one that is open keeps out."""

from datetime import timedelta

import pytest

from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import (
    AlreadyExists,
    ChainBroken,
    Forbidden,
    InvalidInput,
    LearningOff,
    NotFound,
    Refused,
)
from ratchet.runs.studies.finish_study import Finished, finish_job
from ratchet.runs.studies.study_job import job_ref
from ratchet.runs.studies.study_jobs import take_job
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Ref, Store
from tests.support.governed import (
    KEYS,
    PARAMS,
    POLICY,
    ROBOT,
    assert_agreement,
    draft,
    entries,
    promote,
    switch_flags,
)
from tests.support.on_road import start_canary
from tests.support.studying import COMPONENT, DAY, desk, told
from tests.support.trials import finish

RULE, LAB = machine("run_studies"), machine("lab@x.iam")
LIMITS = StudySettings(max_open=2)


def test_a_persons_study_is_on_the_chain_of_its_policy_with_its_job(store: Store) -> None:
    at = desk(store)
    study = at.plan(configuration={"metric": "contradictions"})
    assert (study.id, study.state, study.started_by) == (f"{POLICY}-s3", "planned", "person")
    assert at.study(study.id) == study
    assert study.base == f"{POLICY}@1.0.0"
    assert told(store) == [("study-plan", study.id, "planned", "ada")]
    assert entries(store)[-1].evidence["hypothesis"] == "fewer contradictions"
    job = store.get(job_ref(study.id))
    assert job is not None
    assert (job.data["state"], job.data["configuration"]) == ("open", {"metric": "contradictions"})
    assert_agreement(store)


def test_what_is_done_here_is_not_handed_out(embedded: Store) -> None:
    at = desk(embedded)
    assert embedded.get(job_ref(at.plan("parameter_tuning").id)) is None


def test_one_of_a_component_and_type_is_open_at_a_time(embedded: Store) -> None:
    at = desk(embedded)
    first = at.plan()
    with pytest.raises(AlreadyExists, match=first.id):
        at.plan()
    assert at.plan("tool_tuning").id == f"{POLICY}-s4"
    assert at.plan(component="critic").id == f"{POLICY}-s5"
    assert at.on_roster() == [f"{POLICY}-s{n}" for n in (3, 4, 5)]


def test_a_rule_keeps_to_its_cool_down_and_to_what_may_be_open(store: Store) -> None:
    at = desk(store)
    first = at.plan(actor=RULE, limits=LIMITS)
    assert first.started_by == "rule"
    at.plan(actor=RULE, component="critic", limits=LIMITS)
    with pytest.raises(Refused, match="2 studies are open, and 2 may be"):
        at.plan(actor=RULE, component="painter", limits=LIMITS)
    for one in at.on_roster():
        at.abandon(one)
    at.clock.advance(7 * DAY - timedelta(seconds=1))
    with pytest.raises(Refused, match=f"{first.id} of planner is from 2026-01-01"):
        at.plan(actor=RULE, limits=LIMITS)
    assert at.plan().started_by == "person"
    at.clock.advance(timedelta(seconds=1))
    assert at.plan(actor=RULE, component="critic", limits=LIMITS).state == "planned"


def test_the_cool_down_begins_when_the_last_study_ended_however_long_it_took(
    embedded: Store,
) -> None:
    at = desk(embedded)
    at.clock.advance(8 * DAY)
    at.abandon(at.plan(actor=RULE, limits=LIMITS).id)
    slow = at.plan(actor=RULE, component="critic", limits=LIMITS)
    at.clock.advance(8 * DAY)
    at.abandon(slow.id)
    assert at.plan(actor=RULE, limits=LIMITS).state == "planned"
    at.clock.advance(7 * DAY - timedelta(seconds=1))
    with pytest.raises(Refused, match=f"{slow.id} of critic is from 2026-01-17"):
        at.plan(actor=RULE, component="critic", limits=LIMITS)
    at.clock.advance(timedelta(seconds=1))
    assert at.plan(actor=RULE, component="critic", limits=LIMITS).state == "planned"


def test_while_what_a_study_produced_is_tried_and_shows_no_rule_starts_another(
    embedded: Store,
) -> None:
    at = desk(embedded)
    study = at.plan(actor=RULE, limits=LIMITS)
    take_job(embedded, KEYS, at.reader, LAB, now=at.clock())
    made = Finished(state="succeeded", params={"prompts": {"system": "cite"}})
    finish_job(embedded, KEYS, LAB, study.id, made, now=at.clock())
    trial = start_canary(embedded, "1.0.1", now=at.clock())
    at.clock.advance(8 * DAY)
    with pytest.raises(Refused, match=r"@1\.0\.1, which .* is being tried") as why:
        at.plan(actor=RULE, limits=LIMITS)
    assert why.value.mend == f"wait for its verdict: ratchet rollout show {trial.id}"
    finish(embedded, trial.id, now=at.clock())
    promote(embedded, "1.0.1", now=at.clock())
    at.clock.advance(6 * DAY)
    with pytest.raises(Refused, match=f"{study.id} of planner is from 2026-01-09"):
        at.plan(actor=RULE, limits=LIMITS)
    at.clock.advance(DAY)
    assert at.plan(actor=RULE, limits=LIMITS).base == f"{POLICY}@1.0.1"


def test_no_rule_tunes_a_policy_that_a_rollout_freezes(embedded: Store) -> None:
    at = desk(embedded)
    draft(embedded, PARAMS | {"prompts": {"system": "cite"}}, now=at.clock())
    trial = start_canary(embedded, "1.0.1", now=at.clock())
    with pytest.raises(Refused, match=f"is frozen while rollout {trial.id} runs"):
        at.plan("parameter_tuning", actor=RULE, limits=LIMITS)
    assert at.plan(actor=RULE, limits=LIMITS).state == "planned"
    assert at.plan("parameter_tuning").started_by == "person"


def test_with_the_switch_off_a_person_starts_studies_and_no_machine_does(store: Store) -> None:
    at = desk(store)
    switch_flags(store, enabled=False)
    with pytest.raises(LearningOff):
        at.plan(actor=RULE, limits=LIMITS)
    assert at.plan().state == "planned"


@pytest.mark.parametrize(
    ("options", "error", "field"),
    [
        ({"reason": " "}, InvalidInput, "reason"),
        ({"hypothesis": ""}, InvalidInput, "hypothesis"),
        ({"component": ""}, InvalidInput, "component"),
        ({"policy": "Not An Id"}, InvalidInput, "id"),
        ({"policy": "nobody"}, NotFound, "policy"),
        ({"actor": ROBOT}, Forbidden, "actor"),
        ({"actor": Actor(name="eve", kind="person", role="service")}, Forbidden, "role"),
    ],
)
def test_what_cannot_be_started_names_its_field_and_writes_nothing(
    embedded: Store, options: dict[str, object], error: type[Refused], field: str
) -> None:
    at = desk(embedded)
    with pytest.raises(error) as refused:
        at.plan(**options)
    assert refused.value.field == field
    assert told(embedded) == []
    assert at.on_roster() == []


def test_a_lost_head_begins_no_chain_anew(embedded: Store) -> None:
    at = desk(embedded)
    embedded.delete(Ref("ops_policy_heads", POLICY))
    with pytest.raises(ChainBroken):
        at.plan("heuristic_training", component=COMPONENT)
