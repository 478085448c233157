"""Switch-DR: doubly robust where the weight is small, the direct method where it is not."""

import numpy as np

from ratchet.rollouts.replay_rows import Ratio, Rows

SWITCH = 10.0


def terms(rows: Rows, switch: float = SWITCH) -> tuple[Ratio, ...]:
    """Return sum(q(target) + [w <= switch] w (r - q)) over n: less variance, some bias.

    Infinity is DR, 0 is DM where all weights are positive; `partial(terms, switch=...)` is another
    member. Source: Wang, Agarwal and Dudík, ICML 2017, on the action taken (as in Open Bandit
    Pipeline).
    """
    kept = np.where(rows.weight <= switch, rows.correction, 0.0)
    return ((rows.expectation + kept, rows.ones),)
