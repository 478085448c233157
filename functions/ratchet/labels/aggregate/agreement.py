"""What raters' agreement with each other shows, where nobody knows the classes."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratchet.labels.aggregate.votes import Votes
from ratchet.stats.moments import Floats, Ints

# So many votes of an average rater are added to what each rater's own votes show.
PRIOR_VOTES: Final = 30.0


@dataclass(frozen=True)
class Agreement:
    """Each rater's weight, and how one errs that knows as much as the typical one.

    `errors[k, l]` is the share of votes for l where the others vote for k; where that says nothing
    they are guesses, and the typical one knows nothing. Shapes: weights (raters,), errors
    (classes, classes) with rows that sum to 1.
    """

    weights: Floats
    errors: Floats
    typical: float


def vote_shares(votes: Votes) -> Floats:
    """Return the share of each class among all votes; one more vote is spread over the classes."""
    counted = np.bincount(votes.label, minlength=votes.classes) + 1 / votes.classes
    return np.asarray(counted / counted.sum(), np.float64)


def guesses(votes: Votes) -> Floats:
    """Return how one errs that knows nothing: as all vote, whatever the class."""
    return np.tile(vote_shares(votes), (votes.classes, 1))


def agreement(votes: Votes) -> Agreement:
    """Hold each vote against the others of its item, the vote itself left out.

    A rater's agreement beyond chance with another is the product of what both know, so it is taken
    over the root of the agreement of all. Items of one vote say nothing.
    """
    at, rest = _others(votes)
    weights = _weights(votes, at, rest) if at.size else np.full(votes.raters, 0.5)
    errors = guesses(votes)
    if not at.size or not weights.any():
        return Agreement(weights, errors, 0.0)
    for k in range(votes.classes):
        errors[k] += np.bincount(votes.label[at], rest[:, k], votes.classes)
    errors /= errors.sum(1, keepdims=True)
    each = np.bincount(votes.rater, minlength=votes.raters)
    return Agreement(weights, errors, float(weights @ each / each.sum()))


def _others(votes: Votes) -> tuple[Ints, Floats]:
    """Return which votes have others of their item, and the shares of these by class."""
    counts = votes.counts()
    others = counts.sum(1)[votes.item] - 1
    at = np.flatnonzero(others > 0)
    rest = counts[votes.item[at]]
    rest[np.arange(at.size), votes.label[at]] -= 1
    return at, rest / others[at, None]


def _weights(votes: Votes, at: Ints, rest: Floats) -> Floats:
    rater, label = votes.rater[at], votes.label[at]
    agreed = np.bincount(rater, rest[np.arange(at.size), label], votes.raters)
    seen = np.bincount(rater, minlength=votes.raters)
    by_chance = np.zeros(votes.raters)
    for k in range(votes.classes):
        said = np.bincount(rater, label == k, votes.raters)
        by_chance += said * np.bincount(rater, rest[:, k], votes.raters) / np.maximum(seen, 1)
    beyond, room = agreed - by_chance, seen - by_chance
    whole = max(0.0, float(beyond.sum() / max(room.sum(), 1e-9)))
    if not whole:
        return np.zeros(votes.raters)
    found = (beyond + PRIOR_VOTES * whole) / (room + PRIOR_VOTES)
    return np.asarray(np.clip(found / np.sqrt(whole), 0.0, 1.0), np.float64)
