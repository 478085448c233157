"""The figure of the review queue, in small: a world made here, three seeds."""

import numpy as np
import pytest

from bench import review
from bench.review import World, told

pytestmark = pytest.mark.slow

pytest.importorskip("sklearn")


def test_selected_labels_teach_as_much_as_twice_as_many_random_ones() -> None:
    # One answer in eleven is right, and 20 features say which; most questions are easy.
    rng = np.random.default_rng(4)
    known = rng.normal(size=(4000, 20))
    labels = (known @ rng.normal(size=20) + rng.normal(size=4000) > 4.5).astype(np.int64)
    gained = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(4000)
        world = World(known, labels, order[1500:], order[:1500])
        selected, random = world.selected(np.random.default_rng(seed)), world.random()
        assert list(selected) == [60, *range(80, 501, 20)]
        gained.append(selected[500] - random[1000])
    assert np.mean(gained) > 0


def test_the_figure_asks_for_the_accuracy_of_twice_as_many_random_labels() -> None:
    random = [dict.fromkeys((100, 200, 300, 400, 500), 0.7) | {1000: 0.8}] * 2
    selected = [{60: 0.6, 100: 0.7, 200: 0.75, 300: 0.8, 400: 0.81, 500: 0.82}] * 2
    gained, reached, *curves = told(review.ASKED, selected, random)
    assert gained.value == pytest.approx(0.02)
    assert (gained.limit, gained.holds) == (0.0, True)
    assert reached.value == 300
    assert len(curves) == 11
    worse = told(review.ASKED, [{**selected[0], 300: 0.7, 400: 0.7, 500: 0.79}] * 2, random)
    assert not worse[0].holds
    assert "as good as" not in worse[1].name
