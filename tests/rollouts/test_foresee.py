"""Foreseeing a rollout: how long it takes, by what the champion has shown, and what it may err."""

from typing import Any

import pytest

from ratchet.kernel.clock import DAY, HOUR, day_of
from ratchet.observe.reward import RewardConfig
from ratchet.policies.history import get_version
from ratchet.rollouts.foresee import foresee, programme_level
from ratchet.rollouts.override import override_rollout
from ratchet.rollouts.profile import PROFILES, Wanted
from ratchet.rollouts.rollout import Plan, RolloutDraft
from ratchet.stats.moments import Moments
from ratchet.stats.run_sums import RunBucket, RunSums
from ratchet.store.port import Ref, Store
from tests.support import observing
from tests.support.carried import activation, carried
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    draft,
    head_of,
    lineage_of,
    switch_flags,
    weights,
)
from tests.support.observing import observation, worker
from tests.support.trials import (
    asked,
    begin,
    behaving,
    by_gates,
    finish,
    reader_of,
    start,
    start_twins,
)

CHEAPER = PROFILES["cheaper-not-worse"]
ALTERNATING = [{"costUsd": 0.01}, {"costUsd": 0.03}]  # mean 0.02, SD 0.01


def served(store: Store, *fields: dict[str, Any], hours: int = 4, hourly: int = 40) -> None:
    """Let the champion have served traffic in the hours before noon, the fields in turn."""
    at = worker(store, NOON)
    for hour in range(hours):
        ts = NOON - (hours - hour) * HOUR
        own = [
            fields[i % len(fields)] | {"policyVersion": f"{POLICY}@1.0.0"} for i in range(hourly)
        ]
        others = [{"policyVersion": f"{POLICY}@0.9.0", "costUsd": 5.0, "quality": 0.1}] * 5
        at.batch(f"b{hour}", [observation(ts, **item) for item in (*own, *others)])
    at.scored_later()
    at.roll()


def planned(store: Store, level: float | None = None, **options: Any) -> Plan | None:
    given: dict[str, Any] = {"profile": CHEAPER, "mode": "split", "steps": (0.5,)} | options
    wanted = RolloutDraft.parse(asked(**given))
    champion = get_version(store, KEYS, POLICY, "1.0.0")
    return foresee(store, wanted, champion, promote_alpha=level, now=NOON)


def some(plan: Plan | None) -> Plan:
    assert plan is not None
    return plan


def test_costs_that_vary_say_how_many_units_show_a_tenth_of_their_mean(store: Store) -> None:
    behaving(store)
    served(store, *ALTERNATING)
    plan = some(planned(store))
    # A fixed horizon: 2 (1.96 + 1.28) ** 2 (0.01 / 0.002) ** 2 = 525 an arm; looks cost more.
    assert 525 < plan.units < 2 * 525
    assert plan.hours == pytest.approx(1 + plan.units / 20, abs=0.1)  # a window, and 20 an hour
    assert not plan.late
    # Two arms, each with the SD of 0.01.
    assert plan.planned_error == pytest.approx(0.01 * (2 / plan.units) ** 0.5, rel=0.01)
    assert plan.planned_events == pytest.approx(2 * plan.units, rel=0.01)


def test_a_loss_is_planned_by_the_runs_of_a_week(store: Store) -> None:
    behaving(store)
    by_loss = CHEAPER.model_copy(update={"goal": Wanted(metric="loss"), "detect": "2 points"})
    assert planned(store, profile=by_loss) is None
    at = {"component": "router", "shard": 0, "updated_at": NOON, "expire_at": NOON + DAY}
    # 240 runs since midnight, losses 0.2 and 0.4 in turn: mean 0.3, SD 0.1, 20 an hour.
    told = Moments(n=240, w=240, wx=72 * 10**6, wxx=24 * 10**12, w2=240)
    for version, day in (("1.0.0", 0), ("1.0.0", 9), ("0.9.0", 0)):
        bucket = RunBucket(
            version=f"{POLICY}@{version}",
            day=day_of(NOON) - day * DAY,
            sums=RunSums(runs=240, loss=told if day == 0 else Moments(n=1, w=1, wx=10**6)),
            **at,
        )
        store.set(Ref(bucket.collection, bucket.key()), bucket.to_map())
    plan = some(planned(store, profile=by_loss))
    # As of the costs above: 2 (1.96 + 1.28) ** 2 (0.1 / 0.02) ** 2 = 525 an arm, and 10 an hour.
    assert 525 < plan.units < 2 * 525
    assert plan.hours == pytest.approx(1 + plan.units / 10, abs=0.2)
    by_term = CHEAPER.model_copy(update={"goal": Wanted(metric="loss:grounding")})
    assert planned(store, profile=by_term) is None  # which nobody told


def test_a_smaller_share_a_smaller_error_and_more_arms_take_longer(embedded: Store) -> None:
    behaving(embedded)
    served(embedded, *ALTERNATING)
    usual = some(planned(embedded)).hours
    assert some(planned(embedded, steps=(0.1,))).hours > 2 * usual
    assert some(planned(embedded, 0.001)).hours > 1.3 * usual
    two = {"a": f"{POLICY}@1.0.1", "b": f"{POLICY}@1.0.2"}
    assert some(planned(embedded, arms=two, steps=(0.25,))).hours > 1.3 * usual


def test_a_plan_past_the_deadline_is_late(embedded: Store) -> None:
    behaving(embedded)
    served(embedded, *ALTERNATING)
    soon = CHEAPER.model_copy(update={"deadline_hours": some(planned(embedded)).hours - 1})
    assert some(planned(embedded, profile=soon)).late


def test_the_steps_before_the_last_and_the_soak_of_the_last_are_waited_for(
    embedded: Store,
) -> None:
    behaving(embedded)
    served(embedded, *ALTERNATING, hourly=400, hours=1)
    canary = some(planned(embedded, mode="canary", steps=(0.1, 0.3, 0.5)))
    assert canary.hours == 3 * 24.0
    quick = CHEAPER.model_copy(update={"soak_hours": 0.0})
    assert some(planned(embedded, profile=quick)).hours == 24.0  # a daily cycle, in any case


def test_a_reward_has_its_spread_and_an_absolute_effect(embedded: Store) -> None:
    behaving(embedded)
    observing.configure(embedded, RewardConfig())
    served(embedded, {"outcome": "failure"}, *[{}] * 4)
    plan = some(planned(embedded, profile=PROFILES["significance"]))
    stats = observing.stats_doc(embedded, "24h", f"{POLICY}@1.0.0")
    assert stats.avg_reward_interval is not None
    assert stats.avg_reward is not None
    spread = (stats.avg_reward - stats.avg_reward_interval.low) / 1.96 * stats.reward_n**0.5
    assert plan.planned_error == pytest.approx(spread * (2 / plan.units) ** 0.5, rel=0.03)


def test_only_what_was_graded_says_something_of_quality(embedded: Store) -> None:
    behaving(embedded)
    served(embedded, {"quality": 0.6}, {"quality": 1.0}, {}, {})
    plan = some(planned(embedded, profile=PROFILES["quality-gain"]))
    graded = plan.units / 2
    assert plan.planned_error == pytest.approx(0.2 * (2 / graded) ** 0.5, rel=0.02)


@pytest.mark.parametrize(
    ("metric", "rarer"), [("success", 0.2), ("failure", 0.2), ("error:rate_limit", 0.2)]
)
def test_a_rate_is_planned_by_its_events(embedded: Store, metric: str, rarer: float) -> None:
    behaving(embedded)
    served(embedded, {"outcome": "failure", "errorCode": "rate_limit"}, *[{}] * 4)
    goal = {"goal": {"metric": metric}, "detect": "5 points"}
    plan = some(planned(embedded, profile=PROFILES["significance"].parse(goal)))
    assert plan.planned_events == pytest.approx(rarer * 2 * plan.units, rel=0.01)


def test_what_never_failed_is_not_taken_as_certain(embedded: Store) -> None:
    behaving(embedded)
    served(embedded, {})
    goal = {"goal": {"metric": "success"}, "detect": "1 points"}
    assert some(planned(embedded, profile=PROFILES["significance"].parse(goal))).units > 100


def test_an_observation_that_stands_for_several_counts_once(embedded: Store) -> None:
    behaving(embedded)
    served(embedded, *[item | {"weight": 10} for item in ALTERNATING])
    weighted = some(planned(embedded))
    assert weighted.hours == pytest.approx(1 + weighted.units / 20, abs=0.1)


def test_where_nothing_is_known_there_is_no_plan(embedded: Store) -> None:
    behaving(embedded)
    assert planned(embedded) is None
    served(embedded, {})  # no costs, no grades, and no latencies
    assert planned(embedded) is None
    assert planned(embedded, profile=PROFILES["quality-gain"]) is None
    slow = {"goal": {"metric": "slow"}, "detect": "5 points"}
    assert planned(embedded, profile=CHEAPER.parse(slow)) is None
    assert planned(embedded, profile=PROFILES["judged-gain"]) is None  # how many will be asked?


def test_a_shadow_has_no_plan_and_a_canary_is_started_with_its_own(embedded: Store) -> None:
    behaving(embedded)
    served(embedded, *ALTERNATING)
    shadow = start(embedded, by_gates(profile="cheaper-not-worse"))
    assert (shadow.mode, shadow.plan) == ("shadow", None)
    finish(embedded, shadow.id)
    canary = start(embedded, by_gates(profile="cheaper-not-worse", mode="canary"))
    assert canary.plan == planned(embedded, mode="canary", steps=(0.1, 0.5))
    finish(embedded, canary.id)
    assert start_twins(embedded, profile="cheaper-not-worse").plan is None


def test_trials_that_share_a_budget_leave_each_other_less(embedded: Store) -> None:
    switch_flags(embedded, auto=True)
    lineage_of(embedded, 1)
    for i in range(3):
        draft(embedded, weights(0.5 + i / 100))
    budget = CHEAPER.model_copy(update={"budget": "programme"})
    wanted = RolloutDraft.parse(asked(profile=budget))
    first = 0.025 / 2.285766
    assert programme_level(embedded, wanted) == pytest.approx(first, rel=1e-3)
    start_twins(embedded, end=True)
    finish(embedded, begin(embedded, mode="shadow").id)
    assert programme_level(embedded, wanted) == pytest.approx(first, rel=1e-3)
    finish(embedded, begin(embedded).id)  # aborted: it was looked at, all the same
    assert programme_level(embedded, wanted) == pytest.approx(first * 0.329877, rel=1e-3)
    promoted = begin(embedded)
    carried(embedded, promoted, "PROMOTE", activation(embedded, promoted))
    finish(embedded, str(head_of(embedded).rollout))  # its holdback, which is no trial
    earned = (0.025 * 0.172427 + 0.025) / 2.285766
    assert programme_level(embedded, wanted) == pytest.approx(earned, rel=1e-3)


def test_a_promotion_by_override_earns_nothing_back(embedded: Store) -> None:
    behaving(embedded)
    budget = CHEAPER.model_copy(update={"budget": "programme"})
    wanted = RolloutDraft.parse(asked(profile=budget))
    begun = begin(embedded, mode="canary").id
    override_rollout(
        embedded, KEYS, reader_of(embedded), ADA, begun, "PROMOTE", reason="now", now=NOON
    )
    assert programme_level(embedded, wanted) == pytest.approx(0.025 * 0.329877 / 2.285766, rel=1e-3)


def test_a_rollout_has_its_own_alpha_unless_its_profile_shares_one(embedded: Store) -> None:
    behaving(embedded)
    assert programme_level(embedded, RolloutDraft.parse(asked(profile=CHEAPER))) is None
    shared = {"goal": {"metric": "cost"}, "detect": "10 %", "budget": "programme"}
    embedded.set(Ref("config", "gates"), {"v": 1, "profiles": {"shared": shared}})
    started = start(embedded, by_gates(profile="shared", mode="canary"))
    assert started.promote_alpha == pytest.approx(0.025 / 2.285766, rel=1e-3)
