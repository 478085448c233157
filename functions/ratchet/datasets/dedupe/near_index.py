"""NearIndex: the signatures of what is known, in which the near duplicates of others are found."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ratchet.datasets.dedupe import DEDUPE
from ratchet.datasets.dedupe.shingles import Numbers, verifier
from ratchet.datasets.dedupe.signature import BANDS, SHARED
from ratchet.datasets.versions.prepared import Signature
from ratchet.kernel.canonical import canonical
from ratchet.kernel.errors import NotWhole

MOST = 64  # of those that share one key, and of those that one is compared with
FEW = 16  # of those that one is compared with where it meets more
MEND = "build it again: what it was made from is in the chunks"


@dataclass(frozen=True, eq=False)
class NearIndex:
    """Ids and their signatures; a value: what is added makes another.

    Shapes: `keys` (ids, bands).
    """

    ids: tuple[str, ...] = ()
    keys: Numbers = field(default_factory=lambda: np.empty((0, BANDS), dtype=np.uint64))

    def plus(self, ids: Sequence[str], signatures: Sequence[Signature]) -> "NearIndex":
        """Return it with others behind those it has; whom it has already is not added again."""
        has = set(self.ids)
        new = [at for at, name in enumerate(ids) if name not in has]
        if not new:
            return self
        keys = np.stack([signatures[at] for at in new])
        return NearIndex((*self.ids, *(ids[at] for at in new)), np.vstack([self.keys, keys]))

    def near(
        self,
        ids: Iterable[str],
        signatures: Iterable[Signature],
        text_of: Callable[[str], str],
        threshold: float,
    ) -> dict[str, str]:
        """Return of each id that is near a known one the known one, verified.

        `text_of` gives the normal form of new and known ids. Growth: linear in the ids asked about.
        """
        alike = verifier(text_of, threshold)
        flat = self.keys.ravel()
        order = np.argsort(flat, kind="stable")
        shelves = flat[order]
        found = {}
        for name, signature in zip(ids, signatures, strict=True):
            met = (self.ids[at] for at in _met(shelves, order, signature))
            first = next((known for known in met if alike(known, name)), None)
            if first is not None:
                found[name] = first
        return found

    def to_bytes(self) -> bytes:
        """Return it as bytes: a line that says what it is, and the keys; the same everywhere."""
        head = canonical({"dedupe": DEDUPE, "bands": BANDS, "ids": list(self.ids)})
        return head + b"\n" + self.keys.astype("<u8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "NearIndex":
        """Return the index of its bytes.

        Raises: NotWhole where they are none, or of other code, whose signatures are others.
        """
        line, _, rest = data.partition(b"\n")
        try:
            head = json.loads(line)
            made, ids = (head["dedupe"], head["bands"]), tuple(map(str, head["ids"]))
        except (ValueError, KeyError, TypeError) as error:
            raise NotWhole("these bytes are no index", field="index", mend=MEND) from error
        if made != (DEDUPE, BANDS) or len(rest) != len(ids) * BANDS * 8:
            raise NotWhole(
                f"an index of dedupe {made[0]} with {len(rest)} bytes of keys, where {DEDUPE} wants"
                f" {len(ids) * BANDS * 8}",
                field="index",
                mend=MEND,
            )
        keys = np.frombuffer(rest, dtype="<u8").astype(np.uint64).reshape(len(ids), BANDS)
        return cls(ids, keys)


def _met(shelves: Numbers, order: NDArray[np.int64], signature: Signature) -> list[int]:
    """Return the places of those that share a key, who shares most first."""
    low = np.searchsorted(shelves, signature, "left")
    high = np.minimum(np.searchsorted(shelves, signature, "right"), low + MOST)
    places = [order[a:b] // BANDS for a, b in zip(low, high, strict=True) if a < b]
    if not places:
        return []
    met, shared = np.unique(np.concatenate(places), return_counts=True)
    met, shared = met[shared >= SHARED], shared[shared >= SHARED]
    most = MOST if met.size <= MOST else FEW
    found: list[int] = met[np.argsort(-shared, kind="stable")][:most].tolist()
    return found
