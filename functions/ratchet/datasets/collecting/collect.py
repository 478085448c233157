"""Collect: follow every source of examples, and extract what is new or changed in it.

To extract twice changes nothing, so that the cursors are no part of any transaction; a source that
stops stops no other. It works with learning off: data are collected, and nothing is learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ratchet.datasets.collecting.gather import GATHERERS
from ratchet.datasets.collecting.gather.gatherer import Look
from ratchet.datasets.collecting.keep import Kept, keep
from ratchet.datasets.collecting.stop import run_on, state_of, stop_source
from ratchet.datasets.collecting.taking import MAX_BYTES, Work, take
from ratchet.datasets.settings import DatasetSettings
from ratchet.govern.config import CHECKPOINTS, ConfigReader
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.labels.feeds.feed import Stream
from ratchet.observe.resume import Follower
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.store.blobs import Blobs
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store, value_at

BATCH = 200  # documents of a source that are extracted together, over all of its shards
FEWEST = 5  # of them that each shard adds, however many shards there are
MAX_READ = 20_000  # of a source in one call; what is left comes with the next


class CollectedSource(Kept):
    """What became of a source; `behind` says that not all that changed was looked at."""

    stopped: bool = False
    behind: bool = False


class CollectReport(Model):
    """What one collecting brought, in all and by source."""

    collected: int
    dead: int
    stopped: tuple[str, ...]
    sources: dict[str, CollectedSource]


@dataclass(frozen=True)
class _Job:
    """One collecting."""

    work: Work
    keys: Keys
    look: Look
    lag: timedelta


def collect_examples(
    store: Store, blobs: Blobs, keys: Keys, reader: ConfigReader, *, now: datetime
) -> CollectReport:
    """Extract what is new or changed in every source that is not stopped.

    Each trace becomes an example or a dead letter. A batch of ten or more with over `maxErrorShare`
    malformed stops its source before any of it is written, until a person resumes it.

    Raises: Unavailable, Misconfigured without blobs, InvalidInput where redaction lacks packages,
    ChainBroken.
    """
    ingest, settings = reader.read(Ingest), reader.read(DatasetSettings)
    shards = max(ingest.shards, shards_ever(store))
    work = Work(store, blobs, settings, ingest.shards, now)
    job = _Job(work, keys, Look(store, blobs), ingest.lag)
    found, failed = dict[str, CollectedSource](), list[RatchetError]()
    for source in GATHERERS:
        try:
            found[source] = _collect(job, source, shards)
        except RatchetError as error:
            failed.append(error)
    if failed:  # now that the others are collected
        raise failed[0]
    return CollectReport(
        collected=sum(one.collected for one in found.values()),
        dead=sum(sum(one.dead.values()) for one in found.values()),
        stopped=tuple(source for source, one in found.items() if one.stopped),
        sources=found,
    )


def _collect(job: _Job, source: str, shards: int) -> CollectedSource:
    """Collect one source, to its end."""
    state = state_of(job.work.store, source)
    total, read = Kept(), 0
    if state == "stopped":
        return _report(total, stopped=True)
    streams = list(GATHERERS[source].streams(shards))
    cursors = [_Cursor(job, source, stream, len(streams)) for stream in streams]
    while cursors and read < MAX_READ:
        page = [stored for cursor in cursors for stored in cursor.page()]
        kept = _extract(job, source, page, tolerant=state == "resumed") if page else Kept()
        rotten = kept.is_rotten(job.work.settings.max_error_share)
        if rotten and state != "resumed":
            stop_source(job.work.store, job.keys, source, kept, now=job.work.now)
            return _report(Kept(samples=kept.samples) + total, stopped=True)
        total, read = total + kept, read + len(page)
        for cursor in cursors:
            cursor.advance()
        cursors = [cursor for cursor in cursors if not cursor.ended]
        if state == "resumed" and (rotten or not cursors):  # what it was resumed for is taken
            run_on(job.work.store, source, now=job.work.now)
            state = "running"
    return _report(total, behind=bool(cursors))


def _extract(job: _Job, source: str, page: Sequence[Snapshot], *, tolerant: bool) -> Kept:
    """Return what became of a page, or of the part of it that was rotten, and is not written."""
    share = None if tolerant else job.work.settings.max_error_share
    total = Kept()
    for taken in take(job.work, GATHERERS[source].read(job.look, page), most=MAX_BYTES):
        kept = keep(job.work, taken, max_share=share)
        if share is not None and kept.is_rotten(share):
            return kept
        total += kept
    return total


def _report(kept: Kept, *, stopped: bool = False, behind: bool = False) -> CollectedSource:
    return CollectedSource(**kept.model_dump(), stopped=stopped, behind=behind)


def _parsed(found: Snapshot | None) -> Follower:
    """Return how far a stream was read; where that was broken by hand, it is read once more."""
    try:
        return Follower.parse(found.data) if found else Follower()
    except InvalidInput:
        return Follower()


class _Cursor:
    """Where one stream of a source is read; it moves when what was read is written.

    It stays behind the clock, since a commit may show late: what came in the last seconds is
    extracted now, and met again next time.
    """

    def __init__(self, job: _Job, source: str, stream: Stream, streams: int) -> None:
        self._store, self._stream = job.work.store, stream
        self._ref = Ref(CHECKPOINTS, join_key("collect", source, stream.name))
        self._until = job.work.now - job.lag
        self._limit = max(FEWEST, BATCH // streams)
        self._most = MAX_BYTES // streams
        found = self._store.get(self._ref)
        kept = _parsed(found)
        self._follower = kept.resumed(job.work.now)
        self._moved = self._follower.position != kept.position
        self._position, self._next = self._follower.position, self._follower.position
        self.ended = False

    def page(self) -> list[Snapshot]:
        """Return the next documents, as many as one batch takes."""
        at = self._stream.at
        where = (*self._stream.where, Filter(at, ">=", self._position[0]))
        query = Query(self._stream.collection, where, (at,), self._limit, self._position)
        found = self._store.query(query)
        page = self._fitting(found)
        self.ended = len(page) == len(found) < self._limit
        places = [(value_at(stored.data, at), stored.ref.id) for stored in page]
        self._position = places[-1] if places else self._position
        self._next = max([p for p in places if p[0] <= self._until], default=self._next)
        return page

    def _fitting(self, found: Sequence[Snapshot]) -> list[Snapshot]:
        """Return the first documents whose bytes fit into memory together, at least one."""
        size, page = 0, list[Snapshot]()
        for stored in found:
            told = stored.data.get("rawBytes")
            size += told if isinstance(told, int) else 0  # broken by hand, it is found later
            if page and size > self._most:
                break
            page.append(stored)
        return page

    def advance(self) -> None:
        """Keep how far was read, where that changed."""
        if self._moved or self._next != self._follower.position:
            at, name = self._next
            self._follower = self._follower.model_copy(update={"at": at, "id": name})
            self._store.set(self._ref, self._follower.to_map())
            self._moved = False
