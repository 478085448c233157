"""Obvious: the rules that people use, on the same streams; each is here to be seen failing."""

import numpy as np

from certify.streams import Stream
from ratchet.rollouts.pair import Bools
from ratchet.stats.moments import Floats

_TWO_SIDED = 1.959964


def z_scores(stream: Stream, arm: int = 1, steps: int | None = None) -> Floats:
    """Return Welch's statistic at every look, of single observations, all steps pooled.

    Shape: (runs, looks); 0 where it cannot be computed.
    """
    mean, error = [], []
    for which in (0, arm):
        n, total = (x[..., :steps, which, :].sum((-2, -1)) for x in (stream.den, stream.num))
        squares = stream.squares[..., :steps, which].sum(-1)
        size = np.maximum(n, 2)
        mean.append(total / size)
        error.append(np.maximum(squares - total**2 / size, 0) / (size - 1) / size)
        error[-1] = np.where(n > 1, error[-1], np.inf)
    spread = np.sqrt(error[0] + error[1])
    return np.where(spread > 0, (mean[1] - mean[0]) / np.where(spread > 0, spread, 1.0), 0.0)


def significant(stream: Stream, arm: int = 1, steps: int | None = None) -> Bools:
    """Say where p < 0.05, as though it were the only look. Shape: (runs, looks)."""
    return np.asarray(np.abs(z_scores(stream, arm, steps)) > _TWO_SIDED)


def two_up_five_down(stream: Stream) -> tuple[Bools, Bools]:
    """Return in which runs "+2 % promotes, -5 % rolls back" promotes, and rolls back, first.

    Every look compares the means of all days so far. Shapes: (runs,).
    """
    n, total = stream.den.sum((-3, -1)), stream.num.sum((-3, -1))
    mean = total / np.maximum(n, 1)
    ahead = mean[..., 1] / mean[..., 0] - 1
    up, down = ahead > 0.02, ahead < -0.05
    looks = np.arange(up.shape[1])
    at_up = np.where(up, looks, np.inf).min(1)
    at_down = np.where(down, looks, np.inf).min(1)
    return np.asarray(at_up < at_down), np.asarray(at_down < at_up)
