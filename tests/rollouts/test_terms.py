"""Which rules a profile gives, by mode and purpose."""

from ratchet.rollouts.profile import PROFILES, Guardrail, Profile, Wanted
from ratchet.rollouts.rollout import Plan
from ratchet.rollouts.rules import Term
from ratchet.rollouts.terms import planned_of, rules_of
from tests.support.judging import trial


def test_amounts_become_numbers_and_keep_what_they_are_parts_of() -> None:
    rules = rules_of(trial(profile=PROFILES["quality-gain"]))
    assert rules.goal == Term(
        metric="quality", min_effect=0.02, rollback_margin=0.05, relative=True,
        rollback_relative=True,
    )  # fmt: skip
    success, slow, cost = rules.guardrails
    assert (success.margin, success.rollback_margin, success.relative) == (0.02, 0.02, False)
    assert (slow.metric, slow.required) == ("slow", False)
    assert (cost.margin, cost.relative, cost.required) == (0.2, True, False)


def test_an_amount_of_nothing_is_a_part_of_nothing() -> None:
    mixed = Profile(goal=Wanted(metric="reward", above="0 %", rollback="5 points"))
    goal = rules_of(trial(profile=mixed)).goal
    assert (goal.relative, goal.rollback_relative, goal.rollback_margin) == (False, False, 0.05)


def test_minima_errors_and_what_else_must_get_better_are_the_profiles() -> None:
    profile = PROFILES["champion-challenger"].model_copy(update={"min_units": 70, "min_events": 20})
    running = trial(("1.0.1", "1.0.2"), profile=profile, promote_alpha=0.003)
    rules = rules_of(running)
    assert [term.metric for term in rules.also] == ["success"]
    assert (rules.least_units, rules.least_events, rules.challengers) == (50, 20, 2)
    assert rules.promote_error == 0.0015


def test_without_a_latency_objective_nothing_is_slow() -> None:
    plain = trial(profile=PROFILES["significance"])
    watch = plain.watch.model_copy(update={"latency_objective_ms": None})
    rules = rules_of(plain.model_copy(update={"watch": watch}))
    assert [term.metric for term in rules.guardrails] == ["success", "cost"]


def test_in_a_shadow_the_goal_wants_nothing_and_grades_are_not_required() -> None:
    profile = PROFILES["cheaper-not-worse"].model_copy(
        update={"also": (Wanted(metric="reward", above="1 points"),)}
    )
    rules = rules_of(trial(mode="shadow", profile=profile))
    assert not any(term.promotes for term in (rules.goal, *rules.also))
    asked = {term.metric: term.required for term in rules.guardrails}
    assert asked == {"quality": False, "success": True, "slow": False}
    assert all(term.promotes for term in rules.guardrails)


def test_a_holdback_promotes_by_nothing_and_goes_back_by_all() -> None:
    guarded = Profile(
        goal=Wanted(metric="reward", rollback="3 points"),
        guardrails=(Guardrail(metric="cost", margin="20 %", rollback="0.01 usd"),),
    )
    rules = rules_of(trial(purpose="holdback", profile=guarded))
    assert not any(term.promotes for term in rules.terms)
    assert [term.rollback_margin for term in rules.terms] == [0.03, 0.01]
    assert [term.rollback_relative for term in rules.terms] == [False, False]


def test_a_plan_says_where_the_bounds_of_the_goal_are_tightest() -> None:
    assert planned_of(trial()) == {}
    planned = trial(plan=Plan(units=900, hours=70, planned_error=0.004, planned_events=9.0))
    assert planned_of(planned) == {"reward": (0.004, 9.0)}
