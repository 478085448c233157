"""Weighted vote: each vote counts by what its rater knows, and more where the class is rare."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratchet.labels.aggregate.agreement import agreement, guesses, vote_shares
from ratchet.labels.aggregate.votes import Aggregate, Votes, settled
from ratchet.labels.judge_accuracy import Judged, judge_accuracy
from ratchet.stats.moments import Floats

# Nobody is infallible: the most that a vote may weigh.
MOST: Final = 0.9
# The shares of votes as a prior count half where the same votes also taught how raters err.
HALF: Final = 0.5


@dataclass(frozen=True)
class Raters:
    """What raters know, and how one errs that knows as much as `typical`.

    Shapes: weights (raters,), errors (classes, classes).
    """

    weights: Floats
    errors: Floats
    typical: float
    prior: float


def aggregate(votes: Votes) -> Aggregate:
    """Return the posterior of a model in which a rater knows the class, or says what others say.

    With weight w a rater knows; else it draws from the shares m of all votes, so a vote for class k
    has the likelihood ratio 1 + w / ((1 - w) m[k]), and a rater of weight 0 changes nothing.
    Weights are those given; else those earned on known items. Where there are neither, agreement
    with the others shows them, and the errors that raters share.
    Source: Nitzan and Paroush, International Economic Review 1982 (weights as log odds); Hovy,
    Berg-Kirkpatrick, Vaswani and Hovy, NAACL 2013 (a rater knows or guesses); Carpenter 2008
    (errors that raters share).

    >>> votes = Votes(np.zeros(3, int), np.arange(3), np.array([0, 1, 1]), 1, 3, 2,
    ...               weights=np.array([0.9, 0.1, 0.1]))
    >>> int(aggregate(votes).labels()[0])
    0
    """
    shares, raters = vote_shares(votes), raters_of(votes)
    logs = raters.prior * np.log(shares) + _evidence(votes, raters, shares)
    chances = np.exp(logs - logs.max(1, keepdims=True))
    return settled(votes, chances / chances.sum(1, keepdims=True))


def raters_of(votes: Votes) -> Raters:
    """Return what the raters know and how they err."""
    if votes.weights is not None:
        return Raters(votes.weights, guesses(votes), typical=0.0, prior=1.0)
    found = agreement(votes)
    earned = _earned(votes)
    if earned:
        weights = found.weights.copy()
        weights[list(earned)] = list(earned.values())
        return Raters(weights, guesses(votes), typical=0.0, prior=1.0)
    return Raters(found.weights, found.errors, min(found.typical, MOST), HALF)


def _evidence(votes: Votes, raters: Raters, shares: Floats) -> Floats:
    """Return the log likelihood of each item's votes by class. Shape: (items, classes).

    A rater that knows more than the typical one is nearer to one that knows all, one that knows
    less is nearer to one that guesses.
    """
    weight = np.minimum(raters.weights, MOST)
    more = np.clip((weight - raters.typical) / (1 - raters.typical), 0.0, 1.0)[votes.rater]
    less = np.clip((raters.typical - weight) / (raters.typical or 1.0), 0.0, 1.0)[votes.rater]
    out = np.empty((votes.items, votes.classes))
    for k in range(votes.classes):
        usual = more * (votes.label == k) + (1 - more) * raters.errors[k, votes.label]
        like = (1 - less) * usual + less * shares[votes.label]
        out[:, k] = np.bincount(votes.item, np.log(like), votes.items)
    return out


def _earned(votes: Votes) -> dict[int, float]:
    """Return what raters earn on known items, as judges do; those with too few are absent."""
    if votes.known is None:
        return {}
    out = {}
    known = votes.is_known[votes.item]
    order = np.flatnonzero(known)[np.argsort(votes.rater[known], kind="stable")]
    ends = np.searchsorted(votes.rater[order], np.arange(votes.raters + 1))
    for rater in np.flatnonzero(np.diff(ends)).tolist():
        rows = order[ends[rater] : ends[rater + 1]]
        chosen = None if votes.propensity is None else votes.propensity[votes.item[rows]]
        judged = Judged(
            said=votes.label[rows],
            label=votes.known[votes.item[rows]],
            confidence=np.full(len(rows), np.nan),
            sure=np.ones(len(rows)),
            age=np.zeros(len(rows)),
            subject=votes.item[rows],
            classes=votes.classes,
            propensity=chosen,
        )
        found = judge_accuracy(judged)
        if found.finding != "few":
            out[rater] = found.weight
    return out
