"""Choose: which items people are asked about, and with what probability each one came to it."""

from dataclasses import dataclass

import numpy as np

from ratchet.labels.select.draw import draw, inclusion
from ratchet.stats.moments import Floats, Ints

# How far the draw prefers what is unsure: probabilities are as score ** SHARPNESS. Measured in
# `bench/review.py`: below 4 it teaches little more than chance; well above, estimates rest on few.
SHARPNESS = 8.0


@dataclass(frozen=True)
class Chosen:
    """The items that were drawn and the probability of each. Shapes: both (drawn,)."""

    index: Ints
    propensity: Floats


def choose(
    score: Floats, group: Ints, n: int, *, uniform_share: float, rng: np.random.Generator
) -> Chosen:
    """Draw n groups of near copies, as their highest score asks, and one item of each.

    Which item of a group is left to chance, so that an item's probability is its group's divided
    by the group's size, and estimates hold for copies too, whether or not they are as good.
    Shapes: score, group (items,).
    """
    _, row, size = np.unique(group, return_inverse=True, return_counts=True)
    row = row.reshape(-1)
    highest = np.zeros(len(size))
    np.maximum.at(highest, row, score)
    probability = inclusion(highest**SHARPNESS, n, uniform_share)
    drawn = draw(probability, rng)
    order = np.lexsort((rng.random(len(row)), row))  # by group, at random within
    first = np.concatenate([[0], np.cumsum(size)[:-1]]).astype(np.int64)
    return Chosen(order[first[drawn]], probability[drawn] / size[drawn])
