"""Drift of the control: a level that moved is told, and a daily cycle is none."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from ratchet.kernel.clock import DAY
from ratchet.rollouts.control_drift import Drift, control_drift
from ratchet.rollouts.profile import PROFILES
from ratchet.rollouts.rollout import Rollout
from ratchet.stats.bins import BINS, pack
from ratchet.stats.moments import Floats, Ints
from ratchet.stats.rollout_bucket import RolloutBucket, RolloutSums
from ratchet.stats.units import unit_hash, units_of
from tests.support.evidenced import HOUR, ID, NOON, rollout

MIDNIGHT = NOON + 12 * HOUR
SD = 0.3
UNITS = units_of(unit_hash(f"u{i}") for i in range(1000))
STEPS = ({"1.0.1": 0.1}, {"1.0.1": 0.5})
SHARES = (0.9, 0.5)
CYCLE: Floats = 0.5 + 0.2 * np.sin(2 * np.pi * np.arange(24) / 24)


def ramped(**fields: Any) -> Rollout:
    """Return a canary that begins at midnight."""
    return rollout(steps=STEPS, mode="canary", started_at=MIDNIGHT, **fields)


def day_of_control(
    number: int, means: Floats, rng: np.random.Generator, *, per_hour: int, noon: int = 0
) -> list[RolloutBucket]:
    """Return a day's buckets; in day `noon` the second step opens at noon."""
    step_of = np.array([int((number, hour) >= (noon, 12)) for hour in range(24)])
    served = per_hour * np.array(SHARES)[step_of] / BINS
    count = rng.poisson(served[:, None], (24, BINS))
    total = count * means[:, None] + np.sqrt(count) * SD * rng.standard_normal((24, BINS))
    return [
        bucket(number, step, count[step_of == step].sum(0), total[step_of == step].sum(0))
        for step in sorted(set(step_of.tolist()))
    ]


def bucket(number: int, step: int, weight: Ints, total: Floats) -> RolloutBucket:
    """Return the control's bucket of a day."""
    sums = RolloutSums(w=pack(weight), reward_wx=pack((total * 1e6).round().astype(np.int64)))
    at = MIDNIGHT + number * DAY
    return RolloutBucket(
        rollout=ID,
        step=step,
        arm="control",
        epoch=1,
        hour=at,
        level="day",
        sums=sums,
        units=UNITS,
        updated_at=at,
        expire_at=at + timedelta(days=70),
    )


def looks(days: Sequence[list[RolloutBucket]]) -> list[Drift | None]:
    """Return what each day's look finds, the present day only begun."""
    running, found, seen = ramped(), [], list[RolloutBucket]()
    for day in days:
        seen += day
        found.append(control_drift(running, seen))
    return found


def test_a_daily_cycle_is_no_drift_though_a_step_opens_at_noon() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        days = [day_of_control(i, CYCLE, rng, per_hour=2000) for i in range(6)]
        assert looks(days) == [None] * 6


def test_a_shift_of_a_tenth_is_told() -> None:
    rng = np.random.default_rng(6)
    told = 0
    for _ in range(100):
        days = [day_of_control(i, CYCLE - 0.1 * (i > 1), rng, per_hour=200) for i in range(4)]
        *before, last = looks(days)
        assert before == [None] * 3
        told += last is not None and last.change < -0.05
    assert told >= 95


def test_it_is_told_by_how_much_since_when_and_beyond_what() -> None:
    rng = np.random.default_rng(7)
    days = [day_of_control(i, CYCLE - 0.1 * (i > 0), rng, per_hour=2000) for i in range(3)]
    drift = looks(days)[-1]
    assert drift is not None
    assert (drift.metric, drift.margin) == ("reward", 0.02)
    assert (drift.first, drift.latest) == (MIDNIGHT, MIDNIGHT + DAY)
    assert drift.before == pytest.approx(0.5, abs=0.01)
    assert -0.11 < drift.change < drift.bound < -0.05


def test_a_margin_in_percent_is_one_of_the_first_day() -> None:
    rng = np.random.default_rng(8)
    days = [day_of_control(i, CYCLE - 0.1 * (i > 0), rng, per_hour=2000) for i in range(3)]
    seen = [bucket for day in days for bucket in day]
    for detect, told in (("10 %", True), ("40 %", False)):
        profile = PROFILES["significance"].model_copy(update={"detect": detect})
        drift = control_drift(ramped(profile=profile), seen)
        assert (drift is not None) == told
        if drift:
            assert drift.margin == pytest.approx(0.1 * drift.before)


def test_of_a_corrected_mean_it_is_what_people_say_that_drifts() -> None:
    profile = PROFILES["judged-gain"]
    for shift, told in ((0.2, True), (0.0, False)):
        days = [judged_day(i, higher=-shift * (i > 0)) for i in range(3)]
        drift = control_drift(ramped(profile=profile), days)
        assert (drift is not None) == told
        if drift:
            assert drift.metric == "corrected"
            assert [drift.before, drift.change] == pytest.approx([0.75, -0.2])


def judged_day(number: int, *, higher: float) -> RolloutBucket:
    """Return a day of 20 grades in each bin, all 0.75 by judges, of which 10 people gave theirs."""
    off = np.full(BINS, round(20e6 * higher))
    sums = RolloutSums(
        judged_w=pack(np.full(BINS, 20)),
        judged_wx=pack(np.full(BINS, 15_000_000)),
        drawn=pack(np.full(BINS, 10)),
        drawn_w=pack(np.full(BINS, 20_000_000)),
        drawn_wx=pack(off + np.arange(BINS) % 2 * 2_000_000 - 1_000_000),
    )
    return bucket(number, 0, np.zeros(BINS, np.int64), np.zeros(BINS)).model_copy(
        update={"sums": sums}
    )


def test_less_than_two_whole_days_say_nothing() -> None:
    rng = np.random.default_rng(9)
    days = [day_of_control(i, CYCLE - 0.3 * (i > 0), rng, per_hour=2000) for i in range(2)]
    assert looks(days) == [None, None]
    assert control_drift(ramped(), []) is None


def test_the_day_in_which_a_rollout_began_is_not_whole() -> None:
    rng = np.random.default_rng(10)
    days = [day_of_control(i, CYCLE - 0.3 * (i > 0), rng, per_hour=2000) for i in range(3)]
    late = rollout(steps=STEPS, mode="canary", started_at=MIDNIGHT + HOUR)
    seen = [bucket for day in days for bucket in day]
    assert control_drift(late, seen) is None
    assert control_drift(ramped(), seen) is not None
