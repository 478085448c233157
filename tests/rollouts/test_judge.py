"""What one look decides: in a trial by steps, in a shadow, in a holdback, in an A/A."""

from typing import Any

import pytest

from ratchet.kernel.canonical import canonical
from ratchet.rollouts.profile import PROFILES, Guardrail, Holdback, Profile, ShadowStage, Wanted
from ratchet.rollouts.verdict import Judged
from ratchet.stats.bins import Bins
from ratchet.stats.rollout_bucket import RolloutBucket, RolloutSums
from tests.support.evidenced import HOUR, NOON
from tests.support.judging import (
    GOOD,
    PLAIN,
    POOR,
    SAME,
    TRIED,
    look,
    met,
    recorded,
    shadowed,
    trial,
    two_steps,
)

SAFE = Profile(
    goal=Wanted(metric="reward"), guardrails=(Guardrail(metric="success", margin="2 points"),)
)


def test_what_is_shown_to_be_better_becomes_the_whole_with_all_its_numbers() -> None:
    found = look(trial(profile=PROFILES["significance"]), GOOD)
    assert (found.decision, found.scope, found.winner) == ("PROMOTE", "whole", TRIED)
    assert found.reasons[0].startswith("reward: better by at least 0.0")
    (arm,) = found.arms
    assert (arm.decision, arm.recommendation, arm.metric) == ("PROMOTE", "PROMOTE", "reward")
    assert arm.delta == pytest.approx(0.1, abs=0.02)
    assert arm.interval is not None
    assert 0 < arm.interval.low < 0.1 < arm.interval.high
    assert arm.p_value < 1e-6
    assert arm.exposures == 1500
    assert arm.units == pytest.approx(1500, rel=0.1)  # of a sample of them
    assert [t.metric for t in arm.terms] == ["reward", "success", "slow", "cost"]
    assert {t.passed for t in arm.terms} == {True}
    success, cost = arm.terms[1], arm.terms[3]
    assert (success.value, success.needed, success.p_value) == (1.0, -0.02, 1.0)  # none failed
    assert cost.low is not None
    assert (cost.relative, cost.needed, cost.delta) == (True, -0.2, 0)  # a cent in both
    assert -0.02 < cost.low < 0


def test_a_rollout_waits_for_its_hours_and_says_until_when() -> None:
    running = trial(profile=PLAIN.model_copy(update={"soak_hours": 30.0}))
    found = look(running, GOOD, hours=9)
    assert found.decision == "HOLD"
    assert found.reasons == (
        "soak: 9 of 30 hours in step 1 of 1",
        "daily cycle: 9 of 24 hours",
    )
    assert found.expected == NOON + 32 * HOUR  # its outcome window of 2 hours has closed then
    assert look(running, GOOD, hours=29).decision == "HOLD"
    assert look(running, GOOD, hours=30).decision == "PROMOTE"


def test_the_whole_wants_a_day_even_where_a_step_wants_less() -> None:
    brief = trial(profile=PLAIN.model_copy(update={"soak_hours": 1.0}))
    assert look(brief, GOOD, hours=23).reasons == ("daily cycle: 23 of 24 hours",)
    assert look(brief, GOOD, hours=24).decision == "PROMOTE"


def test_a_step_is_opened_where_nothing_is_worse_though_nothing_is_better() -> None:
    found = look(two_steps(), SAME, hours=24)
    assert (found.decision, found.scope, found.winner) == ("PROMOTE", "step", None)
    assert found.arms[0].decision == "HOLD"
    late = look(two_steps(step=1), [met("control", 0.6, step=1), met(TRIED, 0.6, step=1)])
    assert (late.decision, late.scope) == ("HOLD", "whole")
    assert "a promotion needs it above 0" in late.reasons[0]


def test_no_step_is_opened_for_units_whose_outcomes_nobody_saw() -> None:
    silent = [
        bucket.model_copy(update={"sums": RolloutSums(exposures=bucket.sums.exposures)})
        for bucket in SAME
    ]
    found = look(two_steps(), silent, hours=24)
    assert (found.decision, found.reasons) == ("HOLD", ("reward: no values in an arm",))


def test_too_few_units_hold_a_step_and_are_counted() -> None:
    few = [met("control", 0.6, 300), met(TRIED, 0.6, 61)]
    running = trial(steps=({TRIED: 0.2}, {TRIED: 0.5}))
    found = look(running, few, hours=30)
    assert (found.decision, found.reasons) == ("HOLD", ("units: 61 of 100 in 1.0.1",))
    # 61 in 30 hours: the hundredth comes in the 50th, and its window closes 2 hours after.
    assert found.expected == NOON + 52 * HOUR


@pytest.mark.parametrize("hours", [1, 200])
@pytest.mark.parametrize("running", [two_steps(), trial()])
def test_harm_goes_back_at_any_step_before_its_hours_and_past_the_deadline(
    running: Any, hours: int
) -> None:
    found = look(running, POOR, hours=hours)
    assert found.decision == "ROLL_BACK"
    assert found.reasons[0].startswith("reward: worse by at least 0.0")


def test_what_is_not_shown_by_the_deadline_has_expired_and_what_is_goes_on() -> None:
    late = look(trial(), SAME, hours=7 * 24)
    assert late.decision == "EXPIRED"
    assert late.reasons[0] == "deadline: 2026-01-08 12:00 UTC has passed"
    assert late.reasons[1].startswith("reward: better by")
    assert look(trial(), GOOD, hours=7 * 24).decision == "PROMOTE"
    assert look(two_steps(), SAME, hours=7 * 24).decision == "EXPIRED"


def test_before_any_hour_is_closed_nothing_is_said() -> None:
    found = look(trial(), [], hours=0)
    assert (found.decision, found.reasons) == ("HOLD", ("no hour is closed yet",))
    assert found.expected == NOON + 3 * HOUR
    assert (found.arms[0].delta, found.arms[0].interval) == (None, None)


def test_exposures_off_the_plan_hold_for_good() -> None:
    off = [met("control", 0.6), met(TRIED, 0.7, 700)]
    found = look(trial(), off)
    assert found.decision == "HOLD"
    assert found.reasons == ("exposures: not split as planned, so no effect is trusted",)
    assert found.least_p < 0.001
    after = look(trial(), GOOD, before=recorded(found))
    assert after.ratio_p == 1
    assert (after.decision, after.reasons) == (found.decision, found.reasons)
    assert after.least_p == found.least_p
    assert after.before == recorded(found).id
    assert look(trial(), GOOD, hours=7 * 24, before=recorded(found)).decision == "EXPIRED"


def test_grades_that_one_arm_lacks_hold_a_step_as_they_hold_the_whole() -> None:
    fewer = [met("control", 0.6), met(TRIED, 0.7, graded=0.5)]
    for running in (two_steps(), trial()):
        found = look(running, fewer)
        assert found.decision == "HOLD"
        assert found.reasons == ("reward: the share of unknown quality differs between the arms",)
        assert found.arms[0].terms[0].held == ("quality",)


def test_one_of_several_goes_back_alone_and_its_units_still_count_for_the_split() -> None:
    arms = ("1.0.1", "1.0.2")
    buckets = [met("control", 0.6), met("1.0.1", 0.6), met("1.0.2", 0.45)]
    found = look(trial(arms), buckets)
    assert found.decision == "HOLD"
    assert [arm.decision for arm in found.arms] == ["HOLD", "ROLL_BACK"]
    assert found.reasons[0].startswith("1.0.2: reward: worse by at least 0.1")
    after = look(trial(arms, dropped=("1.0.2",)), buckets)
    assert [(arm.decision, arm.terms == ()) for arm in after.arms] == [
        ("HOLD", False),
        ("HOLD", True),
    ]
    assert after.reasons[0].startswith("1.0.1: reward: better by")
    assert after.ratio_p == 1
    assert after.as_of.dropped == ("1.0.2",)
    worse = [buckets[0], met("1.0.1", 0.45), buckets[2]]
    assert look(trial(arms), worse).decision == "ROLL_BACK"
    assert look(trial(arms, dropped=("1.0.2",)), worse).decision == "ROLL_BACK"


def test_of_several_that_are_better_the_best_is_taken_though_another_goes_back() -> None:
    arms = ("1.0.1", "1.0.2", "1.0.3")
    means = (0.68, 0.75, 0.45)
    buckets = [met("control", 0.6), *(met(a, m) for a, m in zip(arms, means, strict=True))]
    found = look(trial(arms), buckets)
    assert (found.decision, found.winner) == ("PROMOTE", "1.0.2")
    assert [arm.decision for arm in found.arms] == ["PROMOTE", "PROMOTE", "ROLL_BACK"]
    stepped = trial(arms, steps=(dict.fromkeys(arms, 0.25),) * 2)
    assert look(stepped, buckets).decision == "HOLD"  # the next step opens when it is gone


def beside(found: Judged) -> tuple[str, list[bool]]:
    """Return what was decided of a shadow, and which terms it was asked about."""
    return found.decision, [term.asked for term in found.arms[0].terms]


def test_a_shadow_is_judged_by_its_guardrails_and_of_its_goal_nothing_is_wanted() -> None:
    running = trial(mode="shadow", profile=SAFE)
    assert beside(look(running, shadowed(0.6, 0.6))) == ("PROMOTE", [True, True])
    found = look(running, shadowed(0.6, 0.6, failed=0.2))
    assert found.decision == "ROLL_BACK"
    assert found.reasons[0].startswith("success: worse by at least 0.1")
    early = look(running, shadowed(0.6, 0.6), hours=23)
    assert early.reasons == ("shadow: 23 of 24 hours",)
    assert (early.ratio_p, early.arms[0].exposures) == (1.0, 1500)


def test_a_shadow_whose_reward_is_worse_goes_back_unless_nobody_graded_it() -> None:
    running = trial(mode="shadow", profile=SAFE)
    assert beside(look(running, shadowed(0.6, 0.4))) == ("ROLL_BACK", [True, True])
    assert beside(look(running, shadowed(0.6, 0.4, graded=0.0))) == ("PROMOTE", [False, True])
    assert beside(look(running, shadowed(0.6, 0.4, graded=0.5))) == ("PROMOTE", [False, True])


def test_a_shadow_is_over_when_its_money_is_spent_and_then_what_it_showed_decides() -> None:
    # A shadow costs a cent: 1,500 of them 15 USD, 60 of them 0.60 USD.
    paid = trial(
        mode="shadow", profile=SAFE.model_copy(update={"shadow": ShadowStage(spend_usd=16)})
    )
    assert look(paid, shadowed(0.6, 0.6), hours=2).decision == "HOLD"
    over = look(paid, shadowed(0.6, 0.6), hours=2, open_spend=1.0)
    assert (over.decision, over.spent_usd, over.open_usd) == ("PROMOTE", 16.0, 1.0)
    cheap = trial(
        mode="shadow", profile=SAFE.model_copy(update={"shadow": ShadowStage(spend_usd=0.5)})
    )
    found = look(cheap, shadowed(0.6, 0.6, units=60), hours=2)
    assert found.decision == "EXPIRED"
    assert found.reasons[:2] == (
        "spend: the 0.5 USD for shadows are spent",
        "units: 60 of 100 in control",
    )


def test_a_shadow_that_is_not_recorded_as_often_as_it_was_promised_does_not_pass() -> None:
    pair, shadow = shadowed(0.6, 0.6)
    few = shadowed(0.6, 0.6, units=1200)[1]
    running = trial(mode="shadow", profile=SAFE)
    found = look(running, [pair, few])
    assert found.decision == "HOLD"
    assert found.reasons == ("outcomes: one arm has fewer of them for an exposure",)
    assert look(running, [pair, shadow]).decision == "PROMOTE"


@pytest.mark.parametrize("running", [two_steps(), trial()])
def test_without_a_single_exposure_nothing_goes_on_and_harm_still_goes_back(running: Any) -> None:
    def unexposed(*buckets: RolloutBucket) -> list[RolloutBucket]:
        none = {"exposures": Bins()}
        return [b.model_copy(update={"sums": b.sums.model_copy(update=none)}) for b in buckets]

    found = look(running, unexposed(*GOOD))
    assert (found.decision, found.expected) == ("HOLD", None)
    assert found.reasons == (
        "exposures: none came, so neither the split nor what is lost can be told",
    )
    assert look(running, unexposed(*POOR)).decision == "ROLL_BACK"


def test_harm_goes_back_however_many_units_and_events_a_promotion_wants() -> None:
    wanting = trial(profile=PLAIN.model_copy(update={"min_units": 10**6, "min_events": 200}))
    assert look(wanting, GOOD).decision == "HOLD"
    assert look(wanting, POOR).decision == "ROLL_BACK"


def held_back(**fields: Any) -> Any:
    """Return a holdback: the former version is the challenger, at a twentieth."""
    profile = PLAIN.model_copy(update={"holdback": Holdback(hours=12)})
    return trial(purpose="holdback", share=0.05, profile=profile, **fields)


@pytest.mark.parametrize("former", [0.6, 0.9])
def test_a_new_version_is_kept_unless_its_holdback_shows_it_worse(former: float) -> None:
    buckets = [met("control", 0.6, 3800), met(TRIED, former, 200)]
    found = look(held_back(), buckets, hours=3)
    kept = look(held_back(), buckets, hours=12)
    if former > 0.6:
        assert (found.decision, kept.decision) == ("ROLL_BACK", "ROLL_BACK")
        assert found.arms[0].delta == pytest.approx(-0.3, abs=0.05)  # the new one - the former
    else:
        assert (found.decision, kept.decision) == ("HOLD", "PROMOTE")
        assert found.reasons == ("holdback: 3 of 12 hours",)
        assert found.expected == NOON + 14 * HOUR
        assert kept.reasons == ("reward: not shown to be worse",)


def test_a_holdback_that_nobody_meets_ends_at_its_deadline_at_the_latest() -> None:
    stalled = held_back(deadline=NOON + 36 * HOUR)
    assert look(stalled, [], hours=2).decision == "HOLD"
    late = stalled.model_copy(update={"deadline": NOON + 4 * HOUR})
    assert look(late, [], hours=2).decision == "PROMOTE"


def test_an_a_a_is_judged_as_a_trial_and_ends_at_its_deadline_whatever_it_found() -> None:
    same = trial(purpose="aa", challengers=[{"arm": TRIED, "version": "router-core@1.0.0"}])
    assert look(same, GOOD).decision == "PROMOTE"
    assert look(same, POOR).decision == "ROLL_BACK"
    assert look(same, POOR, hours=7 * 24).decision == "EXPIRED"


def test_a_look_is_kept_in_ten_digits_whatever_the_order_of_its_buckets() -> None:
    found = look(trial(profile=PROFILES["significance"]), GOOD)
    assert Judged.parse(found.to_map()) == found
    again = look(trial(profile=PROFILES["significance"]), list(reversed(GOOD)))
    assert canonical(again.to_map()) == canonical(found.to_map())
    assert found.arms[0].delta == float(f"{found.arms[0].delta:.10g}")
