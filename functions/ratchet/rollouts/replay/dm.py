"""DM, the direct method: what the reward model expects of the target, whatever was logged."""

from ratchet.rollouts.replay_rows import Ratio, Rows


def terms(rows: Rows) -> tuple[Ratio, ...]:
    """Return sum(q(target)) over n: as good as the model, whose error the interval leaves out.

    Source: Beygelzimer and Langford, KDD 2009.
    """
    return ((rows.expectation, rows.ones),)
