"""Profiles: what they refuse, and what those that ship ask for."""

from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.profile import PROFILES, Profile

GOAL = {"metric": "reward"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"goal": {"metric": "rewards"}}, "rewards"),
        ({"goal": {"metric": "success", "above": "2 %"}}, "success takes points"),
        ({"goal": {"metric": "cost", "above": "2 points"}}, "cost takes usd or %"),
        ({"goal": {"metric": "corrected", "above": "2 usd"}}, "corrected takes points or %"),
        ({"goal": {"metric": "reward", "above": "0.02"}}, "no amount"),
        ({"goal": {"metric": "reward", "rollback": "-1 points"}}, "below 0"),
        ({"guardrails": [{"metric": "success", "margin": "0 points"}]}, "above 0"),
        ({"guardrails": [{"metric": "reward", "margin": "1 points"}]}, "asked once"),
        ({"steps": [0.5, 0.1]}, "falls"),
        ({"steps": [0.6]}, "less than or equal to 0.5"),
        ({"steps": [0.005]}, "greater than or equal to 0.01"),
        ({"detect": "0 points"}, "other than 0"),
        ({"outcomeWindowHours": 0}, "0.05"),
        ({"minUnits": 10}, "50"),
    ],
)
def test_a_profile_that_cannot_be_is_refused_and_says_why(
    fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        Profile.parse({"goal": GOAL} | fields)


def test_quality_gain_is_relative_and_champion_challenger_in_points() -> None:
    gain, tried = PROFILES["quality-gain"], PROFILES["champion-challenger"]
    assert (gain.goal.above, gain.goal.rollback, gain.steps) == ("2 %", "5 %", (0.1, 0.5))
    assert (tried.goal.above, tried.also[0].above) == ("5 points", "5 points")
    assert (tried.steps, tried.min_units) == ((0.1,), 100)


def test_judged_gain_waits_for_people_for_two_days() -> None:
    judged = PROFILES["judged-gain"]
    assert (judged.goal.metric, judged.goal.above) == ("corrected", "2 points")
    assert (judged.outcome_window_hours, judged.deadline_hours) == (48.0, 336.0)


def test_every_profile_waits_a_whole_day_before_the_whole() -> None:
    assert {profile.soak_hours for profile in PROFILES.values()} == {24.0}
    assert all(profile.holdback.hours == 24.0 for profile in PROFILES.values())
