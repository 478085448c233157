"""Prediction-powered mean: people's labels of a few items correct the judges' scores of all."""

import math
from dataclasses import dataclass

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.aggregate import weighted_vote
from ratchet.labels.aggregate.votes import Aggregate, Votes, settled
from ratchet.stats.intervals import LEVEL, t_quantile
from ratchet.stats.moments import Floats


@dataclass(frozen=True)
class Corrected:
    """A corrected mean with its 95 % interval; `tuning` 0..1 says how far it relies on scores."""

    mean: float
    low: float
    high: float
    error: float
    tuning: float


def prediction_powered_mean(
    scores: Floats, labelled_scores: Floats, labels: Floats, propensities: Floats | None = None
) -> Corrected:
    """Return the mean that labels of everything would have, from labels of some and scores of all.

    It is l mean(scores) + mean(labels - l labelled_scores), l being what makes its variance least.
    Labelled items that were chosen with unequal probabilities count by their inverse (Hajek); the
    labelled ones may be among `scores`. Labels that leave less doubt than if one of n equal ones
    differed (n of Kish) are taken as if it did. Scores are taken to err on what nobody could have
    drawn as on what was.
    Shapes: scores (N,); the others (n,). Units: labels and scores 0..1; propensities in (0, 1].
    Raises: InvalidInput for fewer than two labels, none of scores, or unequal columns.
    Source: Angelopoulos et al., Science 2023; power tuning of Angelopoulos, Duchi and Zrnic,
    arXiv 2311.01453, example 6.1; Hajek 1971.

    >>> found = prediction_powered_mean(np.array([0.0, 1.0] * 50), np.array([0.0, 1.0, 1.0, 0.0]),
    ...                                 np.array([0.0, 1.0, 1.0, 1.0]))
    >>> round(found.tuning, 4), round(found.mean, 4)
    (0.6346, 0.75)
    """
    w = _weights(scores, labelled_scores, labels, propensities)
    square = float(w @ w)
    n = 1 / square
    spread = float(scores.var(ddof=1)) if len(scores) > 1 else 0.0
    small = n / max(n - 1, 1.0)  # of variances of so few
    tuning = 0.0
    if spread > 0:
        away = (labels - w @ labels) * (labelled_scores - w @ labelled_scores)
        shared = small * float(w**2 @ away)
        tuning = min(1.0, max(0.0, shared / (spread * (square + 1 / len(scores)))))
    gaps = labels - tuning * labelled_scores
    gap = float(w @ gaps)
    # Heavy labels that happen to agree show no doubt: one of equal ones may differ.
    doubt = max(small * float(w**2 @ (gaps - gap) ** 2), square**2)
    error = math.sqrt(doubt + tuning**2 * spread / len(scores))
    mean = tuning * float(scores.mean()) + gap
    reach = t_quantile((1 + LEVEL) / 2, n - 1) * error
    return Corrected(mean, mean - reach, mean + reach, error, tuning)


def aggregate(votes: Votes) -> Aggregate:
    """Return the share of each class, the weighted vote's corrected by the known items.

    The chances of items are the weighted vote's, by weights that the labels did not teach.
    Raises: InvalidInput for fewer than two known items.
    """
    if votes.known is None:
        raise InvalidInput("no item is labelled", field="known", mend="label some items first")
    blind = Votes(
        votes.item,
        votes.rater,
        votes.label,
        votes.items,
        votes.raters,
        votes.classes,
        votes.weights,
    )
    chances = weighted_vote.aggregate(blind).chances
    at = np.flatnonzero(votes.is_known)
    chosen = None if votes.propensity is None else votes.propensity[at]
    found = [
        prediction_powered_mean(
            chances[:, k], chances[at, k], (votes.known[at] == k).astype(np.float64), chosen
        )
        for k in range(votes.classes)
    ]
    return Aggregate(
        chances=settled(votes, chances).chances,
        shares=np.clip([one.mean for one in found], 0.0, 1.0),
        low=np.clip([one.low for one in found], 0.0, 1.0),
        high=np.clip([one.high for one in found], 0.0, 1.0),
    )


def _weights(
    scores: Floats, labelled_scores: Floats, labels: Floats, propensities: Floats | None
) -> Floats:
    """Return what each labelled item counts, in sum 1."""
    if labels.shape != labelled_scores.shape or labels.ndim != 1 or scores.ndim != 1:
        raise InvalidInput("the columns differ in length", field="labels", mend="one score each")
    if len(labels) < 2 or not len(scores):
        raise InvalidInput(
            f"{len(labels)} labels correct nothing", field="labels", mend="label two or more"
        )
    if propensities is None:
        return np.full(len(labels), 1 / len(labels))
    if propensities.shape != labels.shape or not 0 < propensities.min() <= propensities.max() <= 1:
        raise InvalidInput("a propensity is not in (0, 1]", field="propensity", mend="one a label")
    inverse = 1 / propensities
    return np.asarray(inverse / inverse.sum(), np.float64)
