"""Outliers: planted ones are found, ordinary ones are left, and few examples have none."""

import sys

import numpy as np
import pytest

from ratchet.datasets.curate.novelty import distances
from ratchet.datasets.curate.outlier import ENOUGH, oddness, outliers, probability
from ratchet.datasets.settings import DatasetSettings
from ratchet.kernel.errors import InvalidInput
from tests.support.curated import a_prepared
from tests.support.planted import World, a_world, written

BOUND = DatasetSettings().max_outlier


@pytest.fixture(scope="module")
def world() -> World:
    return a_world(written(250, np.random.default_rng(5)), 0.04, seed=5)


def test_planted_outliers_are_found_and_few_others_are_called_so(world: World) -> None:
    called = outliers(world.prepared, distances(world.prepared)) > BOUND
    planted = np.array([kind is not None for kind in world.planted])
    assert called[planted].mean() >= 0.6
    assert called[~planted].mean() <= 0.03


def test_the_order_changes_no_probability(world: World) -> None:
    turn = np.random.default_rng(1).permutation(len(world.prepared))
    turned = [world.prepared[i] for i in turn]
    found = outliers(world.prepared, distances(world.prepared))
    assert (outliers(turned, distances(turned)) == found[turn]).all()


def test_up_to_a_hundred_examples_none_is_an_outlier(world: World) -> None:
    few = [a_prepared("odd", quality=0.0, tokens=10**9), *world.prepared[: ENOUGH - 1]]
    assert not outliers(few, distances(few)).any()
    one_more = [*few, world.prepared[ENOUGH]]
    assert outliers(one_more, distances(one_more))[0] > BOUND


def test_a_column_that_nobody_knows_and_values_that_some_lack_count_for_nothing() -> None:
    rng = np.random.default_rng(2)
    features = rng.normal(size=(150, 3))
    features[:, 2] = np.nan
    features[:40, 1] = np.nan
    features[7, 0] = 12.0
    assert int(np.argmax(oddness(features))) == 7


def test_a_probability_is_by_the_spread_above_the_median() -> None:
    # The median is 0 and the upper quartile 0.67449, as a standard normal's: the spread is 1.
    base = np.concatenate([np.full(50, -1.0), np.zeros(25), np.full(21, 0.6744897501960817)])
    scores = np.concatenate([base, np.full(26, 0.6744897501960817), [2.6, 2.7, 6.0]])
    found = probability(np.sort(scores))
    assert found[0] == found[60]  # at the median and below it alike
    # 0.002 / (0.002 + 0.98 * the normal density): 0.01358 at 2.6, 0.01042 at 2.7, 6e-9 at 6.
    assert found[-3:].tolist() == pytest.approx([0.13062, 0.16376, 1.0], abs=1e-4)


def test_where_half_the_scores_are_one_whatever_lies_above_is_an_outlier() -> None:
    found = probability(np.array([0.4] * 9 + [0.5]))
    assert found[9] == 1
    assert found[0] < BOUND


def test_without_scikit_learn_the_extra_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(InvalidInput) as caught:
        outliers(world.prepared, distances(world.prepared))
    assert caught.value.mend == "pip install 'ratchet[datasets]'"
