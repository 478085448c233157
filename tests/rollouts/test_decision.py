"""One look in words."""

import re

from ratchet.rollouts.decision import decision
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.weigh import weigh
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
)


def test_a_promotion_says_what_each_metric_showed() -> None:
    made, reasons = decision(weigh({"reward": GOOD, "failure": RARE}, SAFE))
    assert made == "PROMOTE"
    assert reasons[0].startswith("reward: better by at least 0.0")
    assert reasons[1].startswith("failure: worse by less than 0.0")


def test_a_rollback_names_what_is_worse_and_nothing_else() -> None:
    made, reasons = decision(weigh({"reward": GOOD, "failure": OFTEN}, SAFE))
    assert made == "ROLL_BACK"
    assert len(reasons) == 1
    assert reasons[0].startswith("failure: worse by at least 0.0")


def test_a_hold_says_what_is_missing() -> None:
    made, reasons = decision(weigh({"reward": SAME, "failure": NOTHING}, SAFE))
    assert made == "HOLD"
    assert "a promotion needs it above 0" in reasons[0]
    assert reasons[1] == "failure: no values in an arm"


def test_a_hold_for_unknown_grades_says_so() -> None:
    missing = {"quality": pair(events(0.1, N), events(0.4, N))}
    made, reasons = decision(weigh({"reward": POOR}, REWARD, unknown=missing))
    assert made == "HOLD"
    assert reasons == ("reward: the share of unknown quality differs between the arms",)


def test_a_sample_ratio_that_does_not_match_is_the_one_reason() -> None:
    made, reasons = decision(weigh({"reward": POOR}, REWARD, mismatch=True))
    assert made == "HOLD"
    assert len(reasons) == 1
    assert "not split as planned" in reasons[0]


def test_a_goal_that_need_only_be_not_worse_is_told_as_such() -> None:
    rules = Rules(goal=Term(metric="reward", min_effect=-0.05))
    made, (reason,) = decision(weigh({"reward": SAME}, rules))
    assert made == "PROMOTE"
    assert "worse by less than" in reason


def test_what_is_relative_is_told_in_percent() -> None:
    term = Term(metric="reward", min_effect=0.3, relative=True)
    _, (reason,) = decision(weigh({"reward": GOOD}, Rules(goal=term)))
    assert re.fullmatch(
        r"reward: better by 1\d\.\d+ % to \d\d\.\d+ %, and a promotion needs it above 30 %", reason
    )
    lost = Term(metric="reward", rollback_margin=0.05, rollback_relative=True)
    _, (reason,) = decision(weigh({"reward": POOR}, Rules(goal=lost)))
    assert re.fullmatch(r"reward: worse by at least 1\d\.\d+ %, and 5 % is allowed", reason)


def test_what_nobody_reports_and_what_only_rolls_back_is_told_as_such() -> None:
    silent = Term(metric="cost", margin=0.1, required=False)
    rules = Rules(goal=Term(metric="reward", promotes=False), guardrails=(silent,))
    made, reasons = decision(weigh({"reward": SAME, "cost": NOTHING}, rules))
    assert made == "PROMOTE"
    assert reasons == (
        "reward: not shown to be worse",
        "cost: no values in either arm, and none are wanted",
    )


def test_too_few_units_are_counted_against_what_the_rules_want() -> None:
    rules = REWARD.model_copy(update={"least_units": 9000})
    _, (reason,) = decision(weigh({"reward": GOOD}, rules))
    assert reason.endswith("units in an arm, and 9000 are wanted")
