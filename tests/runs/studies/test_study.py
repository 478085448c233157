"""Study and job: who has them, and how they end."""

from datetime import timedelta
from typing import get_args

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.runs.studies.study import Result, Roster, Stability, Study
from ratchet.runs.studies.study_job import job_of
from ratchet.runs.studies.study_settings import RULES, StudySettings, Weak
from ratchet.stats.run_sums import LOSS, TERMS
from tests.support.governed import NOON, POLICY, SECOND

LEASE = timedelta(hours=2)
STUDY = Study(
    id="s1",
    type="tool_tuning",
    component="planner",
    policy=POLICY,
    hypothesis="fewer breakages",
    started_by="person",
    actor="ada",
    created_at=NOON,
    updated_at=NOON,
)


def test_it_is_free_while_planned_and_when_its_lease_has_passed() -> None:
    assert STUDY.is_free(NOON)
    begun = STUDY.begun(None, NOON, LEASE)
    assert (begun.state, begun.attempts, begun.is_open) == ("running", 1, True)
    assert not begun.is_free(NOON + LEASE - SECOND)
    assert begun.is_free(NOON + LEASE)
    ended = begun.abandoned("enough", NOON)
    assert (ended.is_open, ended.is_free(NOON + LEASE), ended.reasons) == (
        False,
        False,
        ("enough",),
    )


def test_a_duration_that_is_told_stands_before_that_of_the_clock() -> None:
    begun = STUDY.begun(None, NOON, LEASE)
    assert begun.ended(Result(state="failed"), NOON + SECOND).duration_ms == 1000
    told = Result(state="failed", duration_ms=7.5)
    assert begun.ended(told, NOON + SECOND).duration_ms == 7.5
    assert STUDY.ended(Result(state="failed"), NOON).duration_ms is None


def test_a_job_is_free_until_it_is_taken_and_when_its_lease_has_passed() -> None:
    job = job_of(STUDY, NOON)
    assert (job.key(), job.is_free(NOON)) == ("s1", True)
    taken = job.taken("smith", f"{POLICY}@1.0.0", NOON, NOON + LEASE)
    assert not taken.is_free(NOON + LEASE - SECOND)
    assert taken.is_free(NOON + LEASE)
    assert not taken.closed(None, NOON).is_free(NOON + LEASE)


def test_the_roster_holds_what_is_open() -> None:
    roster = Roster().joined_by(STUDY)
    assert roster.find("planner", "tool_tuning") == "s1"
    assert roster.find("planner", "prompt_synthesis") is None
    assert roster.find("critic", "tool_tuning") is None
    assert roster.left_by("s1") == Roster()


@pytest.mark.parametrize("wrong", [{"seeds": 0, "agreeing": 0}, {"seeds": 1, "agreeing": -1}])
def test_stability_is_of_one_seed_or_more(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        Stability.parse(wrong)


def test_every_term_that_a_card_can_name_has_a_rule() -> None:
    assert set(get_args(Weak)) == set(RULES) == {LOSS, "reward", *TERMS}
    assert StudySettings.parse({}).rules == RULES


def test_a_rule_for_what_is_no_term_is_refused() -> None:
    with pytest.raises(InvalidInput, match="config/studies: rules"):
        StudySettings.parse({"rules": {"mood": "tool_tuning"}})
