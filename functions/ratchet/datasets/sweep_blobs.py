"""Sweep of blobs: remove the bytes that no document names any more."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from ratchet.datasets.collecting.trace import DeadTrace, Trace
from ratchet.datasets.example import EXAMPLES
from ratchet.datasets.retain.retained import RETAINED
from ratchet.datasets.versions.version import DATASETS
from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.document import Model
from ratchet.rollouts.golden.exposure import EXPOSURES
from ratchet.rollouts.golden.golden_set import GOLDEN_SETS
from ratchet.runs.run import Run
from ratchet.store.blobs import Blobs
from ratchet.store.port import Query, Ref, Store

# The documents that name blobs; what else they hold of 64 hexadecimal digits does no harm here.
NAMING = (
    Trace.collection,
    DeadTrace.collection,
    EXAMPLES,
    DATASETS,
    GOLDEN_SETS,
    EXPOSURES,
    RETAINED,
    CHECKPOINTS,  # of what was measured of guarded sets
    Run.collection,  # its references
)
# A build puts what it makes, again or for the first time, long before its version names it.
SPARED = timedelta(days=7)
PAGE = 200_000
CURSOR = Ref(CHECKPOINTS, "sweep_blobs")
_ADDRESS = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class Swept(Model):
    """What a sweep did: blobs looked at, those old enough, those removed and their stored bytes."""

    blobs: int = 0
    old: int = 0
    removed: int = 0
    bytes: int = 0


def sweep_blobs(store: Store, blobs: Blobs, *, now: datetime, page: int = PAGE) -> Swept:
    """Remove blobs that nothing names and that were put over 7 days ago.

    Goes by pages of addresses, and on where a sweep that died was. What is put while it runs stays:
    it names itself new again, and a blob is looked at once more as it is removed.

    Raises: NotFound and NotWhole for a golden set whose list of words is gone, Unavailable.
    """
    until = now - SPARED
    found = store.get(CURSOR)
    after = str(found.data["after"]) if found else ""
    listed = (info for info in blobs.listed() if info.sha256 > after)
    report = Swept()
    while infos := list(islice(listed, page)):
        old = {info.sha256: info.stored_bytes for info in infos if info.put_at < until}
        gone = _remove(store, blobs, old, until)
        report = Swept(
            blobs=report.blobs + len(infos),
            old=report.old + len(old),
            removed=report.removed + len(gone),
            bytes=report.bytes + sum(old[sha256] for sha256 in gone),
        )
        store.set(CURSOR, {"v": 1, "after": infos[-1].sha256})
    store.delete(CURSOR)
    return report


def _remove(store: Store, blobs: Blobs, old: Mapping[str, int], until: datetime) -> list[str]:
    """Remove what no document names; the documents are read after the blobs were listed."""
    unnamed = dict.fromkeys(old)
    for collection in NAMING if unnamed else ():
        for stored in store.stream(Query(collection)):
            for address in addresses_in(stored.data):
                unnamed.pop(address, None)
            if collection == GOLDEN_SETS and unnamed:
                for address in _ADDRESS.findall(blobs.get(stored.data["entries"]).decode()):
                    unnamed.pop(address, None)
    return [sha256 for sha256 in unnamed if blobs.delete(sha256, put_before=until)]


def addresses_in(value: Any) -> Iterator[str]:
    """Yield all that may be the address of a blob in the texts of a stored value.

    Documents are not parsed for it: one that is broken keeps its blobs too.
    """
    if isinstance(value, str):
        yield from _ADDRESS.findall(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from addresses_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from addresses_in(inner)
