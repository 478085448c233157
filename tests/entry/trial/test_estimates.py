"""Estimates: means, rates and quantiles with intervals, against numbers worked out by hand."""

import numpy as np
import pytest

from ratchet.entry.trial.estimates import (
    effective_size,
    inside,
    mean_of,
    quantile_of,
    rate_of,
    weighted_of,
)
from ratchet.entry.trial.tally import CELLS
from ratchet.stats.quantiles import histogram_of

NO_CELLS = np.zeros((256, CELLS))


def test_a_mean_has_students_interval_over_its_bins() -> None:
    found = mean_of(np.array([1.0, 3.0, 2.0, 2.0]), np.array([2.0, 2.0, 2.0, 2.0]))
    assert found is not None
    assert found.value == 1.0
    # residuals -1/8, 1/8, 0, 0; variance (2/64)(4/3); t(0.975, 3) = 3.182
    assert found.high == pytest.approx(1 + 3.182 * (2 / 64 * 4 / 3) ** 0.5, rel=0.01)
    assert found.low == pytest.approx(1 - 3.182 * (2 / 64 * 4 / 3) ** 0.5, rel=0.02)


def test_a_mean_of_one_bin_has_no_interval_and_one_of_nothing_is_unknown() -> None:
    one = mean_of(np.array([3.0, 0.0]), np.array([2.0, 0.0]))
    assert one is not None
    assert (one.value, one.low) == (1.5, None)
    assert mean_of(np.zeros(4), np.zeros(4)) is None


def test_a_grade_that_never_varied_is_still_not_certain() -> None:
    found = mean_of(np.full(100, 2.0), np.full(100, 2.0), span=1.0)
    assert found is not None
    assert found.low == pytest.approx(1 - 3 / 200)  # the rule of three


def test_a_rate_of_independent_rows_is_wilsons() -> None:
    found = rate_of(np.array([8.0]), np.array([10.0]), 10, 10, clustered=False)
    assert found is not None
    # Wilson 1927, 8 of 10 at 95 %
    assert found.low == pytest.approx(0.490, abs=5e-4)
    assert found.high == pytest.approx(0.943, abs=5e-4)


def test_rows_that_repeat_their_unit_count_as_units() -> None:
    num = np.where(np.arange(256) % 2 == 0, 20.0, 0.0)  # 256 units of 20 equal rows
    assert effective_size(num, np.full(256, 20.0), 5120, 256) == pytest.approx(255)


def test_a_clustered_rate_without_any_event_counts_units() -> None:
    found = rate_of(np.zeros(256), np.full(256, 20.0), 5120, 100, clustered=True)
    assert found is not None
    assert found.high == pytest.approx(1.96**2 / (100 + 1.96**2), rel=0.001)  # Wilson, 0 of 100


def test_a_quantile_has_the_quantiles_at_wilsons_bounds() -> None:
    values = np.arange(1.0, 1002.0)
    found = quantile_of(
        0.5, histogram_of(values, np.ones(1001, np.int64)), NO_CELLS, 1001, clustered=False
    )
    assert found is not None
    assert found.value == pytest.approx(501, rel=0.005)
    assert found.low == pytest.approx(1 + 1000 * 0.46911, rel=0.01)  # Wilson, 0.5 of 1001
    assert found.high == pytest.approx(1 + 1000 * 0.53089, rel=0.01)


@pytest.mark.parametrize(("n", "bounded"), [(50, False), (71, False), (72, True)])
def test_a_p95_has_an_upper_bound_only_where_rows_lie_beyond_it(n: int, bounded: bool) -> None:
    found = quantile_of(
        0.95,
        histogram_of(np.arange(1.0, n + 1), np.ones(n, np.int64)),
        NO_CELLS,
        n,
        clustered=False,
    )
    assert found is not None
    assert (found.high is not None) == bounded  # 0.95 ** 72 is under 0.025


def test_a_weighted_sum_takes_the_spread_of_its_arms_together() -> None:
    den = np.ones((2, 4))
    num = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]])
    found = weighted_of(np.array([0.5, 0.5]), num, den)
    assert found is not None
    assert found.value == 0.5
    assert found.low == pytest.approx(0.5), "what one arm loses in a bin the other wins"
    alone = weighted_of(np.array([1.0, 0.0]), num, den)
    assert alone is not None
    assert alone.low == pytest.approx(0.5 - 1.96 * (4 / 64 * 4 / 3) ** 0.5, rel=0.001)


def test_an_interval_stays_where_its_metric_can_be() -> None:
    wide = mean_of(np.array([0.0, 2.0]), np.array([2.0, 2.0]))
    found = inside("quality", wide)
    assert found is not None
    assert (found.low, found.high) == (0.0, 1.0)
    assert inside("reward", wide) == wide
