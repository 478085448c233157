"""Gatherer: how a source's documents become payloads for its extractor, with all they refer to."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ratchet.kernel.canonical import content_hash
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.errors import InvalidInput, Malformed, RatchetError
from ratchet.kernel.ids import join_key
from ratchet.labels.feeds.feed import Stream
from ratchet.labels.label import Label
from ratchet.store.blobs import Blobs
from ratchet.store.port import Snapshot, Store

SHOWN = 300  # characters of a source id


@dataclass(frozen=True)
class Look:
    """What a gatherer may look at."""

    store: Store
    blobs: Blobs


class Gathered(NamedTuple):
    """One thing to extract: its payload, or the error that says why there is none.

    `raw` names the bytes that it came in. What a `withdrawn` label says is withdrawn with it.
    """

    source: str
    source_id: str
    at: datetime
    payload: Any = None
    error: RatchetError | None = None
    raw: str | None = None
    withdrawn: Label | None = None


@dataclass(frozen=True)
class Gatherer:
    """Where a source's traces are.

    `streams` are its documents in the order in which they changed, for a number of shards. `read`
    yields what there is to extract in some of them, and writes nothing; a document without words is
    nothing to extract. `again` yields the same for what it extracted before, by source ids.
    """

    streams: Callable[[int], Iterable[Stream]]
    read: Callable[[Look, Sequence[Snapshot]], Iterator[Gathered]]
    again: Callable[[Look, Sequence[str]], Iterator[Gathered]]


def unreadable(source: str, source_id: str, stored: Snapshot, error: InvalidInput) -> Gathered:
    """Return what is gathered of a document that was broken by hand; it may lack any field."""
    told = Malformed(
        f"{stored.ref}: {error.message}", field=error.field, mend="mend that field of the document"
    )
    return Gathered(source, short_id(source_id), EPOCH, error=told)


def short_id(name: str) -> str:
    """Return a document's name as a source id, or the hash of one that is too long."""
    return name if len(join_key(name)) <= SHOWN else content_hash(name)
