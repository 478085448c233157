"""What rules ask, at which errors, and what they cannot mean."""

from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.metric import METRICS
from ratchet.rollouts.rules import Rules, Term
from tests.support.weighing import REWARD, SAFE


def test_each_side_has_its_error() -> None:
    # Two terms, two challengers: a promotion at 0.05 / 2 / 2 each, a rollback at half of that.
    rules = SAFE.model_copy(update={"challengers": 2})
    assert (rules.promote_error, rules.rollback_error) == (0.0125, 0.00625)
    assert (REWARD.promote_error, REWARD.rollback_error) == (0.025, 0.025)
    spent = SAFE.model_copy(update={"promote_alpha": 0.001})
    assert (spent.promote_error, spent.rollback_error) == (0.001, 0.0125)


def test_a_question_has_the_errors_on_the_sides_that_a_metric_gives_them() -> None:
    rules = REWARD.model_copy(update={"promote_alpha": 0.001, "least_units": 100})
    reward = rules.question(METRICS["reward"], (0.02, 30.0))
    assert (reward.low_error, reward.high_error, reward.least_units) == (0.001, 0.025, 100)
    assert (reward.planned_error, reward.planned_events) == (0.02, 30.0)
    cost = rules.question(METRICS["cost"])
    assert (cost.low_error, cost.high_error, cost.planned_error) == (0.025, 0.001, None)


def test_a_goal_wants_its_effect_a_guardrail_its_margin_and_some_nothing() -> None:
    term = Term(metric="reward", min_effect=0.02, margin=0.05)
    assert [term.needed(role) for role in ("goal", "also", "guardrail")] == [0.02, 0.02, -0.05]
    assert term.model_copy(update={"promotes": False}).needed("goal") is None
    rules = Rules(
        goal=Term(metric="reward"),
        also=(Term(metric="quality"),),
        guardrails=(Term(metric="cost", margin=1),),
    )
    assert rules.roles == ("goal", "also", "guardrail")
    assert [term.metric for term in rules.terms] == ["reward", "quality", "cost"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"goal": {"metric": "rewrad"}}, "rewrad"),
        ({"goal": {"metric": "reward"}, "guardrails": [{"metric": "cost"}]}, "margin above 0"),
        (
            {"goal": {"metric": "cost"}, "guardrails": [{"metric": "cost", "margin": 1}]},
            "one term",
        ),
        ({"goal": {"metric": "reward"}, "alpha": 0}, "alpha"),
        ({"goal": {"metric": "reward"}, "challengers": 5}, "challengers"),
        ({"goal": {"metric": "success", "relative": True}}, "in points"),
        ({"goal": {"metric": "reward"}, "also": [{"metric": "reward"}]}, "one term"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(rules: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Rules.parse(rules)
