"""Pairs that were judged before: whose texts were compared elsewhere, named by their hashes.

The verdict on two texts hangs on these alone, so that it may be found anywhere and in any order.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import TypeVar

from ratchet.datasets.dedupe.near_index import MOST

Judged = Mapping[tuple[str, str], bool]
T = TypeVar("T", bound=tuple[str, ...])


def pair_of(one: str, other: str) -> tuple[str, str]:
    """Return two hashes of normal forms in their order.

    >>> pair_of("b", "a")
    ('a', 'b')
    """
    return (one, other) if one < other else (other, one)


def shelf_pairs(members: Iterable[T]) -> list[tuple[T, T]]:
    """Return the pairs of those that share one key, in order; none of a key that very many share.

    Those are left to `near_pairs`, which compares each of them with a few.

    >>> shelf_pairs([("b",), ("a",)])
    [(('a',), ('b',))]
    """
    found = sorted(members)
    return list(combinations(found, 2)) if len(found) <= MOST else []
