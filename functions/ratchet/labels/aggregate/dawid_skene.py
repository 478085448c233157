"""Dawid-Skene: each rater has a probability of saying each class of items of each class."""

from ratchet.labels.aggregate.crowd import crowd_kit, frame, from_chances, truths
from ratchet.labels.aggregate.votes import Aggregate, Votes


def aggregate(votes: Votes) -> Aggregate:
    """Return the chances by expectation maximisation; known items teach, no weights are read.

    Raises: InvalidInput without crowd-kit.
    Source: Dawid and Skene, Applied Statistics 1979, as crowd-kit has it.
    """
    with crowd_kit("dawid_skene"):
        from crowdkit.aggregation import DawidSkene

        found = DawidSkene().fit_predict_proba(frame(votes), truths(votes))
    return from_chances(votes, found)
