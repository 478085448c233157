"""Alerts: one document for each thing that is wrong, counted while it stays wrong."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from ratchet.kernel.document import Document, Instant
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.store.limits import MAX_NAME
from ratchet.store.port import Store
from ratchet.store.transact import Transaction

Severity = Literal["info", "warning", "critical"]


class Alert(Document):
    """Something that a person should know, with its evidence and the command that mends it."""

    collection: ClassVar[str] = "ops_alerts"

    what: str
    subject: str
    severity: Severity
    text: str
    evidence: dict[str, Any] = {}
    command: str = ""
    first_seen: Instant
    last_seen: Instant
    count: int = 1

    def key(self) -> str:
        """Return what and about what; a subject that is too long for an id, as its hash."""
        key = join_key(self.what, self.subject)
        if len(key) <= MAX_NAME:
            return key
        digest = hashlib.sha256(self.subject.encode(errors="replace")).hexdigest()
        return join_key(self.what, "sha256", digest)


def alert(
    what: str,
    subject: str,
    severity: Severity,
    text: str,
    *,
    now: datetime,
    command: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> Alert:
    """Return a new alert, seen once."""
    return Alert(
        what=what,
        subject=subject,
        severity=severity,
        text=text,
        evidence=dict(evidence or {}),
        command=command,
        first_seen=now,
        last_seen=now,
    )


def raise_alert(store: Store, new: Alert, *, quiet: timedelta = timedelta(0)) -> Alert:
    """Record an alert, or count it once more; not again within `quiet` of the last time."""

    def body(tx: Transaction) -> Alert:
        seen = find_alert(tx, new)
        if seen and new.last_seen - seen.last_seen < quiet:
            return seen
        merged = counted(seen, new)
        tx.put(merged)
        return merged

    return store.transact(body)


def find_alert(tx: Transaction, new: Alert) -> Alert | None:
    """Return the alert as it is; one that was broken by hand keeps nobody from what it is about."""
    try:
        return tx.find(Alert, new.key())
    except InvalidInput:
        return None


def counted(seen: Alert | None, new: Alert) -> Alert:
    """Return the alert with its first sight and its count kept."""
    if seen is None:
        return new
    return new.model_copy(update={"first_seen": seen.first_seen, "count": seen.count + 1})
