"""The weighted share: known cases by hand, and intervals that cover as they promise."""

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.select.choose import choose
from ratchet.labels.select.share import Share, plain_share, weighted_share
from ratchet.stats.moments import Floats

NO = np.zeros(0)
ONE_DRAW = np.zeros(20, np.int64)


def test_each_answer_counts_by_what_it_stands_for() -> None:
    good, propensity = np.array([True, False, True]), np.array([0.1, 0.5, 0.5])
    weight, draw = np.array([1, 10, 5]), np.zeros(3, np.int64)
    assert weighted_share(good, propensity, weight, draw).value == pytest.approx(0.5)  # 20 of 40
    assert plain_share(good).value == pytest.approx(2 / 3)


def test_where_everything_was_asked_nothing_is_uncertain() -> None:
    good = np.array([True] * 3 + [False])
    found = weighted_share(good, np.ones(4), np.ones(4, np.int64), np.zeros(4, np.int64))
    assert (found.value, found.interval.low, found.interval.high) == (0.75, 0.75, 0.75)


def test_few_heavy_answers_that_agree_are_not_certain() -> None:
    propensity = np.array([0.001, 0.001, *[0.9] * 18])
    found = weighted_share(np.ones(20, np.bool_), propensity, np.ones(20, np.int64), ONE_DRAW)
    assert found.value == 1.0
    assert found.n == pytest.approx(2.0, abs=0.05)
    assert found.interval.low < 0.2


def test_nothing_answered_is_no_share() -> None:
    with pytest.raises(InvalidInput) as refused:
        weighted_share(NO.astype(np.bool_), NO, NO.astype(np.int64), NO.astype(np.int64))
    assert refused.value.mend == "ratchet review next"


@pytest.mark.parametrize(("slope", "rate"), [(-0.6, 0.8), (0.5, 0.3), (0.0, 0.9)])
def test_the_interval_covers_and_the_plain_one_of_hard_questions_does_not(
    slope: float, rate: float
) -> None:
    rng = np.random.default_rng(11)
    weighted, plain, errors = 0, 0, []
    for _ in range(200):
        truth, found, naive = week(rng, slope, rate)
        weighted += found.interval.holds(truth)
        plain += naive.interval.holds(truth)
        errors.append(found.value - truth)
    assert weighted >= 0.92 * 200
    assert abs(np.mean(errors)) < 0.03
    assert (plain < 20) is (slope != 0)


def week(rng: np.random.Generator, slope: float, rate: float) -> tuple[float, Share, Share]:
    """Return (the true share, the weighted one, the plain one) of seven draws of 20 of 500."""
    good, propensity, truth = [], [], []
    for _ in range(7):
        score: Floats = rng.beta(0.6, 1.5, 500)
        right = rng.random(500) < np.clip(rate + slope * (score - 2 / 7), 0.01, 0.99)
        chosen = choose(score, np.arange(500), 20, uniform_share=0.1, rng=rng)
        good.append(right[chosen.index])
        propensity.append(chosen.propensity)
        truth.append(right.mean())
    answers, draw = np.concatenate(good), np.repeat(np.arange(7), 20)
    found = weighted_share(answers, np.concatenate(propensity), np.ones(140, np.int64), draw)
    return float(np.mean(truth)), found, plain_share(answers)
