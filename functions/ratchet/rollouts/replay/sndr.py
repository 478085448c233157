"""SNDR: doubly robust, with the weights of its correction scaled to a mean of 1."""

from ratchet.rollouts.replay_rows import Ratio, Rows


def terms(rows: Rows) -> tuple[Ratio, ...]:
    """Return sum(q(target)) over n, and sum(w (r - q)) over sum(w).

    Source: Robins, Sued, Lei-Gomez and Rotnitzky, Statistical Science 2007; Thomas and Brunskill,
    ICML 2016.
    """
    return ((rows.expectation, rows.ones), (rows.correction, rows.weight))
