"""How long to leave a service alone that does not answer."""

import random


def pause(failures: int, *, first: float, longest: float, rng: random.Random) -> float:
    """Return seconds after so many failures: doubling, with jitter down to a half.

    >>> 2.0 <= pause(3, first=1.0, longest=60.0, rng=random.Random()) <= 4.0
    True
    """
    return min(longest, first * 2.0 ** min(failures - 1, 30)) * rng.uniform(0.5, 1.0)
