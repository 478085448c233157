"""Events: what the audit chain says since it was last read, told rule by rule, each once.

Reading is at least once, and telling once: an event happens to its subject once, so that an alert
that is there was told already. Only the streams that moved are read.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ratchet.govern.alerts import Alert, counted
from ratchet.govern.audit import AuditEntry, ChainHead, is_policy
from ratchet.govern.config import CHECKPOINTS
from ratchet.insight.rule import EventRule, Finding, Sight
from ratchet.kernel.clock import DAY, EPOCH, day_of, hour_of
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.each import each
from ratchet.kernel.errors import AlreadyExists, InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.store.named import naming
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store

READ = Ref(CHECKPOINTS, join_key("watch", "events"))
# A change shows late, and clocks differ a little; once a day every head is asked all the same.
OVERLAP = timedelta(minutes=10)
PAGE = 200
# What a stream that was never read is read of: what happened before is no news.
NEWS, LAST = DAY, 100


class StreamRead(Model):
    """How far a stream was read."""

    stream: str
    sequence: int


class EventsRead(Model):
    """How far every stream was read, and when. `failed`: an alert says that a part was not."""

    at: Instant = EPOCH
    failed: bool = False
    streams: tuple[StreamRead, ...] = ()


def load_read(store: Store) -> EventsRead:
    """Return how far the chain was read; a record that was broken by hand begins anew."""
    found = store.get(READ)
    try:
        return EventsRead.parse(found.data.get("value")) if found else EventsRead()
    except InvalidInput:
        return EventsRead()


def keep_read(
    store: Store, before: EventsRead, ends: Mapping[str, int], *, failed: bool, now: datetime
) -> None:
    """Keep how far the chain was read, once it was told; where nothing moved, once an hour."""
    if not ends and failed == before.failed and hour_of(before.at) == hour_of(now):
        return
    known = {one.stream: one.sequence for one in before.streams} | dict(ends)
    streams = tuple(StreamRead(stream=s, sequence=n) for s, n in sorted(known.items()))
    read = EventsRead(at=now, failed=failed, streams=streams)
    store.set(READ, {"v": 1, "value": read.to_map()})


def moved_streams(sight: Sight, before: EventsRead) -> Iterator[tuple[str, int, int]]:
    """Yield (stream, sequence read, sequence of its end) of what moved since."""
    whole = day_of(before.at) != day_of(sight.now)
    where = () if whole else (Filter("updatedAt", ">=", before.at - OVERLAP),)
    known = {one.stream: one.sequence for one in before.streams}
    stored = sight.store.stream(Query(ChainHead.collection, where))
    for stream, end in each(stored, naming(_end), sight.tell):
        start = known.get(stream)
        if start is None:
            start = max(0, end - LAST) if before.at == EPOCH else 0
        if is_policy(stream) and end != start:
            yield stream, start, end


def _end(found: Snapshot) -> tuple[str, int]:
    end = found.data.get("auditSequence", 0)
    if not isinstance(end, int):
        raise InvalidInput("auditSequence is no number", field="auditSequence")
    return found.ref.id, end


def new_entries(sight: Sight, before: EventsRead, stream: str, after: int) -> Iterator[AuditEntry]:
    """Yield a stream's entries behind a sequence, oldest first."""
    where = (Filter("stream", "==", stream), Filter("sequence", ">", after))
    query: Query = Query(AuditEntry.collection, where, ("sequence",), PAGE)
    since = sight.now - NEWS if before.at == EPOCH else EPOCH
    while page := sight.store.query(query):
        found = each(page, naming(lambda s: AuditEntry.from_store(s.data)), sight.tell)
        yield from (entry for entry in found if entry.ts >= since)
        query = query.after(page[-1], PAGE)


def event_of(rule: EventRule, sight: Sight, entry: AuditEntry) -> Finding | None:
    """Return what a rule tells of an entry, with where it stands in the chain."""
    found = rule.event(sight, entry) if entry.action in rule.actions else None
    if found is None:
        return None
    place = {"stream": entry.stream, "sequence": entry.sequence}
    return found.model_copy(update={"evidence": found.evidence | place})


def tell_once(store: Store, new: Alert) -> bool:
    """Raise the alert of an event, unless it was; returns whether it was not."""
    try:
        store.create(Ref(Alert.collection, new.key()), counted(None, new).to_map())
    except AlreadyExists:
        return False
    return True
