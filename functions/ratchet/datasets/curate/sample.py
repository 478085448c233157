"""Sample: so many examples, drawn by stratum in proportion, and by hash within each."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple


class Candidate(NamedTuple):
    """What may be drawn: the id of an example, and its stratum."""

    id: str
    stratum: str


def sample(candidates: Sequence[Candidate], size: int, salt: str) -> set[str]:
    """Return the ids of `size` candidates, or of all where there are no more.

    Every stratum has one before any has two, the largest first; beyond that a stratum of n has its
    k-th place at (k - 1/2) / n of the whole draw, so it has its share within about one place. These
    are the places of Webster's divisors: by the largest remainders a stratum can lose a place where
    the size grows (the Alabama paradox), and who was drawn would not stay so.

    Source: Balinski & Young, Fair Representation (1982).
    """
    strata: defaultdict[str, list[tuple[bytes, str]]] = defaultdict(list)
    for one in candidates:
        strata[one.stratum].append((_hash(salt, one.id), one.id))
    places = [
        (rank > 0, (2 * rank + 1) / (2 * len(members)), digest, name)
        for members in strata.values()
        for rank, (digest, name) in enumerate(sorted(members))
    ]
    return {name for *_, name in sorted(places)[:size]}


def _hash(salt: str, name: str) -> bytes:
    return hashlib.blake2b(f"{salt}:{name}".encode(), digest_size=8).digest()
