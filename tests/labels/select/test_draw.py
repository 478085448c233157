"""Drawing with known probabilities: exact by enumeration, unbiased by simulation."""

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.select.draw import draw, inclusion, systematic, weighted_total
from ratchet.stats.moments import Floats

SCORES = st.lists(st.floats(0, 1).map(lambda x: x if x > 1e-9 else 0.0), min_size=1, max_size=9)


def samples(probabilities: Floats) -> list[tuple[float, list[int]]]:
    """Return each sample that there can be in this order, with the length of its starts."""
    edges = {0.0, 1.0} | {float(e % 1) for e in np.cumsum(probabilities)}
    cuts = sorted(edges)
    return [
        (high - low, systematic(probabilities, (low + high) / 2).tolist())
        for low, high in pairwise(cuts)
        if high - low > 1e-12
    ]


@given(SCORES, st.integers(0, 9), st.floats(0.01, 1))
def test_every_item_is_drawn_with_just_its_probability(
    scores: list[float], n: int, share: float
) -> None:
    probabilities = inclusion(np.array(scores), n, share)
    size = min(n, len(scores))
    assert probabilities.sum() == pytest.approx(size)
    assert (probabilities <= 1).all()
    met = np.zeros(len(scores))
    for length, drawn in samples(probabilities):
        assert len(set(drawn)) == size
        met[drawn] += length
    assert met == pytest.approx(probabilities, abs=1e-9)


@given(SCORES, st.integers(1, 9), st.data())
def test_the_weighted_total_is_unbiased_over_all_samples(
    scores: list[float], n: int, data: st.DataObject
) -> None:
    values = np.array(data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=9, max_size=9)))
    values = values[: len(scores)]
    probabilities = inclusion(np.array(scores), n, 0.1)
    expected = sum(
        length * weighted_total(values[drawn], probabilities[drawn])
        for length, drawn in samples(probabilities)
    )
    assert expected == pytest.approx(values.sum(), abs=1e-6)


def test_what_would_pass_one_is_certain_and_the_others_share_the_rest() -> None:
    # Sizes 8, 1, 1, 1, 1 of 3: the first is certain, the other four share two.
    found = inclusion(np.array([8.0, 1, 1, 1, 1]), 3, 1e-9)
    assert found == pytest.approx([1, 0.5, 0.5, 0.5, 0.5], abs=1e-6)


def test_a_tenth_of_a_draw_is_uniform_so_that_everything_can_be_drawn() -> None:
    # 2 of 5: by score (0.5, 0.5, 0, 0, 0) x 0.9 + 0.02 each, times 2; 0.94 and 0.04.
    found = inclusion(np.array([1.0, 1, 0, 0, 0]), 2, 0.1)
    assert found == pytest.approx([0.94, 0.94, 0.04, 0.04, 0.04])


def test_without_scores_and_with_too_few_items_the_draw_is_uniform_and_whole() -> None:
    assert inclusion(np.zeros(4), 1, 0.1).tolist() == [0.25] * 4
    assert inclusion(np.array([0.0, 1.0]), 5, 0.1).tolist() == [1.0, 1.0]
    assert draw(np.zeros(0), np.random.default_rng(0)).tolist() == []


def test_draws_in_random_order_meet_every_pair_and_estimate_without_bias() -> None:
    rng = np.random.default_rng(5)
    probabilities = inclusion(np.array([5.0, 4, 3, 2, 1, 1]), 2, 0.1)
    values = np.array([1.0, 0, 1, 0, 1, 1])
    drawn = [draw(probabilities, rng) for _ in range(4000)]
    totals = [weighted_total(values[d], probabilities[d]) for d in drawn]
    assert len({tuple(d) for d in drawn}) == 15
    error = np.std(totals) / np.sqrt(4000)
    assert abs(np.mean(totals) - 4) < 4 * error < 0.25


@pytest.mark.parametrize(
    ("scores", "share", "field"),
    [([1.0, -0.1], 0.1, "scores"), ([1.0, float("nan")], 0.1, "scores"), ([1.0], 0.0, "uniform")],
)
def test_a_draw_without_probabilities_is_refused(
    scores: list[float], share: float, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        inclusion(np.array(scores), 1, share)
    assert refused.value.field.startswith(field)
