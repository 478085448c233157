"""Units: a sample of the units that were met, by which they are counted and found again.

It keeps the 256 smallest hashes (a bottom-k sketch: Cohen and Kaplan, PODC 2007), so all arms keep
the same units: one that was met by two arms is in both samples, if it is in either.
"""

import hashlib
from collections.abc import Iterable

from ratchet.kernel.document import Model

KEPT = 256
_BYTES = 8
_SPAN = 2 ** (8 * _BYTES)


def unit_hash(unit: str) -> int:
    """Return the hash by which a unit is kept or not, 0..2**64 - 1."""
    digest = hashlib.blake2b(b"met:" + unit.encode(errors="replace"), digest_size=_BYTES)
    return int.from_bytes(digest.digest(), "big")


class Units(Model):
    """Which units were met; `a + b` is the union, in any order and however often."""

    packed: bytes = b""

    def __add__(self, other: "Units") -> "Units":
        if not other.packed or self.packed == other.packed:
            return self
        return units_of([*self.hashes(), *other.hashes()])

    def hashes(self) -> list[int]:
        """Return the kept hashes, ascending."""
        cuts = range(0, len(self.packed), _BYTES)
        return [int.from_bytes(self.packed[i : i + _BYTES], "big") for i in cuts]

    def count(self) -> float:
        """Return how many units there are: exact below 256, else within 6 % (one sigma)."""
        kept = self.hashes()
        return float(len(kept)) if len(kept) < KEPT else (KEPT - 1) * _SPAN / (kept[-1] + 1)

    def horizon(self) -> int:
        """Return the hash below which every unit that was met is kept."""
        kept = self.hashes()
        return _SPAN if len(kept) < KEPT else kept[-1] + 1


def units_of(hashes: Iterable[int]) -> Units:
    """Return the units of some hashes."""
    kept = sorted(set(hashes))[:KEPT]
    return Units(packed=b"".join(h.to_bytes(_BYTES, "big") for h in kept))


def sum_units(parts: Iterable[Units]) -> Units:
    """Return the union of many, each unpacked once."""
    found = {part.packed: part for part in parts}
    if len(found) == 1:
        return next(iter(found.values()))
    return units_of(h for part in found.values() for h in part.hashes())


def met_by_both(a: Units, b: Units) -> tuple[int, float]:
    """Return (units seen in both, the share of all units that this stands for).

    >>> met_by_both(units_of([1, 2, 3]), units_of([3, 4]))
    (1, 0.25)
    """
    reach = min(a.horizon(), b.horizon())
    in_a = {h for h in a.hashes() if h < reach}
    in_b = {h for h in b.hashes() if h < reach}
    both, either = len(in_a & in_b), len(in_a | in_b)
    return both, both / either if either else 0.0
