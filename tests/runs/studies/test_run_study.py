"""Running one study: whose draft it is, what failing looks like, and who may not."""

from datetime import timedelta

import pytest

from ratchet.govern.roles import Actor
from ratchet.kernel.errors import (
    Conflict,
    Forbidden,
    IllegalTransition,
    InvalidInput,
    LearningOff,
    NotFound,
    Refused,
)
from ratchet.runs.studies.end_study import end_study
from ratchet.runs.studies.run_study import begin_study, run_study
from ratchet.runs.studies.study import Result
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store
from tests.support.governed import ADA, KEYS, POLICY, TUNER, assert_agreement, entries, switch_flags
from tests.support.studying import HOUR, Desk, desk, told

NOTHING = Result(state="failed", reasons=("nothing",))


def begin(at: Desk, study_id: str) -> int:
    """Begin a study and die; returns the attempt."""
    return begin_study(
        at.store, KEYS, TUNER, study_id, StudySettings(lease_hours=2), now=at.clock()
    ).attempts


def test_a_study_of_which_nothing_comes_has_failed_with_the_reasons(store: Store) -> None:
    at = desk(store)
    study = at.plan("parameter_tuning")
    at.clock.advance(HOUR)
    ended = at.run(study.id)
    assert ended == at.study(study.id)
    assert ended.state == "failed"
    assert "0 randomised draws in the window" in "; ".join(ended.reasons)
    assert (ended.begun_at, ended.ended_at, ended.cost_usd) == (at.clock(), at.clock(), 0.0)
    assert told(store) == [
        ("study-plan", study.id, "planned", "ada"),
        ("study-start", study.id, "running", "ada"),
        ("study-end", study.id, "failed", "ada"),
    ]
    assert at.on_roster() == []
    assert_agreement(store)


def test_what_its_runner_cannot_do_is_why_it_failed(embedded: Store) -> None:
    at = desk(embedded)
    ended = at.run(at.plan("heuristic_training").id)
    assert ended.state == "failed"
    assert ended.reasons[0].startswith("config/heuristics has nothing for planner")
    assert entries(embedded)[-1].reason == "test"


def test_its_duration_is_that_of_the_clock(embedded: Store) -> None:
    at = desk(embedded)
    study = at.plan("parameter_tuning")
    times = iter([at.clock(), at.clock(), at.clock() + timedelta(seconds=90)])
    ended = run_study(
        embedded, KEYS, at.reader, ADA, study.id, clock=lambda: next(times), reason="test"
    )
    assert ended.duration_ms == 90_000


def test_a_lease_keeps_others_out_until_it_has_passed(embedded: Store) -> None:
    at = desk(embedded)
    study = at.plan("parameter_tuning")
    assert begin(at, study.id) == 1
    at.clock.advance(2 * HOUR - timedelta(seconds=1))
    with pytest.raises(Refused, match="in other hands until 2026-01-01 15:00 UTC"):
        at.run(study.id)
    at.clock.advance(timedelta(seconds=1))
    assert at.run(study.id).attempts == 2
    with pytest.raises(Refused, match="has ended: it is failed"):
        at.run(study.id)


def test_whoever_comes_back_late_overwrites_nothing(embedded: Store) -> None:
    at = desk(embedded)
    study = at.plan("parameter_tuning")
    first = begin(at, study.id)
    at.clock.advance(2 * HOUR)
    second = begin(at, study.id)
    with pytest.raises(Conflict, match="taken up by others"):
        end_study(embedded, KEYS, TUNER, study.id, NOTHING, attempt=first, now=at.clock())
    end_study(embedded, KEYS, TUNER, study.id, NOTHING, attempt=second, now=at.clock())
    with pytest.raises(Conflict, match="has ended"):
        end_study(embedded, KEYS, TUNER, study.id, NOTHING, attempt=second, now=at.clock())
    assert len(told(embedded)) == 4


def test_with_the_switch_off_a_person_runs_a_study_and_a_machine_does_not(store: Store) -> None:
    at = desk(store)
    study = at.plan("parameter_tuning")
    switch_flags(store, enabled=False)
    with pytest.raises(LearningOff):
        at.run(study.id, TUNER)
    assert at.run(study.id).state == "failed"


@pytest.mark.parametrize(
    ("kind", "actor", "reason", "error"),
    [
        ("prompt_synthesis", ADA, "test", Refused),
        ("parameter_tuning", ADA, "", InvalidInput),
        ("parameter_tuning", Actor(name="eve", kind="person", role="service"), "x", Forbidden),
    ],
)
def test_what_may_not_be_run_is_refused_and_stays_planned(
    embedded: Store, kind: str, actor: Actor, reason: str, error: type[Refused]
) -> None:
    at = desk(embedded)
    study = at.plan(kind)
    with pytest.raises(error):
        run_study(embedded, KEYS, at.reader, actor, study.id, clock=at.clock, reason=reason)
    assert at.study(study.id) == study


def test_a_study_that_does_not_exist_is_not_found(embedded: Store) -> None:
    with pytest.raises(NotFound, match=f"study {POLICY}-s9 does not exist"):
        desk(embedded).run(f"{POLICY}-s9")


def test_what_is_given_up_is_closed_with_the_reason_once(store: Store) -> None:
    at = desk(store)
    study = at.plan()
    ended = at.abandon(study.id)
    assert (ended.state, ended.reasons) == ("abandoned", ("of no use",))
    assert told(store)[-1] == ("study-end", study.id, "abandoned", "ada")
    assert at.on_roster() == []
    with pytest.raises(IllegalTransition, match="it is abandoned"):
        at.abandon(study.id)
    assert_agreement(store)
