"""SNIPS: IPS with its weights scaled to a mean of 1, a mean of rewards."""

from ratchet.rollouts.replay_rows import Ratio, Rows


def terms(rows: Rows) -> tuple[Ratio, ...]:
    """Return sum(w r) over sum(w): stays within the rewards' range, biased by order 1/n.

    Source: Swaminathan and Joachims, NIPS 2015.
    """
    return ((rows.weighted, rows.weight),)
