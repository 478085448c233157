"""DR, doubly robust: the direct method, corrected by the weighted errors of its model."""

from ratchet.rollouts.replay_rows import Ratio, Rows


def terms(rows: Rows) -> tuple[Ratio, ...]:
    """Return sum(q(target) + w (r - q)) over n: unbiased, whatever the model.

    Source: Dudík, Langford and Li, ICML 2011.
    """
    return ((rows.expectation + rows.correction, rows.ones),)
