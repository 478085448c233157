"""Retain: keep each day of observations and rewards as Parquet before it expires."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ratchet.datasets.retain.columns import KINDS, Kind
from ratchet.datasets.retain.parquet import check_rows, write_rows
from ratchet.datasets.retain.retained import Retained, Slot
from ratchet.datasets.retain.rows import Row, rows_of
from ratchet.datasets.settings import DatasetSettings
from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import DAY, EPOCH, HOUR, day_of
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import RatchetError
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.store.blobs import Blobs
from ratchet.store.port import Filter, Query, Store

LATE = "retain-late"
_PERIOD = (
    DAY  # of the schedule: a run that comes just before a day is due is followed by one in time
)
_LATE_BEFORE = 2 * DAY  # of the expiry: the schedule has that many tries left
_LAST_LOOK = DAY  # before the expiry: what late grades corrected since is kept as it is then


class Failure(Model):
    """One day of one shard that could not be retained, and why."""

    slot: str
    code: str
    message: str
    mend: str = ""


class RetainReport(Model):
    """What a run kept: slots (a kind, a day and a shard), their documents, rows and bytes.

    `nextDay` is the oldest day that is not old enough yet, and `nextAt` when it is; none where
    nothing came in since.
    """

    slots: int = 0
    documents: int = 0
    rows: int = 0
    bytes: int = 0
    failed: tuple[Failure, ...] = ()
    late: int = 0
    next_day: str | None = None
    next_at: Instant | None = None

    def with_kept(self, kept: Retained) -> "RetainReport":
        """Return it with one slot more."""
        more = {
            "slots": self.slots + 1,
            "documents": self.documents + kept.documents,
            "rows": self.rows + kept.rows,
            "bytes": self.bytes + sum(part.bytes for part in kept.parts),
        }
        return self.model_copy(update=more)


class _Times(NamedTuple):
    """How old a day is when it is retained, and when it begins to expire."""

    due: timedelta
    expires: timedelta

    @property
    def waits(self) -> timedelta:
        """How long after its beginning a day is retained: never before it is over."""
        return max(self.due, DAY + HOUR)


def retain_days(store: Store, blobs: Blobs, reader: ConfigReader, *, now: datetime) -> RetainReport:
    """Keep the days that are old enough, the oldest first, and look again at those that changed.

    A day is kept from `retainFromDay` on, sooner where `retentionDays` leaves less time; again
    where documents were added or a file is gone, and once more on the day before it expires. One
    that fails stops no other; two days before it expires it raises an alert.
    """
    retention = reader.read(Ingest).retention
    due = timedelta(days=reader.read(DatasetSettings).retain_from_day)
    times = _Times(min(due, retention * 5 / 6, retention - _PERIOD), retention)
    report, late = RetainReport(), list[Failure]()
    for slot in _slots(store, times, now):
        try:
            if kept := _retain(store, blobs, slot, times, now):
                report = report.with_kept(kept)
        except RatchetError as error:
            failure = _failure(slot, error)
            report = report.model_copy(update={"failed": (*report.failed, failure)})
            if slot.day + times.expires - _LATE_BEFORE <= now:
                late.append(failure)
    _tell(store, late, now)
    return report.model_copy(update={"late": len(late)} | _next(store, times, now))


def _slots(store: Store, times: _Times, now: datetime) -> Iterator[Slot]:
    """Yield what is old enough and may hold documents, the oldest day first."""
    shards = range(shards_ever(store))
    firsts = {(kind, shard): _first_day(store, kind, shard) for kind in KINDS for shard in shards}
    known = [day for day in firsts.values() if day is not None]
    day = min(known, default=now)
    while day + times.waits <= now:
        for (kind, shard), first in firsts.items():
            if first is not None and first <= day:
                yield Slot(day, kind, shard)
        day += DAY


def _next(store: Store, times: _Times, now: datetime) -> dict[str, Any]:
    """Return the oldest day with documents that is not old enough, and when it is."""
    since, shards = day_of(now - times.waits) + DAY, range(shards_ever(store))
    firsts = (_first_day(store, kind, shard, since) for kind in KINDS for shard in shards)
    day = min((first for first in firsts if first is not None), default=None)
    return {} if day is None else {"next_day": f"{day:%Y-%m-%d}", "next_at": day + times.waits}


def _first_day(store: Store, kind: Kind, shard: int, since: datetime = EPOCH) -> datetime | None:
    where = Filter("shard", "==", shard), Filter("ingestedAt", ">=", since)
    found = store.query(Query(KINDS[kind], where, ("ingestedAt",), 1))
    return day_of(found[0].data["ingestedAt"]) if found else None


def _retain(
    store: Store, blobs: Blobs, slot: Slot, times: _Times, now: datetime
) -> Retained | None:
    """Keep a slot, if it is not kept as it is; the record is written when the files were read."""
    stored = store.get(slot.ref())
    held = Retained.from_store(stored.data) if stored else None
    if not _is_wanted(store, blobs, slot, held, times, now):
        return None
    documents = 0

    def rows() -> Iterator[Row]:
        nonlocal documents
        for found in store.stream(slot.query()):
            documents += 1
            yield from rows_of(slot.kind, found)

    written = write_rows(blobs, slot.kind, rows())
    check_rows(blobs, written)
    kept = Retained(
        kind=slot.kind,
        day=slot.label,
        shard=slot.shard,
        documents=documents,
        rows=written.rows,
        hash=written.hash,
        parts=written.parts,
        retained_at=now,
        verified_at=now,
    )
    store.set(slot.ref(), kept.to_map())
    return kept


def _is_wanted(
    store: Store, blobs: Blobs, slot: Slot, held: Retained | None, times: _Times, now: datetime
) -> bool:
    """Say whether there is more to keep than is held; never once documents may have expired."""
    if held is None:
        return store.count(slot.query()) > 0
    first = store.query(slot.first())
    expires = first[0].data.get("expireAt") if first else None
    if not isinstance(expires, datetime) or expires <= now:
        return False
    last_look = slot.day + times.expires - _LAST_LOOK
    if held.retained_at < last_look <= now or store.count(slot.query()) > held.documents:
        return True
    return not all(blobs.has(part.sha256) for part in held.parts)


def _failure(slot: Slot, error: RatchetError) -> Failure:
    return Failure(slot=slot.key(), code=error.code, message=error.message, mend=error.mend)


def _tell(store: Store, late: list[Failure], now: datetime) -> None:
    if not late:
        clear_alert(store, LATE, "retain", now=now, note="every day is kept in time")
        return
    first = late[0]
    about = alert(
        LATE,
        "retain",
        "critical",
        f"{len(late)} days of a shard expire soon and are not kept; {first.slot}: {first.message}",
        now=now,
        command=first.mend or "ratchet retain run",
        evidence={"slots": [failure.slot for failure in late[:20]]},
    )
    raise_alert(store, about)
