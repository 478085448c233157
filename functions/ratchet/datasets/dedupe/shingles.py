"""Shingles: the runs of five characters of a text, as numbers; and how alike two sets of them are.

A shingle's number is a 64-bit hash of its code points, the same on every machine: two that differ
share one with a chance of 2**-64, so the Jaccard of numbers is that of the shingles themselves.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
LENGTH = 5
HELD = 512  # shingles of so many texts are kept while pairs are verified
# Odd constants of the hashes xxh64, wyhash and MUM: any will do, and another is another DEDUPE.
_FACTORS = np.array(
    [
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
    ],
    dtype=np.uint64,
)


def mixed(values: Numbers) -> Numbers:
    """Return 64-bit numbers with every bit mixed into every other.

    Shapes: any, kept. Source: the finaliser of SplitMix64, Steele et al., OOPSLA 2014.
    """
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def shingles_of(text: str) -> Numbers:
    """Return the numbers of a text's shingles, each once, in order.

    A text of fewer than five characters is one shingle, the whole of it.
    Shapes: (distinct shingles,).

    >>> shingles_of("abcdef").size, shingles_of("aaaaaaaa").size, shingles_of("ab").size
    (2, 1, 1)
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    if points.size < LENGTH:
        points = np.pad(points, (0, LENGTH - points.size))
    points = points.astype(np.uint64)
    n = points.size - LENGTH + 1
    sums = points[:n] * _FACTORS[0]
    for i in range(1, LENGTH):
        sums += points[i : i + n] * _FACTORS[i]
    return np.unique(mixed(sums))


def jaccard(a: Numbers, b: Numbers) -> float:
    """Return what two sets of shingles share, as a part of what either has.

    >>> jaccard(shingles_of("abcdef"), shingles_of("abcdeg"))
    0.3333333333333333
    """
    small, large = sorted((a, b), key=lambda one: one.size)
    at = np.minimum(np.searchsorted(large, small), large.size - 1)
    shared = int(np.count_nonzero(large[at] == small))
    return shared / (a.size + b.size - shared)


def unjudged(first: str, second: str) -> bool | None:
    """Say that no two were compared before."""
    return None


def verifier(
    text_of: Callable[[str], str],
    threshold: float,
    judged: Callable[[str, str], bool | None] = unjudged,
) -> Callable[[str, str], bool]:
    """Return what says of two ids whether their texts are near duplicates, by their shingles.

    `judged` says so of two that were compared before, whose texts are not asked for again.
    """

    @lru_cache(maxsize=HELD)
    def numbers(name: str) -> Numbers:
        return shingles_of(text_of(name))

    def alike(first: str, second: str) -> bool:
        before = judged(first, second)
        if before is not None:
            return before
        a, b = numbers(first), numbers(second)
        if min(a.size, b.size) < threshold * max(a.size, b.size):
            return False  # the smaller would have to be more than the whole of what they share
        return jaccard(a, b) >= threshold

    return alike
