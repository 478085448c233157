"""Read silver for a build: every example that the collector kept, in pages, prepared."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from ratchet.datasets.dedupe.pairs import Judged
from ratchet.datasets.example import EXAMPLES, Example
from ratchet.datasets.versions.index import Known, index_bytes
from ratchet.datasets.versions.prepare import MEASURES, PAGE, mapped, prepare_page
from ratchet.datasets.versions.prepared import Prepared
from ratchet.datasets.versions.progress import Track
from ratchet.datasets.versions.words import words_of
from ratchet.kernel.batches import batches
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.store.blobs import Blobs
from ratchet.store.port import Filter, Query, Snapshot, Store

PAGE_BYTES = 64 * 2**20  # of the words of a page, in memory
KEPT = Query(EXAMPLES, (Filter("reason", "==", ""),))


class Silver(NamedTuple):
    """What the collector kept: prepared, and by id why others cannot be.

    `judged` are verdicts on near duplicates that were found on the way, if any were.
    """

    prepared: list[Prepared]
    unreadable: dict[str, RatchetError]
    judged: Judged = MappingProxyType({})


def read_silver(store: Store, blobs: Blobs, known: Known, track: Track, *, workers: int) -> Silver:
    """Read and prepare every kept example.

    What was measured of a page is put before the next is read, so that a build which dies has not
    to be done again from the beginning. Raises: InvalidInput without the extra `datasets`.
    """
    silver = Silver([], {})
    total = store.count(KEPT)
    track.at("read", 0, total)
    with mapped(workers) as measured:
        for page in pages_of(store.stream(KEPT), silver.unreadable):
            done = prepare_page(blobs, page, known, measured)
            silver.prepared.extend(done.prepared)
            silver.unreadable.update(done.unreadable)
            part = blobs.put(index_bytes(done.fresh, MEASURES)) if done.fresh else None
            track.at("prepare", len(silver.prepared) + len(silver.unreadable), total, part=part)
    return silver


def without_erased(blobs: Blobs, silver: Silver) -> Silver | None:
    """Return silver with those unreadable whose words are gone since they were measured.

    None where all are there. Reads every word, which a build does not where nothing is missing.
    """
    words = words_of(blobs, (one.content for one in silver.prepared))
    found = zip(silver.prepared, words, strict=True)
    gone = {one.example.id: word for one, word in found if isinstance(word, RatchetError)}
    if not gone:
        return None
    return silver._replace(
        prepared=[one for one in silver.prepared if one.example.id not in gone],
        unreadable=silver.unreadable | gone,
    )


def kept_between(store: Store, after: str, last: str) -> Iterator[Snapshot]:
    """Yield the kept examples whose ids are greater than one and not greater than the last.

    An empty id is before all as `after`, and behind all as `last`.
    """
    for found in store.stream(replace(KEPT, start_after=(after,))):
        if last and found.ref.id > last:
            return
        yield found


def pages_of(
    found: Iterable[Snapshot], unreadable: dict[str, RatchetError]
) -> Iterator[list[Example]]:
    """Yield examples in pages; a document that does not parse goes to `unreadable` instead."""
    parsed = _parsed(found, unreadable)
    yield from batches(parsed, lambda one: one.content_bytes, count=PAGE, size=PAGE_BYTES)


def _parsed(
    snapshots: Iterable[Snapshot], unreadable: dict[str, RatchetError]
) -> Iterator[Example]:
    for found in snapshots:
        try:
            yield _example(found)
        except InvalidInput as error:
            unreadable[found.ref.id] = error


def _example(found: Snapshot) -> Example:
    example = Example.from_store(found.data)
    if example.id != found.ref.id:
        raise InvalidInput(
            f"{found.ref} says that it is {example.id}", field="id", mend="tell its trace again"
        )
    return example
