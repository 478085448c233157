"""Choosing: sharp on what is unsure, one of each group, with the probability of each item."""

import numpy as np
import pytest

from ratchet.labels.select.choose import choose


def test_one_of_each_group_is_chosen_and_estimates_count_the_others() -> None:
    group = np.array([0, 0, 0, 3, 4])
    good = np.array([1.0, 0, 0, 1, 0])  # copies need not be as good as each other
    rng = np.random.default_rng(2)
    totals, met = [], np.zeros(5)
    for _ in range(4000):
        chosen = choose(np.zeros(5), group, 2, uniform_share=0.1, rng=rng)
        assert len({int(group[i]) for i in chosen.index}) == 2
        met[chosen.index] += 1
        totals.append(float((good[chosen.index] / chosen.propensity).sum()))
    # Three groups as likely, two drawn: 2/3 each, a third of that for each of three copies.
    assert met / 4000 == pytest.approx([2 / 9, 2 / 9, 2 / 9, 2 / 3, 2 / 3], abs=0.03)
    assert np.mean(totals) == pytest.approx(2.0, abs=4 * np.std(totals) / np.sqrt(4000))


def test_a_group_is_as_unsure_as_its_most_unsure() -> None:
    score, group = np.array([0.0, 1.0, 0.0, 0.0, 0.0]), np.array([0, 0, 2, 3, 4])
    chosen = choose(score, group, 1, uniform_share=0.1, rng=np.random.default_rng(0))
    # 0.9 by score and 0.1 / 4 evenly, for whichever of the two.
    assert chosen.index[0] in (0, 1)
    assert chosen.propensity.tolist() == [pytest.approx(0.4625)]


def test_half_as_unsure_is_chosen_256_times_less_often() -> None:
    scores = np.array([1.0, 0.5])
    chosen = [
        choose(scores, np.arange(2), 1, uniform_share=1e-9, rng=np.random.default_rng(i))
        for i in range(300)
    ]
    by_item = {int(c.index[0]): float(c.propensity[0]) for c in chosen}
    assert by_item[0] == pytest.approx(256 / 257)
    assert by_item.get(1, 1 / 257) == pytest.approx(1 / 257)


def test_nothing_to_choose_from_and_nothing_wanted_choose_nothing() -> None:
    rng = np.random.default_rng(0)
    for n, items in ((5, 0), (0, 3)):
        chosen = choose(np.ones(items), np.arange(items), n, uniform_share=0.1, rng=rng)
        assert chosen.index.tolist() == chosen.propensity.tolist() == []
