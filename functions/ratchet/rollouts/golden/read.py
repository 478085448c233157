"""Read golden sets, their examples, and what was looked at."""

import json
from collections.abc import Iterator

from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound, NotWhole
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed
from ratchet.rollouts.golden.exposure import (
    EXPOSURES,
    GoldenExposure,
    GoldenStanding,
    exposure_key,
    standing_key,
)
from ratchet.rollouts.golden.golden_set import GOLDEN_SETS, GoldenEntry, GoldenSet
from ratchet.store.blobs import Blobs
from ratchet.store.port import Query, Ref, Snapshot, Store

RESTORE = "restore it from a backup: it is frozen, and nothing writes it again"


def get_golden(store: Store, keys: Keys, name: str) -> GoldenSet:
    """Return a golden set.

    Raises: NotFound; BadSignature where it was changed.
    """
    found = store.get(Ref(GOLDEN_SETS, name))
    if found is None:
        raise NotFound(
            f"there is no golden set {name}",
            field="golden",
            mend="ratchet golden list shows those there are; ratchet golden freeze makes one",
        )
    return load_golden(keys, found)


def load_golden(keys: Keys, found: Snapshot) -> GoldenSet:
    """Return the golden set of a stored document.

    Raises: BadSignature where it was changed.
    """
    return load_sealed(keys, GoldenSet, found.ref.id, found.data, mend=RESTORE)


def golden_sets(store: Store, keys: Keys, tell: Tell | None = None) -> list[GoldenSet]:
    """Return every golden set, in order of name.

    Raises: BadSignature, where nobody is told: what guards training must not leave one out.
    """
    stored = store.stream(Query(GOLDEN_SETS))
    return list(each(stored, lambda found: load_golden(keys, found), tell))


def entries_of(blobs: Blobs, golden: GoldenSet) -> list[GoldenEntry]:
    """Return the examples of a set, in order of id.

    Raises: NotFound, NotWhole where they are not what was frozen.
    """
    lines = blobs.get(golden.entries).splitlines()
    if len(lines) != golden.examples:
        raise NotWhole(
            f"golden set {golden.name} has {golden.examples} examples, its list {len(lines)}",
            field="entries",
            mend=RESTORE,
        )
    return [GoldenEntry.parse(json.loads(line)) for line in lines]


def latest_exposure(store: Store, keys: Keys, name: str, version: str) -> GoldenExposure | None:
    """Return the last look at a version on a set; None where there was none.

    Raises: BadSignature where it was changed.
    """
    key = standing_key(name, version)
    found = store.get(Ref(GoldenStanding.collection, key))
    if found is None:
        return None
    standing = load_sealed(keys, GoldenStanding, key, found.data, mend=RESTORE)
    return get_exposure(store, keys, name, standing.latest)


def get_exposure(store: Store, keys: Keys, name: str, sequence: int) -> GoldenExposure:
    """Return one exposure of a set.

    Raises: NotFound, BadSignature where it was changed.
    """
    key = exposure_key(name, sequence)
    found = store.get(Ref(EXPOSURES, key))
    if found is None:
        raise NotFound(f"{EXPOSURES}/{key} does not exist", field="sequence", mend=RESTORE)
    return load_sealed(keys, GoldenExposure, key, found.data, mend=RESTORE)


def exposures_of(
    store: Store, keys: Keys, name: str, tell: Tell | None = None
) -> Iterator[GoldenExposure]:
    """Yield the exposures of a set, oldest first.

    Raises: BadSignature, where nobody is told.
    """

    def load(found: Snapshot) -> GoldenExposure:
        return load_sealed(keys, GoldenExposure, found.ref.id, found.data, mend=RESTORE)

    yield from each(stored_exposures(store, name), load, tell)


def stored_exposures(store: Store, name: str) -> Iterator[Snapshot]:
    """Yield what is stored under a set's ids, whatever its fields claim."""
    prefix = join_key(name, "")
    for found in store.stream(Query(EXPOSURES, start_after=(prefix,))):
        if not found.ref.id.startswith(prefix):
            return
        yield found
