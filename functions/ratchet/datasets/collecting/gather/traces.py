"""Traces: what arrived as bytes, one gatherer for each source of them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import unquote

from ratchet.datasets.collecting.gather.gatherer import Gathered, Gatherer, Look, unreadable
from ratchet.datasets.collecting.trace import Trace
from ratchet.datasets.extract import events, trajectories
from ratchet.datasets.extract.clean import MAX_RAW, read_raw
from ratchet.kernel.batches import batches
from ratchet.kernel.errors import InvalidInput, Malformed, NotFound, NotWhole, Unreachable
from ratchet.kernel.ids import SEPARATOR, join_key
from ratchet.labels.feeds.feed import Stream
from ratchet.store.blobs import AT_ONCE
from ratchet.store.port import Filter, Ref, Snapshot

SOURCES = (events.SOURCE, trajectories.SOURCE)


def gatherer(source: str) -> Gatherer:
    """Return the gatherer of a source whose traces arrive as bytes."""
    return Gatherer(partial(_streams, source), partial(_read, source), partial(_again, source))


def _streams(source: str, shards: int) -> list[Stream]:
    of_source = Filter("source", "==", source)
    return [
        Stream(str(shard), Trace.collection, "changedAt", (Filter("shard", "==", shard), of_source))
        for shard in range(shards)
    ]


def _read(source: str, look: Look, page: Sequence[Snapshot]) -> Iterator[Gathered]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parsed = (_parsed(source, stored) for stored in page)
        for some in batches(parsed, _size, count=AT_ONCE, size=MAX_RAW):
            yield from pool.map(partial(_gathered, look), some)


def _parsed(source: str, stored: Snapshot) -> Trace | Gathered:
    try:
        return Trace.from_store(stored.data)
    except InvalidInput as error:
        named = unquote(stored.ref.id.partition(SEPARATOR)[2])
        return unreadable(source, named, stored, error)


def _size(one: Trace | Gathered) -> int:
    return one.raw_bytes if isinstance(one, Trace) else 0


def _again(source: str, look: Look, source_ids: Sequence[str]) -> Iterator[Gathered]:
    refs = [Ref(Trace.collection, join_key(source, source_id)) for source_id in source_ids]
    yield from _read(source, look, [found for found in look.store.get_many(refs) if found])


def _gathered(look: Look, trace: Trace | Gathered) -> Gathered:
    """Return a trace with what its bytes hold."""
    if isinstance(trace, Gathered):
        return trace
    empty = Gathered(trace.source, trace.source_id, trace.changed_at, raw=trace.raw)
    try:
        return empty._replace(payload=read_raw(look.blobs.get(trace.raw)))
    except Malformed as error:
        return empty._replace(error=error)
    except (NotFound, NotWhole) as error:
        gone = Unreachable(
            f"its bytes are gone: {error.message}", field="raw", mend="send it again"
        )
        return empty._replace(error=gone)
