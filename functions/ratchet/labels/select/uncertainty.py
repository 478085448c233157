"""How unsure the judges leave each item: each measure is 0..1, and 0 where nothing speaks.

Judgements are flat: one row each, and `item` says which of `n` items a row is about.
"""

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.stats.moments import Floats, Ints


def disagreement(item: Ints, weight: Floats, chances: Floats, n: int) -> Floats:
    """Return the entropy of the weighted mean of the judges' chances, as a part of its most.

    A judge without weight says nothing; one sure judge alone leaves nothing unsure.
    Shapes: item, weight (m,); chances (m, classes), rows that sum to 1; returns (n,).
    Units: 0..1, 1 where every class is as likely. Raises: InvalidInput below two classes.
    Source: vote entropy, Dagan & Engelson, ICML 1995, with soft votes (McCallum & Nigam 1998).

    >>> two_judges = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> disagreement(np.array([0, 0]), np.array([1.0, 1.0]), two_judges, 2).tolist()
    [1.0, 0.0]
    """
    classes = chances.shape[1]
    if classes < 2:
        raise InvalidInput("judges cannot disagree over one class", field="classes", mend="two")
    total = _sums(item, weight, n)
    entropy = np.zeros(n)
    for k in range(classes):
        share = _over(_sums(item, weight * chances[:, k], n), total)
        entropy -= share * np.log(np.where(share > 0, share, 1.0))
    return np.asarray(np.clip(entropy / np.log(classes), 0.0, 1.0))


def low_confidence(confidence: Floats) -> Floats:
    """Return 1 - confidence; nan, where none was given, is 0: it says nothing.

    Shapes: (n,). Units: 0..1.

    >>> low_confidence(np.array([0.75, np.nan])).tolist()
    [0.25, 0.0]
    """
    return np.asarray(np.where(np.isnan(confidence), 0.0, 1.0 - np.nan_to_num(confidence)))


def spread(item: Ints, judge: Ints, weight: Floats, good: Floats, n: int) -> Floats:
    """Return how much the same judge's word changes over repeats and positions.

    It is the variance of a judge's values of an item, as a part of the most that it can be (1/4),
    and the weighted mean of that over the judges that were asked more than once.
    Shapes: item, judge, weight, good (m,); returns (n,). Units: 0..1.

    >>> item, judge, sure = np.zeros(2, np.int64), np.zeros(2, np.int64), np.ones(2)
    >>> spread(item, judge, sure, np.array([1.0, 0.0]), 1).tolist()
    [1.0]
    """
    pairs, row = np.unique(np.stack([item, judge]), axis=1, return_inverse=True)
    row = row.reshape(-1)  # numpy 2.0 alone gives it two dimensions
    times = np.bincount(row).astype(np.float64)
    mean = np.bincount(row, good) / times
    variance = np.bincount(row, (good - mean[row]) ** 2) / times
    heavy = np.where(times > 1, np.bincount(row, weight) / times, 0.0)
    of_item = pairs[0]
    found = _over(_sums(of_item, heavy * variance * 4, n), _sums(of_item, heavy, n))
    return np.asarray(np.clip(found, 0.0, 1.0))


def combined(*measures: Floats) -> Floats:
    """Return 1 - the product of what each leaves sure: any one alone can make an item unsure.

    Shapes: all (n,). Units: 0..1.

    >>> combined(np.array([0.5, 0.0]), np.array([0.5, 0.25])).tolist()
    [0.75, 0.25]
    """
    sure = np.prod([1.0 - measure for measure in measures], axis=0)
    return np.asarray(1.0 - sure)


def _sums(item: Ints, values: Floats, n: int) -> Floats:
    """Return the sum of the values of each of n items."""
    return np.asarray(np.bincount(item, values, n), np.float64)


def _over(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, and 0 where there is nothing."""
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))
