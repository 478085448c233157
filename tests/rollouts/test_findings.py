"""What a rollout's buckets show: exposures first, then metric by metric."""

from typing import Any

import pytest

from ratchet.rollouts.findings import findings
from ratchet.rollouts.report import Compared, RolloutEvidence
from tests.support.evidenced import NOON, arm_of, counted, hour_of_arm, rollout

N = 1500


def compared(found: RolloutEvidence, metric: str, challenger: str = "1.0.1") -> Compared:
    """Return one metric of a challenger."""
    (only,) = [c for c in found.compared if (c.challenger, c.metric) == (challenger, metric)]
    return only


def seen(control: float, challenger: float, **how: Any) -> RolloutEvidence:
    """Return the evidence of two arms of rewards around these means."""
    buckets = [arm_of("control", control, N, seed=1), arm_of("1.0.1", challenger, N, seed=2, **how)]
    return findings(rollout(), buckets, NOON)


def test_a_better_challenger_is_found_better_with_its_bounds() -> None:
    found = compared(seen(0.5, 0.6), "reward")
    assert found.says == "better"
    assert found.difference == pytest.approx(0.1, abs=0.02)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < 0.1 < found.high
    assert found.control == pytest.approx(0.5, abs=0.02)
    assert found.value == pytest.approx(0.6, abs=0.02)


def test_less_of_what_is_better_lower_is_better() -> None:
    found = seen(0.5, 0.5, failed=0.2)
    assert compared(found, "failure").says == "worse"
    assert compared(found, "success").says == "worse"
    assert compared(found, "error:rate_limit").says == "worse"
    assert compared(found, "failure").value == pytest.approx(0.2, abs=0.001)
    assert compared(found, "failure").control == 0


def test_what_is_for_reading_says_how_likely_it_is_better_in_the_metrics_own_direction() -> None:
    rare = compared(seen(0.5, 0.5, failed=0.2), "failure").reading
    assert rare is not None
    assert rare.chance_better < 0.001
    assert rare.expected_loss == pytest.approx(0.2, abs=0.02)
    good = compared(seen(0.5, 0.6), "reward").reading
    assert good is not None
    assert good.chance_better > 0.999
    assert good.expected_loss < 0.001
    assert good.fixed_horizon is not None
    assert good.fixed_horizon.holds(0.1)


def test_the_fixed_horizon_is_narrower_than_what_holds_at_any_look() -> None:
    found = compared(seen(0.5, 0.5), "reward")
    assert found.reading is not None
    once = found.reading.fixed_horizon
    assert once is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < once.low < once.high < found.high


def test_an_unknown_share_that_differs_holds_what_rests_on_it_and_is_told() -> None:
    found = seen(0.5, 0.6, graded=0.5)
    (quality,) = [u for u in found.unknown if u.of == "quality"]
    assert quality.control == 0
    assert quality.value == pytest.approx(0.5, abs=0.001)
    assert quality.differs
    held = {c.metric for c in found.compared if c.says == "held"}
    assert held == {"quality", "reward"}
    assert compared(found, "quality").because == "unknown quality differs"
    assert not [u.of for u in found.unknown if u.differs and u.of != "quality"]


def test_exposures_off_the_plan_hold_everything() -> None:
    buckets = [arm_of("control", 0.5, N), arm_of("1.0.1", 0.9, N // 2)]
    found = findings(rollout(), buckets, NOON)
    assert found.exposures is not None
    assert found.exposures.mismatch
    assert found.exposures.observed["1.0.1"] == pytest.approx(1 / 3)
    assert found.exposures.expected["1.0.1"] == pytest.approx(1 / 2)
    assert {c.says for c in found.compared} == {"held"}


def test_two_challengers_share_the_error_and_each_meets_the_control() -> None:
    arms = ("1.0.1", "1.0.2")
    buckets = [arm_of(arm, 0.5, N, seed=i) for i, arm in enumerate(("control", *arms))]
    found = findings(rollout(arms, share=1 / 3), buckets, NOON)
    assert found.error == 0.0125
    assert {c.challenger for c in found.compared} == set(arms)
    assert found.exposures is not None
    assert not found.exposures.mismatch


def test_no_bucket_at_all_says_too_few_and_gives_no_numbers() -> None:
    found = findings(rollout(), [], None)
    assert not found.closed
    assert {c.says for c in found.compared} == {"too few"}
    assert found.exposures is None
    for told in found.to_wire()["compared"]:
        assert set(told) == {"challenger", "metric", "better", "says", "because"}
    assert {arm.n for arm in found.arms} == {0}


def test_a_challenger_that_nobody_met_is_compared_with_no_number() -> None:
    found = findings(rollout(), [arm_of("control", 0.5, 40)], NOON)
    assert found.closed
    assert {c.reading for c in found.compared} == {None}
    assert found.exposures is not None
    assert found.exposures.observed == {"control": 1.0, "1.0.1": 0.0}


def test_a_latency_is_compared_only_where_there_is_an_objective_and_shown_always() -> None:
    plain = rollout()
    unwatched = plain.model_copy(
        update={"watch": plain.watch.model_copy(update={"latency_objective_ms": None})}
    )
    buckets = [arm_of("control", 0.5, N), arm_of("1.0.1", 0.5, N)]
    assert "slow" in {c.metric for c in findings(plain, buckets, NOON).compared}
    found = findings(unwatched, buckets, NOON)
    assert "slow" not in {c.metric for c in found.compared}
    assert found.arms[0].p95_latency == pytest.approx(400, rel=0.01)


def test_units_that_met_two_arms_in_one_step_are_reported_with_their_share() -> None:
    names = [f"u{i}" for i in range(150)]
    buckets = [
        hour_of_arm("control", counted(names[:100], [0.5] * 100), names[:100]),
        hour_of_arm("1.0.1", counted(names[90:], [0.5] * 60), names[90:]),
    ]
    (met,) = findings(rollout(), buckets, NOON).met_both
    assert (met.step, met.arms, met.sampled) == (0, ("control", "1.0.1"), 10)
    assert met.share == pytest.approx(10 / 150)


def test_a_unit_that_a_ramp_takes_to_the_challenger_is_no_fault() -> None:
    names = [f"u{i}" for i in range(100)]
    sums = counted(names, [0.5] * 100)
    ramp = rollout(steps=({"1.0.1": 0.1}, {"1.0.1": 0.5}), mode="canary")
    buckets = [
        hour_of_arm("control", sums, names, step=0),
        hour_of_arm("1.0.1", sums, names, step=1),
    ]
    assert findings(ramp, buckets, NOON).met_both == ()


def test_a_shadow_is_held_against_its_pair_and_has_no_sample_ratio() -> None:
    names = [f"u{i}" for i in range(N)]
    buckets = [
        hour_of_arm("control", counted(names, [0.5] * N), names),
        hour_of_arm("pair:1.0.1", counted(names, [0.5] * N), names),
        hour_of_arm("shadow:1.0.1", counted(names, [0.3] * N, failed=0.3), names),
    ]
    found = findings(rollout(mode="shadow", share=0.2), buckets, NOON)
    assert found.exposures is None
    assert compared(found, "failure").says == "worse"
    assert compared(found, "failure").value == pytest.approx(0.3, abs=0.001)
    assert found.met_both == ()
    shown = {(arm.arm, arm.version) for arm in found.arms}
    assert shown == {
        ("control", "router-core@1.0.0"),
        ("pair:1.0.1", "router-core@1.0.0"),
        ("shadow:1.0.1", "router-core@1.0.1"),
    }


def test_arms_add_up_over_steps_and_hours() -> None:
    ramp = rollout(steps=({"1.0.1": 0.1}, {"1.0.1": 0.5}), mode="canary")
    buckets = [
        arm_of("control", 0.5, 90, hour=0),
        arm_of("control", 0.5, 50, hour=1, step=1),
        arm_of("1.0.1", 0.5, 10, hour=0),
        arm_of("1.0.1", 0.5, 50, hour=1, step=1),
    ]
    control, challenger = findings(ramp, buckets, NOON).arms
    assert (control.n, control.exposures, control.units) == (140, 140, 90)  # 50 came again
    assert (challenger.n, challenger.exposures, challenger.units) == (60, 60, 50)


def test_costs_that_are_all_alike_differ_by_nothing() -> None:
    found = compared(seen(0.5, 0.6), "cost")
    assert (found.difference, found.says) == (0, "open")
    assert found.control == pytest.approx(0.01)


def test_a_unit_that_goes_back_from_a_challenger_is_found() -> None:
    names = [f"u{i}" for i in range(100)]
    sums = counted(names, [0.5] * 100)
    ramp = rollout(steps=({"1.0.1": 0.1}, {"1.0.1": 0.5}), mode="canary")
    buckets = [
        hour_of_arm("1.0.1", sums, names, step=0),
        hour_of_arm("control", sums, names, step=1),
    ]
    (met,) = findings(ramp, buckets, NOON).met_both
    assert (met.step, met.later, met.arms) == (0, 1, ("1.0.1", "control"))
