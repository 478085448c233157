"""Metrics and the pairs that rollout buckets give."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.metric import METRICS, metric_named
from ratchet.rollouts.metrics import arms_of, pair_of
from ratchet.rollouts.unknown import UNKNOWN, unknown_pairs
from ratchet.stats.bins import BINS, Bins, pack
from ratchet.stats.loss_terms import TERMS
from ratchet.stats.rollout_bucket import RolloutBucket, RolloutSums
from ratchet.stats.units import units_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HALF = np.array([0.5])


def bins(**by_bin: int) -> Bins:
    """Return bins by number: b3=7 is 7 in bin 3."""
    values = np.zeros(BINS, object)
    for name, value in by_bin.items():
        values[int(name[1:])] = value
    return pack(values)


def bucket(
    arm: str, sums: RolloutSums, *, step: int = 0, hour: int = 0, units: tuple[int, ...] = ()
) -> RolloutBucket:
    """Return a bucket of an hour."""
    return RolloutBucket(
        rollout="r1",
        step=step,
        arm=arm,
        epoch=1,
        hour=NOON + timedelta(hours=hour),
        sums=sums,
        units=units_of(units),
        updated_at=NOON,
        expire_at=NOON,
    )


def test_a_mean_is_its_sum_in_natural_units_over_its_weight() -> None:
    sums = RolloutSums(
        w=bins(b3=4), reward_wx=bins(b3=3_000_000), cost_w=bins(b3=2), cost_wx=bins(b3=10**9)
    )
    arms = arms_of([bucket("1.0.1", sums)])
    reward = pair_of(arms, METRICS["reward"], "1.0.1", HALF)
    assert (reward.num[0, 1, 3], reward.den[0, 1, 3]) == (3.0, 4.0)
    assert reward.num.sum() == 3.0
    assert reward.span == 1.0
    cost = pair_of(arms, METRICS["cost"], "1.0.1", HALF)
    assert (cost.num[0, 1, 3], cost.den[0, 1, 3]) == (1.0, 2.0)
    assert cost.span is None


def test_the_hours_of_a_step_add_up_and_the_steps_stay_apart() -> None:
    sums = RolloutSums(w=bins(b0=10), failure=bins(b0=1))
    arms = arms_of(
        [
            bucket("control", sums, hour=0),
            bucket("control", sums, hour=1),
            bucket("control", sums, step=1, hour=1),
            bucket("1.0.1", sums, step=1, hour=1),
        ]
    )
    found = pair_of(arms, METRICS["failure"], "1.0.1", np.array([0.1, 0.5]))
    assert found.num[:, :, 0].tolist() == [[2, 0], [1, 1]]
    assert found.den[:, :, 0].tolist() == [[20, 0], [10, 10]]
    assert found.share.tolist() == [0.1, 0.5]


def test_the_units_of_all_steps_and_hours_count_once() -> None:
    arms = arms_of(
        [
            bucket("control", RolloutSums(), units=(1, 2, 3)),
            bucket("control", RolloutSums(), hour=1, units=(3, 4)),
            bucket("1.0.1", RolloutSums(), units=(9,)),
            bucket("1.0.1", RolloutSums(), step=1, units=(9, 10)),
        ]
    )
    found = pair_of(arms, METRICS["reward"], "1.0.1", np.array([0.1, 0.5]))
    assert found.units.tolist() == [4, 2]


def test_a_shadow_is_compared_with_what_was_served_beside_it() -> None:
    arms = arms_of(
        [
            bucket("control", RolloutSums(w=bins(b1=100), success=bins(b1=90))),
            bucket("pair:1.0.1", RolloutSums(w=bins(b1=10), success=bins(b1=9))),
            bucket("shadow:1.0.1", RolloutSums(w=bins(b1=10), success=bins(b1=5))),
        ]
    )
    found = pair_of(arms, METRICS["success"], "1.0.1", np.array([0.1]), shadow=True)
    assert found.den[0, :, 1].tolist() == [10, 10]
    assert found.num[0, :, 1].tolist() == [9, 5]
    assert found.share.tolist() == [0.5]


def test_an_error_code_is_a_rate_and_what_nobody_counted_is_zero() -> None:
    sums = RolloutSums(w=bins(b2=8), errors={"rate_limit": bins(b2=3)})
    arms = arms_of([bucket("control", sums), bucket("1.0.1", RolloutSums(w=bins(b2=8)))])
    found = pair_of(arms, metric_named("error:rate_limit"), "1.0.1", HALF)
    assert found.num[0, :, 2].tolist() == [3, 0]
    assert metric_named("error:rate_limit").better == "lower"


@pytest.mark.parametrize("name", ["sucess", "error:", ""])
def test_an_unknown_metric_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(InvalidInput, match="not known") as caught:
        metric_named(name)
    assert "reward" in caught.value.mend


def test_sums_beyond_64_bits_are_as_near_as_a_float_can_be() -> None:
    sums = RolloutSums(cost_w=bins(b0=1), cost_wx=bins(b0=10**27 + 1))
    arms = arms_of([bucket("control", sums), bucket("1.0.1", sums)])
    assert pair_of(arms, METRICS["cost"], "1.0.1", HALF).num[0, 0, 0] == pytest.approx(1e18)


def test_what_is_unknown_is_a_share_of_the_successes_and_a_code_one_of_all() -> None:
    control = RolloutSums(
        w=bins(b5=20),
        success=bins(b5=10),
        known_cost=bins(b5=10),
        known_quality=bins(b5=4),
        errors={"other": bins(b5=3), "rate_limit": bins(b5=5)},
    )
    names = ("cost", "latency", "quality", "corrected", "code", "outcome")
    found = unknown_pairs(arms_of([bucket("control", control)]), "1.0.1", HALF, names=names)
    unknown = {name: (p.num[0, 0, 5], p.den[0, 0, 5]) for name, p in found.items()}
    assert unknown == {
        "cost": (0, 10),
        "latency": (10, 10),
        "quality": (6, 10),
        "corrected": (10, 10),
        "code": (3, 20),
        "outcome": (20, 0),  # what the observations stand for, however many of them came
    }


def test_a_shadow_was_promised_for_each_that_was_served_beside_it() -> None:
    arms = arms_of(
        [
            bucket("control", RolloutSums(exposures=bins(b1=100), w=bins(b1=100))),
            bucket("pair:1.0.1", RolloutSums(n=bins(b1=3), w=bins(b1=30))),
            bucket("shadow:1.0.1", RolloutSums(n=bins(b1=6), w=bins(b1=24))),
        ]
    )
    found = unknown_pairs(arms, "1.0.1", HALF, names=["outcome"], shadow=True)["outcome"]
    assert found.num[0, :, 1].tolist() == [30, 24]
    assert found.den[0, :, 1].tolist() == [30, 30]


def test_every_metric_is_named_by_its_key_and_counts_what_a_bucket_has() -> None:
    terms = {f"loss:{term}": metric_named(f"loss:{term}") for term in TERMS}
    for name, metric in {**METRICS, **terms}.items():
        assert metric.name == name
        assert {f.partition(":")[0] for f in metric.fields} <= set(RolloutSums.model_fields)
        assert set(metric.rests_on) <= set(UNKNOWN)


def test_the_loss_of_runs_and_its_terms_are_means_over_the_runs_that_know_them() -> None:
    sums = RolloutSums(
        runs=bins(b3=4),
        run_w={"loss": bins(b3=4), "grounding": bins(b3=1)},
        run_wx={"loss": bins(b3=1_000_000), "grounding": bins(b3=900_000)},
    )
    arms = arms_of([bucket("control", sums), bucket("1.0.1", sums)])
    loss = pair_of(arms, metric_named("loss"), "1.0.1", HALF)
    assert (loss.num[0, 0, 3], loss.den[0, 0, 3], loss.span) == (1.0, 4.0, 1.0)
    grounding = pair_of(arms, metric_named("loss:grounding"), "1.0.1", HALF)
    assert (grounding.num[0, 0, 3], grounding.den[0, 0, 3]) == (0.9, 1.0)
    names = ("loss:grounding", "loss:ragCoverage", "runs")
    unknown = unknown_pairs(arms, "1.0.1", HALF, names=names)
    seen = {name: (p.num[0, 0, 3], p.den[0, 0, 3]) for name, p in unknown.items()}
    assert seen == {"loss:grounding": (3, 4), "loss:ragCoverage": (4, 4), "runs": (4, 0)}


def test_the_whole_loss_rests_on_every_term_and_each_on_its_runs() -> None:
    assert metric_named("loss").rests_on == ("runs", *(f"loss:{term}" for term in TERMS))
    assert metric_named("loss:grounding").rests_on == ("runs", "loss:grounding")
    assert metric_named("loss:grounding").better == "lower"


@pytest.mark.parametrize("name", ["loss:", "loss:loss", "loss:Grounding"])
def test_a_term_that_the_loss_does_not_have_is_refused_with_those_it_has(name: str) -> None:
    with pytest.raises(InvalidInput, match="no such term") as refused:
        metric_named(name)
    assert refused.value.field == "metric"
    assert "loss:gatePassRate, loss:contradictions" in str(refused.value.mend)
