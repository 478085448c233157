"""The posterior by hand: the normal prior and the normal likelihood."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.rollouts.evidence.bayes import compare, posterior
from ratchet.rollouts.pair import Pair, Question
from tests.support.paired import one_a_bin

# Two units an arm, a off their means: variance 4 (a / 2)**2 times 4 bins / 3 = 0.01.
OFF = np.array([-1, 1]) * np.sqrt(0.0075)
PAIR = one_a_bin(0.5 + OFF, 0.6 + OFF, bins=4)
NONE = Pair(np.zeros((1, 2, 4)), np.zeros((1, 2, 4)), np.array([0.5]), np.zeros(2))


def test_as_much_data_as_prior_halves_the_difference() -> None:
    # Prior 0 +- 0.1, data 0.1 +- 0.1: 0.05 +- 0.1 / sqrt 2, which is 0.70711 standard deviations:
    # Phi 0.76025, phi 0.310697; 0.0707107 * 0.310697 - 0.05 * 0.23975.
    found = posterior(PAIR)
    assert float(found.mean) == pytest.approx(0.05)
    assert float(found.error) == pytest.approx(0.0707107, rel=1e-5)
    assert float(found.above) == pytest.approx(0.760250, abs=1e-5)
    assert float(found.drop) == pytest.approx(0.009982, abs=1e-6)
    assert float(found.rise) == pytest.approx(0.059982, abs=1e-6)


def test_of_no_data_the_prior_is_believed() -> None:
    found = posterior(NONE)
    assert float(found.mean) == 0.0
    assert float(found.error) == pytest.approx(0.1)
    assert float(found.above) == 0.5
    assert float(found.drop) == float(found.rise) == pytest.approx(0.1 * 0.3989423)
    assert np.isnan(compare(NONE, Question()).estimate)


def test_the_credible_interval_leaves_the_errors_out() -> None:
    found = compare(PAIR, Question(low_error=0.025, high_error=0.05))
    assert float(found.low) == pytest.approx(0.05 - 1.959964 * 0.0707107, rel=1e-5)
    assert float(found.high) == pytest.approx(0.05 + 1.644854 * 0.0707107, rel=1e-5)


def test_without_a_span_the_prior_is_a_fifth_of_the_larger_mean() -> None:
    # 0.2 * 0.6 = 0.12: the data's 0.1 keeps 0.0144 / 0.0244 of itself.
    found = posterior(replace(PAIR, span=None))
    assert float(found.mean) == pytest.approx(0.1 * 0.0144 / 0.0244)


def test_what_never_varied_is_not_certain() -> None:
    # 20 units an arm that all gave 1: as if one of each arm lay 1 away, 2 / 400, half the prior's.
    found = posterior(one_a_bin(np.ones(20), np.ones(20)))
    assert float(found.error) == pytest.approx(np.sqrt(0.01 * 0.005 / 0.015))
    assert float(found.above) == 0.5


def test_a_posterior_over_the_prior_is_right_about_who_is_above() -> None:
    # Of challengers drawn from the prior, those said to be above with p are so in p of the cases.
    rng = np.random.default_rng(5)
    truth = rng.normal(0, 0.1, 4000)
    values = rng.normal(0.5, 1.0, (truth.size, 2, 128))
    num, den = np.zeros((truth.size, 1, 2, 256)), np.zeros((truth.size, 1, 2, 256))
    num[:, 0, 0, :128], den[:, 0, 0, :128] = values[:, 0], 1.0
    num[:, 0, 1, 128:], den[:, 0, 1, 128:] = values[:, 1] + truth[:, None], 1.0
    found = posterior(Pair(num, den, np.array([0.5]), np.full((truth.size, 2), 128.0)))
    for low, high in ((0.1, 0.3), (0.3, 0.7), (0.7, 0.9)):
        inside = (found.above > low) & (found.above < high)
        assert inside.sum() > 300
        assert (truth[inside] > 0).mean() == pytest.approx(found.above[inside].mean(), abs=0.05)
    assert np.maximum(-truth, 0).mean() == pytest.approx(found.drop.mean(), rel=0.05)
