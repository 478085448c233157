"""Near duplicates: who shares keys of bands, verified by the exact Jaccard of the texts.

A key that very many share says little of any two, and comparing all of them would grow with their
square. So a shelf (those of one key) holds the first `MOST` that repeat nobody and the first `MOST`
that do, and one that meets more than `MOST` is compared with those that repeat nobody alone, with
the `FEW` that share most keys. Of a cluster of thousands each is still paired with its keeper, but
not with every other; among thousands on one form the pairs are found by the keys beside the form.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence

import numpy as np

from ratchet.datasets.dedupe.near_index import FEW, MOST, NearIndex
from ratchet.datasets.dedupe.shingles import unjudged, verifier
from ratchet.datasets.dedupe.signature import SHARED, signature_of
from ratchet.datasets.versions.prepared import Signature

__all__ = ["NearIndex", "near_pairs", "signature_of"]


def near_pairs(
    ids: Sequence[str],
    signatures: Sequence[Signature],
    text_of: Callable[[str], str],
    threshold: float,
    *,
    known: Collection[str] = (),
    judged: Callable[[str, str], bool | None] = unjudged,
) -> list[tuple[str, str]]:
    """Return the pairs of ids whose texts are near duplicates, the preferred one first.

    `ids` come in order of preference (`clusters.preferred`), and each one once. Those of `known`
    repeat nobody among themselves, which was seen before: they come first, and only the others are
    compared with them and with each other. `text_of` gives the normal form of an id's words,
    `judged` the verdict on two that were compared before.
    Whoever is not the second of a pair with one that is kept counts as a duplicate of nobody kept:
    `clusters.repeated` of the pairs says who goes. Where very many are on one form, which by itself
    is nearly enough, some that are just above the threshold are missed.
    Shapes: as many signatures as ids, (bands,) each.
    """
    apart = set(known)
    order = sorted(range(len(ids)), key=lambda at: ids[at] not in apart)
    alike = verifier(text_of, threshold, judged)
    shelves = _Shelves([signatures[at] for at in order])
    pairs: list[tuple[str, str]] = []
    for place, at in enumerate(order):
        new = ids[at]
        met = [] if new in apart else shelves.met(place)
        near = [seen for seen in met if alike(ids[order[seen]], new)]
        pairs += [(ids[order[seen]], new) for seen in near]
        shelves.put(place, repeats=any(seen in shelves.kept for seen in near))
    return pairs


class _Shelves:
    """By each key that recurs, those that have it among whom was put so far."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self.kept: set[int] = set()
        self._kept: dict[int, list[int]] = {}
        self._others: dict[int, list[int]] = {}
        if not signatures:
            return
        keys = np.stack(signatures)
        _, number, count = np.unique(keys, return_inverse=True, return_counts=True)
        self._number = number.reshape(keys.shape).astype(np.int32)
        self._recurs = (count > 1)[self._number]

    def met(self, place: int) -> list[int]:
        """Return whom one is to be compared with: who is kept first, then who shares most keys."""
        shared: Counter[int] = Counter()
        for shelf in self._of(place):
            shared.update(self._kept.get(shelf, ()))
            shared.update(self._others.get(shelf, ()))
        found = [seen for seen, keys in shared.items() if keys >= SHARED]
        found.sort(key=lambda seen: (seen not in self.kept, -shared[seen], seen))
        if len(found) <= MOST:
            return found
        return [seen for seen in found[:FEW] if seen in self.kept]

    def put(self, place: int, *, repeats: bool) -> None:
        """Let those that come later meet one."""
        if not repeats:
            self.kept.add(place)
        shelves = self._others if repeats else self._kept
        for shelf in self._of(place):
            held = shelves.setdefault(shelf, [])
            if len(held) < MOST:
                held.append(place)

    def _of(self, place: int) -> list[int]:
        """Return the shelves of one; a key that nobody else has needs none."""
        found: list[int] = self._number[place][self._recurs[place]].tolist()
        return found
