"""Which of near duplicates is kept: the one that is preferred, and whoever is not near a kept one.

Chains (a near b, b near c, a not near c) are not closed: a and c are both kept where b is not. So
whatever is left out is near one that is kept, and no two that are kept are near each other.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple


class Candidate(NamedTuple):
    """What preference looks at; `in_parent` says whether the version before has it."""

    id: str
    in_parent: bool
    quality: float | None
    ts: datetime


def preferred(candidates: Iterable[Candidate]) -> list[str]:
    """Return ids in order of preference, whatever order they came in.

    First those of the parent version, then the better, the earlier, and the smaller id.
    """

    def rank(one: Candidate) -> tuple[bool, float, datetime, str]:
        return (
            not one.in_parent,
            -(one.quality if one.quality is not None else -1),
            one.ts,
            one.id,
        )

    return [one.id for one in sorted(candidates, key=rank)]


def repeated(ids: Sequence[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return of each id that is left out the kept one that it repeats.

    `ids` come in order of preference; the order of pairs, and in a pair, does not matter.

    >>> repeated(["a", "b", "c"], [("a", "b"), ("b", "c")])
    {'b': 'a'}
    """
    place = {name: at for at, name in enumerate(ids)}
    near: dict[str, list[str]] = {}
    for pair in pairs:
        first, second = sorted(pair, key=place.__getitem__)
        near.setdefault(second, []).append(first)
    left_out: dict[str, str] = {}
    for name in ids:
        kept = [seen for seen in near.get(name, ()) if seen not in left_out]
        if kept:
            left_out[name] = min(kept, key=place.__getitem__)
    return left_out


def first_of_equals(ids: Sequence[str], normals: Sequence[str]) -> dict[str, str]:
    """Return of each exact duplicate the one that it equals; `ids` in order of preference.

    `normals` are the hashes of the normal forms.

    >>> first_of_equals(["a", "b", "c"], ["x", "y", "x"])
    {'c': 'a'}
    """
    first: dict[str, str] = {}
    for name, normal in zip(ids, normals, strict=True):
        first.setdefault(normal, name)
    return {n: first[h] for n, h in zip(ids, normals, strict=True) if first[h] != n}
