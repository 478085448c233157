"""What the terms together allow, at which errors, and what stops them."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.pair import Pair, Question
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.weigh import Weighed, weigh
from ratchet.stats.bins import BINS
from tests.support.weighing import (
    GOOD,
    HALF,
    NOTHING,
    OFTEN,
    POOR,
    RARE,
    REWARD,
    SAFE,
    SAME,
    N,
    around,
    events,
    pair,
    stacked,
)


def allowed(weighed: Weighed) -> str:
    """Return what one look allows."""
    assert not (weighed.promote and weighed.rollback)
    return "promote" if weighed.promote else "rollback" if weighed.rollback else "hold"


def test_a_better_goal_promotes_a_worse_one_rolls_back_and_the_same_holds() -> None:
    said = [allowed(weigh({"reward": p}, REWARD)) for p in (GOOD, POOR, SAME, NOTHING)]
    assert said == ["promote", "rollback", "hold", "hold"]


def test_less_of_a_cost_is_better() -> None:
    rules = Rules(goal=Term(metric="cost"))
    assert allowed(weigh({"cost": POOR}, rules)) == "promote"
    assert allowed(weigh({"cost": GOOD}, rules)) == "rollback"


def test_a_goal_must_beat_its_least_effect_and_one_below_zero_is_not_worse() -> None:
    def at(effect: float, p: Pair) -> str:
        return allowed(weigh({"reward": p}, Rules(goal=Term(metric="reward", min_effect=effect))))

    assert at(0.05, GOOD) == "promote"
    assert at(0.15, GOOD) == "hold"
    assert at(-0.05, SAME) == "promote"


def test_a_promotion_waits_for_every_guardrail() -> None:
    assert allowed(weigh({"reward": GOOD, "failure": RARE}, SAFE)) == "promote"
    assert allowed(weigh({"reward": GOOD, "failure": NOTHING}, SAFE)) == "hold"
    assert allowed(weigh({"reward": GOOD}, SAFE)) == "hold"


def test_one_guardrail_that_is_worse_rolls_back_whatever_the_goal_says() -> None:
    found = weigh({"reward": GOOD, "failure": OFTEN}, SAFE)
    assert allowed(found) == "rollback"
    assert [t.term.metric for t in found.terms if t.breached] == ["failure"]


def test_a_loss_within_the_rollback_margin_does_not_roll_back() -> None:
    term = Term(metric="failure", margin=0.2, rollback_margin=0.1)
    rules = Rules(goal=Term(metric="reward"), guardrails=(term,))
    assert allowed(weigh({"reward": GOOD, "failure": OFTEN}, rules)) == "promote"


@pytest.mark.parametrize(("metric", "turned"), [("reward", False), ("cost", True)])
def test_the_bounds_are_those_of_the_evidence_at_these_errors(metric: str, turned: bool) -> None:
    rules = Rules(goal=Term(metric=metric), promote_alpha=0.001)
    low, high = (0.025, 0.001) if turned else (0.001, 0.025)
    wanted = EVIDENCE["asymptotic"](SAME, Question(low_error=low, high_error=high))
    found = weigh({metric: SAME}, rules).terms[0].bounds
    assert (found.low, found.high) == (wanted.low, wanted.high)


def test_the_plan_tells_where_the_bounds_are_tightest() -> None:
    planned = weigh({"reward": SAME}, REWARD, plan={"reward": (0.0045, 1.0)})
    astray = weigh({"reward": SAME}, REWARD, plan={"reward": (0.0001, 1.0)})
    assert planned.terms[0].bounds.low > astray.terms[0].bounds.low


def test_a_sample_ratio_that_does_not_match_stops_both_ways() -> None:
    assert allowed(weigh({"reward": GOOD}, REWARD, mismatch=True)) == "hold"
    assert allowed(weigh({"reward": POOR}, REWARD, mismatch=True)) == "hold"
    assert allowed(weigh({"reward": POOR}, REWARD, mismatch=False)) == "rollback"


def test_an_unknown_share_that_differs_holds_the_metrics_that_rest_on_it_and_no_other() -> None:
    missing = {"quality": pair(events(0.1, N), events(0.4, N))}
    rules = Rules(goal=Term(metric="quality"), guardrails=(Term(metric="failure", margin=0.03),))
    for p in (GOOD, POOR):
        held = weigh({"quality": p, "failure": RARE}, rules, unknown=missing)
        assert allowed(held) == "hold"
        assert [bool(t.held) for t in held.terms] == [True, False]
    failing = weigh({"quality": GOOD, "failure": OFTEN}, rules, unknown=missing)
    assert allowed(failing) == "rollback"
    other = {"cost": missing["quality"]}
    assert allowed(weigh({"quality": GOOD, "failure": RARE}, rules, unknown=other)) == "promote"


def test_a_reward_rests_on_every_input_of_its_score() -> None:
    for name in ("cost", "latency", "quality"):
        missing = {name: pair(events(0.1, N), events(0.4, N))}
        assert allowed(weigh({"reward": GOOD}, REWARD, unknown=missing)) == "hold"


def test_an_unknown_share_that_is_alike_stops_nothing() -> None:
    alike = {"quality": pair(events(0.3, N), events(0.3, N))}
    assert allowed(weigh({"reward": GOOD}, REWARD, unknown=alike)) == "promote"


def test_a_share_of_unknown_grades_that_follows_from_fewer_successes_is_alike() -> None:
    # A third of the successes are ungraded in both arms; the challenger succeeds half as often.
    alike = {"quality": pair(events(0.333, N), events(0.333, N // 2))}
    assert not weigh({"reward": SAME}, REWARD, unknown=alike).terms[0].held


def test_many_looks_are_weighed_at_once_as_each_alone() -> None:
    pairs = {
        "reward": stacked(GOOD, POOR, SAME, NOTHING),
        "failure": stacked(RARE, RARE, OFTEN, NOTHING),
    }
    found = weigh(pairs, SAFE, mismatch=np.zeros(4, np.bool_))
    assert found.promote.tolist() == [True, False, False, False]
    assert found.rollback.tolist() == [False, True, True, False]


def test_identical_arms_are_seldom_decided_on_over_many_looks() -> None:
    # 200 runs of 12 looks at alpha 0.05: 10 false decisions are expected at most; 20 is 3.2 sigma.
    rng = np.random.default_rng(5)
    den = rng.poisson(1.0, (200, 12, 1, 2, BINS)).cumsum(1).astype(float)
    steps = np.diff(den, axis=1, prepend=0.0)
    num = (rng.normal(0, 0.3, den.shape) * np.sqrt(steps) + 0.6 * steps).cumsum(1)
    failed = rng.binomial(steps.astype(int), 0.02).cumsum(1).astype(float)
    units = den.sum((-3, -1))
    pairs = {"reward": Pair(num, den, HALF, units), "failure": Pair(failed, den, HALF, units)}
    found = weigh(pairs, SAFE)
    assert (found.promote | found.rollback).any(1).sum() < 20


def test_nan_and_one_arm_alone_hold() -> None:
    broken = replace(GOOD, num=np.full_like(GOOD.num, np.nan))
    alone = pair(around(0.6, 0.2, N, 1), np.zeros(0))
    for p in (broken, alone):
        assert allowed(weigh({"reward": p}, REWARD)) == "hold"


def test_an_error_code_holds_where_codes_were_folded_in_one_arm_alone() -> None:
    rules = Rules(goal=Term(metric="error:rate_limit"))
    folded = {"code": pair(events(0.01, N), events(0.2, N))}
    fewer = {"error:rate_limit": pair(events(0.2, N), events(0.05, N))}
    assert allowed(weigh(fewer, rules)) == "promote"
    assert allowed(weigh(fewer, rules, unknown=folded)) == "hold"


def test_failures_that_the_control_never_had_roll_back_from_a_dozen_on() -> None:
    # Of 12 failures all are the challenger's: by chance that is 2^-12, below 0.025 x 0.4.
    rules = Rules(goal=Term(metric="failure"))
    never = events(0, 1500)
    for turned, wanted in ((False, "rollback"), (True, "promote")):
        arms = (never, events(12 / 1500, 1500))
        found = weigh({"failure": pair(*(arms[::-1] if turned else arms))}, rules)
        assert allowed(found) == wanted


def test_outcomes_that_one_arm_loses_stop_a_promotion_and_no_rollback() -> None:
    lost = {"outcome": pair(events(1.0, N), events(0.6, N), span=None)}
    kept = {"outcome": pair(events(0.9, N), events(0.9, N), span=None)}
    assert allowed(weigh({"reward": GOOD}, REWARD, unknown=lost)) == "hold"
    assert allowed(weigh({"reward": GOOD}, REWARD, unknown=kept)) == "promote"
    assert allowed(weigh({"reward": POOR}, REWARD, unknown=lost)) == "rollback"


def test_a_code_is_not_judged_where_any_code_is_not_named_alike_in_both_arms_or_not() -> None:
    rules = Rules(goal=Term(metric="error:timeout"))
    fewer = {"error:timeout": pair(events(0.1, N), events(0.01, N))}
    some = {"code": pair(events(0.02, N), events(0.02, N))}
    none = {"code": pair(events(0.0, N), events(0.0, N))}
    assert allowed(weigh(fewer, rules, unknown=some)) == "hold"
    assert allowed(weigh(fewer, rules, unknown=none)) == "promote"


def grown(part: float, *, value: float = 0.6) -> Pair:
    """Return values about a control's mean and about so much more of it."""
    return pair(around(value, 0.2, N, 1), around(value * (1 + part), 0.2, N, 2))


def test_what_is_relative_is_held_against_the_controls_mean() -> None:
    # 0.66 against 0.6 is 10 % more, bounded within 2 points of that to either side.
    def at(effect: float, *, relative: bool) -> str:
        term = Term(metric="reward", min_effect=effect, relative=relative)
        return allowed(weigh({"reward": grown(0.1)}, Rules(goal=term)))

    assert [at(0.07, relative=True), at(0.07, relative=False)] == ["promote", "hold"]
    assert at(0.12, relative=True) == "hold"


def test_a_relative_loss_of_what_should_be_less_is_a_part_of_the_controls_mean_too() -> None:
    def at(part: float, margin: float, rollback: float) -> str:
        cost = Term(
            metric="cost", margin=margin, rollback_margin=rollback,
            relative=True, rollback_relative=True,
        )  # fmt: skip
        rules = Rules(goal=Term(metric="reward"), guardrails=(cost,))
        return allowed(weigh({"reward": GOOD, "cost": grown(part, value=0.2)}, rules))

    assert at(0.1, margin=0.2, rollback=0.2) == "promote"
    assert at(0.1, margin=0.1, rollback=0.2) == "hold"
    assert at(0.4, margin=0.2, rollback=0.2) == "rollback"
    assert at(0.4, margin=0.2, rollback=0.5) == "hold"


def test_the_two_thresholds_of_a_metric_may_be_of_different_kinds() -> None:
    term = Term(metric="reward", min_effect=0.05, relative=True, rollback_margin=0.05)
    rules = Rules(goal=term)
    assert allowed(weigh({"reward": grown(0.1)}, rules)) == "promote"
    assert allowed(weigh({"reward": grown(-0.07)}, rules)) == "hold"  # 0.042 lost
    assert allowed(weigh({"reward": grown(-0.15)}, rules)) == "rollback"  # 0.09 lost


def test_what_else_must_get_better_must_be_shown_as_the_goal_must() -> None:
    rules = Rules(goal=Term(metric="reward"), also=(Term(metric="quality", min_effect=0.05),))
    assert allowed(weigh({"reward": GOOD, "quality": GOOD}, rules)) == "promote"
    assert allowed(weigh({"reward": GOOD, "quality": SAME}, rules)) == "hold"
    assert allowed(weigh({"reward": GOOD, "quality": POOR}, rules)) == "rollback"


def test_what_is_not_required_is_not_asked_until_either_arm_reports_it() -> None:
    cost = Term(metric="cost", margin=0.1, required=False)
    rules = Rules(goal=Term(metric="reward"), guardrails=(cost,))
    silent = weigh({"reward": GOOD, "cost": NOTHING}, rules)
    assert allowed(silent) == "promote"
    assert [bool(t.asked) for t in silent.terms] == [True, False]
    assert allowed(weigh({"reward": GOOD}, rules)) == "promote"
    alone = replace(GOOD, num=GOOD.num * [[[1.0], [0.0]]], den=GOOD.den * [[[1.0], [0.0]]])
    assert allowed(weigh({"reward": GOOD, "cost": alone}, rules)) == "hold"
    # Its part of the error is kept for it, whether it is asked or not.
    assert silent.terms[0].question.high_error == 0.0125


def test_a_term_that_does_not_promote_can_only_roll_back() -> None:
    rules = Rules(goal=Term(metric="reward", promotes=False))
    said = [allowed(weigh({"reward": p}, rules)) for p in (GOOD, SAME, NOTHING, POOR)]
    assert said == ["promote", "promote", "promote", "rollback"]


def test_a_promotion_waits_for_the_least_units_and_events_of_the_rules_and_a_harm_does_not() -> (
    None
):
    for least in ({"least_units": N + 1}, {"least_events": 250}):
        rules = REWARD.model_copy(update=least)
        assert allowed(weigh({"reward": GOOD}, rules)) == "hold"
        assert allowed(weigh({"reward": POOR}, rules)) == "rollback"
