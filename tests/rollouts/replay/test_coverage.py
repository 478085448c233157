"""A small form of the certification: intervals hold the truth of tables with every answer."""

import pytest

from certify.replay import NAMES, PROMISED, coverage, read
from tests.support.outcomes import real

tables = pytest.mark.parametrize("name", NAMES)


@tables
@pytest.mark.parametrize("recurring", [1, 5])
def test_95_percent_intervals_hold_the_truth_nearly_always(name: str, recurring: int) -> None:
    shares = coverage(real(name), runs=40, n=1_500, seed=1, recurring=recurring)
    # At a true coverage of 0.93, 40 runs fall below 0.82 about once in a hundred times.
    assert {e: s for e, s in shares.items() if e in PROMISED and s < 0.82} == {}


def test_a_model_of_a_confounded_log_misses_the_truth() -> None:
    shares = coverage(real(NAMES[1]), runs=10, n=1_500, seed=1)
    assert shares["dm"] < 0.5


@tables
def test_the_simulated_log_is_explored_and_confounded(name: str) -> None:
    world = read(real(name))
    assert world.logging.sum(1) == pytest.approx(1)
    assert world.logging.min() >= 0.2 / len(world.arms)
    seen = (world.logging * world.rewards).sum(0) / world.logging.sum(0)
    assert abs(seen - world.rewards.mean(0)).max() > 0.05
