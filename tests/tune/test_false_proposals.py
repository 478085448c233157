"""What the weights do over days: nothing for equal arms, and soon the right thing for a better one.

A simulated hour costs about a millisecond, so every core takes its share of the policies.
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np
import pytest

from tests.support.simulation import simulate

pytestmark = pytest.mark.slow

DAYS = 30
SEEDS = range(40)
RATES = (60, 600, 3600)


@dataclass(frozen=True)
class Outcome:
    """What became of one policy whose arms are alike."""

    rate: int
    drafts: int
    sure: int
    drift: float


def leave_alone(arms: int, start: Sequence[float] | None, cycle: float, seed: int) -> Outcome:
    """Tune a policy of equal arms by the hour; seeds take turns at the rates."""
    rate = RATES[seed % len(RATES)]
    end = simulate([0.65] * arms, rate=rate, ticks=24 * DAYS, seed=seed, start=start, cycle=cycle)
    return Outcome(rate, len(end.gains), end.sure, end.drift)


def best_arm(seed: int) -> tuple[float, int]:
    """Tune a policy of eight arms, of which the fifth is better by 0.1."""
    means = [0.5] * 4 + [0.6] + [0.5] * 3
    end = simulate(means, rate=450, ticks=8, seed=seed, tick=timedelta(minutes=30))
    return float(end.weights[-1][4]), end.sure


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    context = multiprocessing.get_context("spawn")
    workers = min(8, os.cpu_count() or 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENBLAS_NUM_THREADS", "1")  # the processes share the cores as it is
        with ProcessPoolExecutor(workers, mp_context=context) as executor:
            yield executor


@pytest.mark.parametrize(
    ("arms", "start", "cycle"),
    [
        pytest.param(3, None, 0.0, marks=pytest.mark.slow),
        pytest.param(8, None, 0.0, marks=pytest.mark.slow),
        (3, (0.6, 0.25, 0.15), 0.1),
    ],
)
def test_equal_arms_keep_their_weights_and_promise_no_gain(
    pool: Executor, arms: int, start: Sequence[float] | None, cycle: float
) -> None:
    seeds = SEEDS if cycle == 0 else SEEDS[:6]
    outcomes = list(pool.map(partial(leave_alone, arms, start, cycle), seeds))
    assert {outcome.rate for outcome in outcomes} == set(RATES)
    assert max(outcome.drift for outcome in outcomes) <= 0.2
    drafts = sum(outcome.drafts for outcome in outcomes)
    assert drafts > len(seeds)  # else this says nothing about drafts
    assert sum(outcome.sure for outcome in outcomes) <= 0.05 * drafts


def test_a_clearly_better_arm_has_nine_tenths_after_eight_ticks(pool: Executor) -> None:
    ends = list(pool.map(best_arm, range(20)))
    assert min(weight for weight, _ in ends) >= 0.9
    # And some drafts on the way say for sure that they gain.
    assert np.mean([sure > 0 for _, sure in ends]) > 0.5
