"""Student's t far out in its tail, where an expansion about the normal is off by far."""

import math
from functools import lru_cache

from ratchet.kernel.errors import InvalidInput

_LEAST = 1e-10  # a smaller tail is lost in the rounding of the sum that it is taken from


def t_tail(t: float, freedom: int) -> float:
    """Return the chance that Student's t is above a value t >= 0.

    Source: Abramowitz & Stegun 26.7.3 and 26.7.4, exact for whole degrees of freedom.

    >>> round(t_tail(2.228, 10), 4), round(t_tail(12.706, 1), 4)
    (0.025, 0.025)
    """
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    even = freedom % 2 == 0
    term, total = (1.0, 0.0) if even else (cosine, 0.0)
    for k in range(2 if even else 3, freedom + 1, 2):
        total += term
        term *= cosine * cosine * (k - 1) / k
    inside = sine * total if even else 2 / math.pi * (angle + sine * total)
    return max(0.0, (1 - inside) / 2)


@lru_cache(maxsize=1024)
def t_bound(tail: float, freedom: int) -> float:
    """Return the value that Student's t exceeds with a chance of at most `tail`.

    Raises: InvalidInput for a tail that is no small chance, or below one degree of freedom.

    >>> round(t_bound(0.025, 10), 3)
    2.228
    """
    if not 0 < tail < 0.5 or freedom < 1:
        raise InvalidInput(
            f"no bound at a tail of {tail} with {freedom} degrees of freedom",
            field="tail",
            mend="a tail between 0 and 0.5, and one degree of freedom or more",
        )
    wanted, low, high = max(tail, _LEAST), 0.0, 1.0
    while t_tail(high, freedom) > wanted:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, freedom) > wanted else (low, middle)
    return high
