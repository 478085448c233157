"""How unlike its neighbours an example is, and how rare its kind."""

from typing import Any

import numpy as np
import pytest

from ratchet.datasets.curate import novelty
from ratchet.datasets.curate.novelty import distances, rarity
from ratchet.datasets.curate.vector import GRID
from ratchet.datasets.versions.prepared import Prepared
from tests.support.curated import an_example


def at(place: float, name: object, **changes: Any) -> Prepared:
    """Return an example whose vector lies at a place on one line."""
    vector = np.zeros(64, np.float32)
    vector[0] = round(place * GRID) / GRID
    return Prepared(an_example(name, **changes), "", "", np.zeros(1, np.uint64), vector, {}, 1)


def test_a_distance_is_the_mean_to_the_five_nearest_in_units_of_unrelated_texts() -> None:
    line = [at(place, place) for place in (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 1.0)]
    found = distances(line)
    # Of the first: 1/8 to 5/8, which is 3/8 in the mean. Of the last: 3/8 to 7/8, which is 5/8.
    assert found[[0, 6]].tolist() == pytest.approx([0.375 / 2**0.5, 0.625 / 2**0.5], abs=1e-6)
    # Of that at 1/4: twice 1/8, twice 2/8, and 3/8.
    assert found[2] == pytest.approx((0.125 * 9 / 5) / 2**0.5, abs=1e-6)


def test_who_is_alone_in_a_cell_is_wholly_new_and_a_copy_is_not_new_at_all() -> None:
    some = [at(0, "a"), at(0, "b"), at(0, "c", domain="coding"), at(0, "d", difficulty=0.9)]
    assert distances(some).tolist() == [0, 0, 1, 1]


def test_nothing_is_further_than_unrelated_texts() -> None:
    assert distances([at(0, "a"), at(9, "b")]).tolist() == [1, 1]


def test_the_order_changes_no_distance_and_no_rarity() -> None:
    rng = np.random.default_rng(3)
    places = [at(float(p), i, difficulty=float(d)) for i, (p, d) in enumerate(rng.random((60, 2)))]
    turn = rng.permutation(60)
    turned = [places[i] for i in turn]
    assert (distances(turned) == distances(places)[turn]).all()
    assert (rarity(turned) == rarity(places)[turn]).all()


def test_of_a_large_cell_those_with_the_smallest_ids_stand_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(novelty, "REFERENCE", 3)
    some = sorted((at(0, i) for i in range(9)), key=lambda one: one.example.id)
    far = [at(0.5, "far", id=one.example.id) if i > 2 else one for i, one in enumerate(some)]
    # The six that are far have the three near zero to compare with, and not each other.
    assert distances(far).tolist() == pytest.approx([0] * 3 + [0.5 / 2**0.5] * 6, abs=1e-6)


def test_rarity_is_the_share_of_what_may_be_known_that_a_cell_tells() -> None:
    many = [at(0, i) for i in range(8)]
    some = [*many[:7], at(0, "x", domain="coding")]
    assert rarity(some)[[0, 7]].tolist() == pytest.approx([0.064215, 1.0], abs=1e-6)
    assert rarity(many).tolist() == [0] * 8
    # Cells of four and four: one bit of three.
    assert rarity([*many[:4], *(at(0, f"c{i}", domain="qa") for i in range(4))]).tolist() == (
        pytest.approx([1 / 3] * 8, abs=1e-6)
    )


def test_of_nothing_there_is_nothing_and_of_one_all_is_new() -> None:
    assert (distances([]).tolist(), rarity([]).tolist()) == ([], [])
    assert (distances([at(0, 1)]).tolist(), rarity([at(0, 1)]).tolist()) == ([1], [1])
