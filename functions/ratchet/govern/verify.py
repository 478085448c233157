"""Verify every audit chain; a broken one raises an alert."""

from collections.abc import Iterable
from datetime import datetime

from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.govern.audit import AuditEntry, ChainReport, audit_streams, verify_audit
from ratchet.kernel.ids import SEPARATOR
from ratchet.kernel.keys import Keys
from ratchet.store.port import Query, Store

AUDIT_BROKEN = "audit-broken"


def verify_all(store: Store, keys: Keys, *, now: datetime) -> list[ChainReport]:
    """Verify each stream, and alert to what is broken; returns a report for each."""
    reports = verify_chains(store, keys)
    alert_to_broken(store, reports, now=now)
    return reports


def verify_chains(store: Store, keys: Keys) -> list[ChainReport]:
    """Verify each stream, and name entries without a head; writes nothing."""
    entered = _first_entries(store)  # before the heads: an entry comes with its head
    streams = audit_streams(store)
    return [verify_audit(store, keys, stream) for stream in streams] + [
        ChainReport(
            stream=stream,
            entries=0,
            valid=False,
            entry=entry,
            fault="inserted",
            text=f"{entry} belongs to no head",
        )
        for stream, entry in entered.items()
        if stream not in streams
    ]


def alert_to_broken(store: Store, reports: Iterable[ChainReport], *, now: datetime) -> None:
    """Raise an alert for each chain that is broken, and end that of one that is whole again."""
    for report in reports:
        if report.valid:
            clear_alert(store, AUDIT_BROKEN, report.stream, now=now)
        else:
            about = alert(
                AUDIT_BROKEN,
                report.stream,
                "critical",
                f"the audit chain of {report.stream} is broken: {report.text}",
                now=now,
                command=f"ratchet audit verify {report.stream}",
                evidence={"entry": report.entry, "fault": report.fault},
            )
            raise_alert(store, about)


def _first_entries(store: Store) -> dict[str, str]:
    """Return the id of each stream's first entry, by one read a stream."""
    found: dict[str, str] = {}
    after: tuple[str, ...] | None = None
    while page := store.query(Query(AuditEntry.collection, limit=1, start_after=after)):
        entry = page[0].ref.id
        stream = entry.partition(SEPARATOR)[0]
        found[stream] = entry
        after = (stream + SEPARATOR * 2,)  # behind the stream's entries, which go on with a digit
    return found
