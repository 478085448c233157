"""Days as arrays: which count, and a fleet that a component takes itself out of."""

import numpy as np
import pytest

from ratchet.runs.cards.daily import Days, fleet_of


def days(n: list[list[float]], mean: list[list[float]]) -> Days:
    """Return days of components whose runs are all alike."""
    runs, means = np.array(n, float), np.array(mean, float)
    return Days(runs, runs * means, runs * means**2)


def test_a_day_with_few_runs_or_far_fewer_than_usual_does_not_count() -> None:
    found = days([[100, 4, 100, 15, 30, 0]], [[0.5] * 6])
    assert found.enough.tolist() == [[True, False, True, True, True, False]]
    # 245 runs on four days: a fifth of the usual 61 is 12.25.
    assert found.usual.tolist() == [[True, False, True, True, True, False]]
    assert days([[100, 6, 100]], [[0.5] * 3]).usual.tolist() == [[True, False, True]]


def test_the_last_days_are_cut_from_the_end() -> None:
    found = days([[1, 2, 3, 4]], [[0] * 4])
    assert found.last(2).n.tolist() == [[3, 4]]
    assert found.last(2, skipped=1).n.tolist() == [[2, 3]]


def test_a_fleet_adds_up_whose_day_counts_and_gives_back_the_others() -> None:
    found = days([[10, 10], [20, 4], [40, 10]], [[0.2, 0.2], [0.4, 0.9], [0.6, 0.4]])
    fleet = fleet_of(found)
    assert fleet.components.tolist() == [3, 2]
    np.testing.assert_allclose(fleet.means, [1.2, 0.6])
    np.testing.assert_allclose(fleet.inverse, [0.175, 0.2])
    assert fleet.least.tolist() == [10, 10]
    assert fleet.n.tolist() == [70, 20]
    others = fleet.without(found)
    np.testing.assert_allclose(others.components, [[2, 1], [2, 2], [2, 1]])
    np.testing.assert_allclose(others.means, [[1.0, 0.4], [0.8, 0.6], [0.6, 0.2]])
    np.testing.assert_allclose(others.x, [[32, 4], [26, 6], [10, 2]], atol=1e-12)


def test_what_moves_all_on_a_day_is_no_scatter_of_one() -> None:
    found = days([[10] * 4] * 3, [[0.1, 0.3, 0.1, 0.3], [0.4, 0.6, 0.4, 0.6], [0.2, 0.4, 0.2, 0.4]])
    every = np.ones(4, bool)
    assert fleet_of(found).scatter(every) == pytest.approx(0, abs=1e-15)
    own = days([[10] * 4] * 2, [[0.1, 0.3, 0.1, 0.3], [0.4, 0.4, 0.4, 0.4]])
    # Days of variance 0.04 / 3, and of none: their mean.
    assert fleet_of(own).scatter(every) == pytest.approx(0.04 / 6)
    lone = days([[10] * 4], [[0.4, 0.4, 0.4, 0.4]])
    assert fleet_of(own).without(lone).apart2.sum() == pytest.approx(0.04 / 3 * 4)


def test_fleets_merge_with_plus() -> None:
    found = days([[10, 10], [20, 4], [40, 0]], [[0.2, 0.2], [0.4, 0.9], [0.6, 0]])
    parts = [fleet_of(Days(found.n[[i]], found.x[[i]], found.xx[[i]])) for i in range(3)]
    whole, merged = fleet_of(found), parts[0] + parts[1] + parts[2]
    for name in ("components", "means", "inverse", "apart", "apart2", "least", "n", "x", "xx"):
        np.testing.assert_allclose(getattr(merged, name), getattr(whole, name))
    assert merged.least.tolist() == [10, 10]
