"""Terms: the rules that a rollout is judged by, out of its profile, its mode and its purpose."""

from ratchet.rollouts.amount import size_of
from ratchet.rollouts.metric import metric_named
from ratchet.rollouts.profile import Guardrail, Wanted
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.rules import Planned, Rules, Term

# What grades and runs are unknown by, and the sum that counts them: not every service tells them.
GRADES = {"quality": "quality_w", "corrected": "judged_w", "runs": "runs"}


def rules_of(rollout: Rollout) -> Rules:
    """Return the rules of a rollout.

    A shadow serves nobody, so nothing must get better in it, and what rests on grades or runs is
    asked only where there are some. A holdback promotes nothing: it only goes back. A guardrail on
    `slow` is left out where no latency objective says what that is. The profile's `minUnits` is
    asked of promotions alone (`judge_waits`): a harm is believed as soon as any bound is.
    """
    profile = rollout.profile
    guardrails = (g for g in profile.guardrails if _is_watched(g, rollout))
    return Rules(
        goal=_wanted(profile.goal, rollout),
        also=tuple(_wanted(wanted, rollout) for wanted in profile.also),
        guardrails=tuple(_guardrail(guardrail, rollout) for guardrail in guardrails),
        alpha=profile.alpha,
        challengers=len(rollout.challengers),
        promote_alpha=rollout.promote_alpha,
        least_events=profile.min_events,
    )


def planned_of(rollout: Rollout) -> dict[str, Planned]:
    """Return the planned error and events of the goal, where there is a plan."""
    plan = rollout.plan
    if plan is None:
        return {}
    return {rollout.profile.goal.metric: (plan.planned_error, plan.planned_events)}


def grades_of(metric: str) -> tuple[str, ...]:
    """Return the grades or runs that a metric rests on: it is silent where nobody tells any."""
    return tuple(name for name in metric_named(metric).rests_on if name in GRADES)


def _is_watched(guardrail: Guardrail, rollout: Rollout) -> bool:
    return guardrail.metric != "slow" or rollout.watch.latency_objective_ms is not None


def _wanted(wanted: Wanted, rollout: Rollout) -> Term:
    above, allowed = size_of(wanted.above), size_of(wanted.rollback)
    return Term(
        metric=wanted.metric,
        min_effect=above.value,
        rollback_margin=allowed.value,
        relative=_is_relative(wanted.above),
        rollback_relative=_is_relative(wanted.rollback),
        required=rollout.mode != "shadow",
        promotes=rollout.purpose != "holdback" and rollout.mode != "shadow",
    )


def _guardrail(guardrail: Guardrail, rollout: Rollout) -> Term:
    silent = rollout.mode == "shadow" and bool(grades_of(guardrail.metric))
    return Term(
        metric=guardrail.metric,
        margin=size_of(guardrail.margin).value,
        rollback_margin=size_of(guardrail.allowed).value,
        relative=_is_relative(guardrail.margin),
        rollback_relative=_is_relative(guardrail.allowed),
        required=guardrail.required and not silent,
        promotes=rollout.purpose != "holdback",
    )


def _is_relative(amount: str) -> bool:
    """Say whether an amount is a part of the control's mean; nothing is that of anything."""
    return size_of(amount).relative and size_of(amount).value != 0
