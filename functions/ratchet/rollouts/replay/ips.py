"""IPS: rewards weighted by how much likelier the target takes the action than the log did."""

from ratchet.rollouts.replay_rows import Ratio, Rows


def terms(rows: Rows) -> tuple[Ratio, ...]:
    """Return sum(w r) over n: unbiased, of the largest variance.

    Source: Horvitz and Thompson, JASA 1952; Strehl, Langford, Li and Kakade, NIPS 2010.
    """
    return ((rows.weighted, rows.ones),)
