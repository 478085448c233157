"""A sample of fixed size, drawn with known probabilities, and what is estimated from it."""

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.stats.moments import Floats, Ints


def inclusion(scores: Floats, n: int, uniform_share: float) -> Floats:
    """Return the probability with which each item is in a sample of n.

    It is proportional to `uniform_share` spread evenly and the rest spread by score; what would
    pass 1 is certain, and the others share what is left. No score at all is uniform.
    Shapes: (items,). Units: probabilities that sum to min(n, items); all above 0.
    Raises: InvalidInput for a score that is negative or no number, or a share outside (0, 1].
    Source: Sarndal, Swensson & Wretman 1992, section 3.6.2.

    >>> inclusion(np.array([6.0, 2.0, 2.0]), 2, uniform_share=0.0001).round(2).tolist()
    [1.0, 0.5, 0.5]
    """
    if not np.all(np.isfinite(scores) & (scores >= 0)):
        raise InvalidInput("a score is finite and at least 0", field="scores", mend="clip them")
    if not 0 < uniform_share <= 1:
        raise InvalidInput("the uniform share is in (0, 1]", field="uniformShare", mend="0.1")
    items = len(scores)
    if n >= items:
        return np.ones(items)
    total = float(scores.sum())
    by_score = scores / total if total > 0 else np.full(items, 1 / items)
    size = (1 - uniform_share) * by_score + uniform_share / items
    sure = np.zeros(items, np.bool_)
    while True:  # ends: each turn makes at least one more item certain, and n < items
        rest = np.where(sure, 0.0, size)
        found = np.where(sure, 1.0, (n - sure.sum()) * rest / rest.sum())
        over = (found >= 1) & ~sure
        if not over.any():
            return np.asarray(found)
        sure |= over


def systematic(probabilities: Floats, start: float) -> Ints:
    """Return the items that are drawn: those that hold start, start + 1, ... on the summed line.

    With a start uniform in [0, 1), each item is drawn with just its probability; a random order
    of the items before (see `draw`) makes any two of them possible together.
    Shapes: (items,), returns the indexes drawn, ascending. Source: Madow 1949.

    >>> systematic(np.array([0.5, 1.0, 0.25, 0.25]), 0.6).tolist()
    [1, 2]
    """
    size = round(float(probabilities.sum()))
    edges = np.cumsum(probabilities)
    edges *= size / edges[-1] if size else 1.0  # so that rounding loses no item at the end
    found = np.searchsorted(edges, start + np.arange(size), side="right")
    return np.minimum(found, len(edges) - 1)


def draw(probabilities: Floats, rng: np.random.Generator) -> Ints:
    """Draw a sample of fixed size without replacement, the items in random order.

    Shapes: (items,), returns the indexes drawn, ascending.
    """
    if not len(probabilities):
        return np.zeros(0, np.int64)
    order = rng.permutation(len(probabilities))
    return np.sort(order[systematic(probabilities[order], float(rng.random()))])


def weighted_total(values: Floats, probabilities: Floats) -> float:
    """Return the unbiased estimate of the sum over all items, from the drawn ones.

    Shapes: (drawn,). Source: Horvitz & Thompson 1952.

    >>> weighted_total(np.array([1.0, 3.0]), np.array([0.5, 1.0]))
    5.0
    """
    return float((values / probabilities).sum())
