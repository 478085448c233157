"""Verify a golden set: its seal, its examples, and that no look at it was taken out."""

from ratchet.govern.audit import verify_audit
from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotWhole, RatchetError
from ratchet.kernel.keys import Keys
from ratchet.rollouts.golden.exposure import EXPOSURES, exposure_key
from ratchet.rollouts.golden.golden_set import GoldenHead, GoldenSet
from ratchet.rollouts.golden.read import entries_of, exposures_of, get_golden
from ratchet.rollouts.golden.show import golden_head
from ratchet.store.blobs import Blobs
from ratchet.store.port import Store


class GoldenChecked(Model):
    """What a verification found; `faults` name what is wrong, and none mean that it holds."""

    name: str
    examples: int
    exposures: int
    budget: int
    faults: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def verify_golden(store: Store, blobs: Blobs, keys: Keys, name: str) -> GoldenChecked:
    """Read all of a golden set, its blobs too, and name what is not as it was written.

    Raises: NotFound; BadSignature where the set itself was changed.
    """
    golden = get_golden(store, keys, name)
    head = golden_head(store, name)
    chain = verify_audit(store, keys, head.id)
    faults = [] if chain.valid else [chain.text]
    faults += _examples(blobs, golden)
    faults += _exposures(store, blobs, keys, name, head)
    return GoldenChecked(
        name=name,
        examples=golden.examples,
        exposures=head.exposures,
        budget=golden.terms.budget,
        faults=tuple(faults),
    )


def require_whole(checked: GoldenChecked) -> None:
    """Stop at a set that does not hold.

    Raises: NotWhole.
    """
    if checked.faults:
        raise NotWhole(
            f"golden set {checked.name} does not hold: {checked.faults[0]}",
            field="golden",
            mend="restore it from a backup; where nobody erased it, find who could write",
        )


def _examples(blobs: Blobs, golden: GoldenSet) -> list[str]:
    """Return what of its examples cannot be read."""
    try:
        entries = entries_of(blobs, golden)
    except RatchetError as error:
        return [error.message]
    return [fault for entry in entries for fault in _blob(blobs, entry.id, entry.content)]


def _blob(blobs: Blobs, what: str, address: str) -> list[str]:
    try:
        blobs.get(address)
    except RatchetError as error:
        return [f"{what}: {error.message}"]
    return []


def _exposures(store: Store, blobs: Blobs, keys: Keys, name: str, head: GoldenHead) -> list[str]:
    """Return which exposures are changed, missing or not counted."""
    changed: list[RatchetError] = []
    found = {e.sequence: e for e in exposures_of(store, keys, name, changed.append)}
    faults = [error.message for error in changed]
    wanted = set(range(1, head.exposures + 1))
    told = {exposure_key(name, sequence) for sequence in wanted ^ set(found)}
    faults += [
        f"{EXPOSURES}/{key} is missing, or not counted"
        for key in sorted(told)
        if not any(key in fault for fault in faults)
    ]
    for exposure in found.values():
        for address in filter(None, (exposure.scores, exposure.champion_scores)):
            faults += _blob(blobs, exposure.key(), address)
    return faults
