"""Pairs whose sums are plain enough to work out by hand."""

import numpy as np

from ratchet.rollouts.pair import Pair
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats

ARM = BINS // 2


def one_a_bin(control: Floats, challenger: Floats, bins: int = BINS) -> Pair:
    """Return one unit of one observation a bin: the control's bins first, then the challenger's."""
    num, den = np.zeros((1, 2, bins)), np.zeros((1, 2, bins))
    start = 0
    for arm, values in enumerate((control, challenger)):
        num[0, arm, start : start + values.size] = values
        den[0, arm, start : start + values.size] = 1.0
        start += values.size
    return Pair(num, den, np.array([0.5]), np.array([control.size, challenger.size], np.float64))


# 128 units an arm, 0 and 1 in turn: 256 influences of 1/2 / 128, so the variance of the difference
# is 256 / 65,536, times 256 / 255.
IN_TURN: Floats = np.tile([0.0, 1.0], ARM // 2)
ALTERNATING = one_a_bin(IN_TURN, IN_TURN)
ERROR = float(np.sqrt(1 / 255))
