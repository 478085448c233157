"""One look in words."""

import numpy as np

from ratchet.rollouts.decision import Decision, decision
from ratchet.rollouts.weigh import Rules, Term, weigh
from tests.support.weighing import (
    GOOD,
    NOTHING,
    OFTEN,
    POOR,
    RARE,
    REWARD,
    SAFE,
    SAME,
    N,
    events,
    pair,
    ratio,
)


def test_a_promotion_says_what_each_metric_showed() -> None:
    made, reasons = decision(weigh({"reward": GOOD, "failure": RARE}, SAFE))
    assert made is Decision.PROMOTE
    assert reasons[0].startswith("reward: better by at least 0.0")
    assert reasons[1].startswith("failure: worse by less than 0.0")


def test_a_rollback_names_what_is_worse_and_nothing_else() -> None:
    made, reasons = decision(weigh({"reward": GOOD, "failure": OFTEN}, SAFE))
    assert made is Decision.ROLL_BACK
    assert len(reasons) == 1
    assert reasons[0].startswith("failure: worse by at least 0.0")


def test_a_hold_says_what_is_missing() -> None:
    made, reasons = decision(weigh({"reward": SAME, "failure": NOTHING}, SAFE))
    assert made is Decision.HOLD
    assert "a promotion needs it above 0" in reasons[0]
    assert reasons[1] == "failure: no values in an arm"


def test_a_hold_for_unknown_grades_says_so() -> None:
    missing = {"quality": pair(events(0.1, N), events(0.4, N))}
    made, reasons = decision(weigh({"reward": POOR}, REWARD, unknown=missing))
    assert made is Decision.HOLD
    assert reasons == ("reward: the share of unknown quality differs between the arms",)


def test_a_sample_ratio_that_does_not_match_is_the_one_reason() -> None:
    made, reasons = decision(weigh({"reward": POOR}, REWARD, ratio=ratio(np.array(True))))
    assert made is Decision.HOLD
    assert len(reasons) == 1
    assert "not split as planned" in reasons[0]


def test_a_goal_that_need_only_be_not_worse_is_told_as_such() -> None:
    rules = Rules(goal=Term(metric="reward", min_effect=-0.05))
    made, (reason,) = decision(weigh({"reward": SAME}, rules))
    assert made is Decision.PROMOTE
    assert "worse by less than" in reason
