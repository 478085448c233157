"""Outliers: how probable it is that an example is not like the others, by an isolation forest.

Random cuts through the features part an outlier from the rest early: the fewer it takes, the odder
it is (Liu, Ting & Zhou, ICDM 2008; scikit-learn's, 200 trees, seed 0). How odd is made a
probability by what is usual among these examples: in units of the upper half's spread above the
median, ordinary ones lie as a normal law says, and one in fifty is an outlier that lies anywhere
from 0 to 10. So 0.15 is 2.66 spreads above the median, and 4 in 1,000 ordinary ones are above it.

A robust z-score on the same features found planted outliers less well (`bench/outliers.py` has
both). It says the same of one column at a time, and calls the smaller part of a mixed set odd.

Of 100 examples or fewer none is called an outlier: what is usual is not known yet.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ratchet.datasets.curate.measured import measured
from ratchet.datasets.versions.prepared import Prepared
from ratchet.kernel.errors import InvalidInput
from ratchet.stats.moments import Floats

ENOUGH = 100  # up to so many, none is an outlier
TREES = 200
PLACES = 6
_PRIOR, _WIDE = 0.02, 10.0
_QUARTILE = 0.6744897501960817  # of the standard normal


def outliers(prepared: Sequence[Prepared], apart: Floats) -> Floats:
    """Return the probability of each example to be an outlier; 0 where there are too few.

    `apart` is each one's mean distance to its neighbours.

    Shapes: `apart` (n,); returns (n,). Units: 0..1.
    Raises: InvalidInput without scikit-learn.
    """
    if len(prepared) <= ENOUGH:
        return np.zeros(len(prepared))
    # The trees draw rows by their place: an order of their own makes them the same in any.
    order = np.argsort(np.array([one.example.id for one in prepared]), kind="stable")
    features = measured([prepared[i] for i in order], apart[order])
    found = np.empty(len(prepared))
    found[order] = probability(oddness(features))
    return found


def oddness(features: Floats) -> Floats:
    """Return how early random cuts part each row from the rest; unknown values are as the median.

    Shapes: `features` (n, k), n at least 2; returns (n,). Units: 0..1, the higher the odder.
    Raises: InvalidInput without scikit-learn.
    """
    known = features[:, ~np.isnan(features).all(axis=0)]
    filled = np.where(np.isnan(known), np.nanmedian(known, axis=0), known)
    forest = _forest()(n_estimators=TREES, random_state=0).fit(filled)
    return np.asarray(-forest.score_samples(filled), float)


def probability(scores: Floats) -> Floats:
    """Return the probability of each score to be an outlier's, by the spread of them all.

    Shapes: (n,) to (n,). Units: 0..1. Where all scores are one, it is the prior's.

    >>> probability(np.array([0.4, 0.4, 0.4])).round(4).tolist()
    [0.0051, 0.0051, 0.0051]
    """
    median = np.median(scores)
    spread = (np.quantile(scores, 0.75) - median) / _QUARTILE
    above = np.maximum(scores - median, 0.0)
    z = np.divide(above, spread, out=np.where(above > 0, np.inf, 0.0), where=spread > 0)
    ordinary = (1 - _PRIOR) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    odd = _PRIOR / _WIDE
    return np.asarray((odd / (odd + ordinary)).round(PLACES))


def _forest() -> Any:
    """Return scikit-learn's forest, which is loaded where it is needed alone.

    Raises: InvalidInput.
    """
    try:
        from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"outliers among over {ENOUGH} examples are found by scikit-learn, not installed here",
            field="datasets",
            mend="pip install 'ratchet[datasets]'",
        ) from error
    return IsolationForest
