"""One coin: each rater is right with one probability of its own, whatever the class."""

from ratchet.labels.aggregate.crowd import crowd_kit, frame, from_chances
from ratchet.labels.aggregate.votes import Aggregate, Votes


def aggregate(votes: Votes) -> Aggregate:
    """Return the chances by expectation maximisation, from the majority on; no weights are read.

    Raises: InvalidInput without crowd-kit.
    Source: Zhang, Chen, Zhou and Jordan, NIPS 2014, as crowd-kit has it.
    """
    with crowd_kit("one_coin"):
        from crowdkit.aggregation import OneCoinDawidSkene

        found = OneCoinDawidSkene().fit_predict_proba(frame(votes))
    return from_chances(votes, found)
