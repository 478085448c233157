"""The boundary: against gbstats' sequential test, and tightest where it was planned."""

import numpy as np
import pytest

from ratchet.rollouts.boundary import reach, tuning
from ratchet.stats.moments import Floats

# Half of the interval of gbstats 0.8.0's SequentialTwoSidedTTest over its standard error, at
# (alpha, present sample, sequential_tuning_parameter); two arms, computed with that package.
GBSTATS = {
    (0.05, 100, 1000): 3.8550546335303113,
    (0.05, 400, 1000): 3.123779091674729,
    (0.05, 1000, 1000): 3.0352089903762525,
    (0.05, 10000, 1000): 3.2417231454054383,
    (0.05, 2000, 5000): 3.1237790916747294,
    (0.01, 100, 1000): 4.316013747714238,
    (0.01, 1000, 1000): 3.5716299708704504,
    (0.10, 400, 1000): 2.860843587374202,
    (0.10, 10000, 1000): 2.984476694840598,
}
NORMAL = {0.05: 1.959964, 0.01: 2.575829}


@pytest.mark.parametrize(("at", "wanted"), GBSTATS.items())
def test_the_reach_is_that_of_gbstats(at: tuple[float, int, int], wanted: float) -> None:
    alpha, present, planned = at
    assert float(reach(alpha, np.array(present / planned))) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_the_reach_is_least_near_the_plan_and_more_than_a_single_look_takes(alpha: float) -> None:
    at: Floats = np.geomspace(0.01, 100, 401)
    found = reach(alpha, at)
    assert 0.8 < at[found.argmin()] < 1.25
    assert float(found.min()) > NORMAL[alpha]


def test_of_no_information_the_reach_is_far_and_finite() -> None:
    found = reach(0.05, np.array([0.0, 1e-6, 1e-3]))
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()
    assert found[0] > 1e5


def test_the_tuning_of_many_errors_is_that_of_each() -> None:
    # Equation 161 by hand: -2 ln 0.05 = 5.99146, ln 6.99146 = 1.94469.
    assert float(tuning(0.05)) == pytest.approx(7.93615, abs=1e-5)
    both = tuning(np.array([0.05, 0.01]))
    assert both[0] == tuning(0.05)
    assert both[1] == tuning(0.01)


def test_a_walk_leaves_the_boundary_ever_with_the_stated_error_at_most() -> None:
    rng = np.random.default_rng(11)
    steps = np.arange(1, 401)
    walks = rng.standard_normal((4000, steps.size)).cumsum(1) / np.sqrt(steps)
    left = (np.abs(walks) > reach(0.05, steps / 100)).any(1).mean()
    naive = (np.abs(walks) > NORMAL[0.05]).any(1).mean()
    assert left <= 0.05
    assert naive > 0.3
