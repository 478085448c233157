"""Paired scores: how much better a version does than another on the same examples."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.golden.exposure import Gain, Spread

Floats = NDArray[np.float64]
ALPHA = 0.05  # over the whole life of a golden set
# What is staked at each bet, as parts of all there is: large ones see rare losses, small ones
# small differences among many examples.
_STAKES = 0.99 * 0.5 ** np.arange(9.0)
_HALVINGS = 50


def spread_of(scores: Sequence[float]) -> Spread:
    """Return what scores are on the whole.

    Shapes: (n,). Units: those of the scores; `sd` divides by n - 1.
    Raises: InvalidInput below two scores.

    >>> spread_of([0.0, 1.0, 1.0, 0.0]).to_map()
    {'n': 4, 'mean': 0.5, 'sd': 0.577...}
    """
    n = len(scores)
    if n < 2:
        raise InvalidInput(f"{n} scores have no spread", field="scores", mend="score two or more")
    mean = math.fsum(scores) / n
    squares = math.fsum((score - mean) ** 2 for score in scores)
    return Spread(n=n, mean=mean, sd=math.sqrt(squares / (n - 1)))


def gain_of(better: Sequence[float], than: Sequence[float], *, budget: int) -> Gain:
    """Return the mean paired difference and its interval, at ALPHA over `budget` looks.

    The interval holds at any number of examples and for any scores of 0..1: a t interval lets a
    rare loss that the examples do not show pass at several times its level (`test_paired`).

    The budget is spent by Bonferroni, so all intervals of a set's life together keep ALPHA for
    versions that were made without its results. Making the next version by what the set said of
    the last uses it up faster than any interval tells, which is why looks are counted.

    Shapes: both (n,), in the same order. Units: those of the scores, 0..1.
    Raises: InvalidInput where they are unequal in number, or fewer than two.
    Source: Waudby-Smith & Ramdas, JRSS B 86, 2024, by a fixed mixture of bets, so that no order of
    the examples matters; Dwork et al., Science 349, 2015, on the budget.

    >>> found = gain_of([1.0, 1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0], budget=1)
    >>> found.value, found.level
    (0.5, 0.95)
    """
    if len(better) != len(than) or len(better) < 2:
        raise InvalidInput(
            f"{len(better)} scores do not pair with {len(than)}",
            field="scores",
            mend="score the same two or more examples with both",
        )
    differences = np.asarray(better, np.float64) - np.asarray(than, np.float64)
    tail = ALPHA / budget / 2
    return Gain(
        value=math.fsum(differences) / len(differences),
        low=_low(differences, tail),
        high=-_low(-differences, tail),
        level=1 - ALPHA / budget,
    )


def _low(differences: Floats, tail: float) -> float:
    """Return the bound that a mean of values in -1..1 is below with a chance of at most `tail`."""
    wins = _capital(differences)
    low, high = -1.0, math.fsum(differences) / len(differences)
    if high <= low:  # every one is the worst that there can be
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if wins(middle) >= -math.log(tail) else (low, middle)
    return low


def _capital(differences: Floats) -> Callable[[float], float]:
    """Return the logarithm of what bets against a mean have won; it falls with the mean.

    A bet multiplies what is there by 1 + stake * (difference - mean) / (1 + mean), which is fair
    where the mean is true, and never below 0: so is a fixed mixture of bets, and by Markov's
    inequality it comes to 1 / tail with a chance of at most `tail`.
    """
    values, counts = np.unique(differences, return_counts=True)

    def wins(mean: float) -> float:
        odds = (values - mean) / (1 + mean)
        each = np.log1p(np.outer(_STAKES, odds)) @ counts
        most = float(each.max())
        return most + math.log(float(np.exp(each - most).mean()))

    return wins
