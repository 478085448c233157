"""The life of an alert: raised and counted, cleared when its cause is gone, or when it is quiet."""

from datetime import datetime, timedelta

from ratchet.govern.alerts.alert import (
    MACHINE,
    STANDING,
    Alert,
    alert_key,
    counted,
    is_worse,
)
from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput
from ratchet.store.port import Filter, Query, Store
from ratchet.store.transact import Transaction

ONCE = 200  # how many are resolved at one look; the next goes on


def raise_alert(store: Store, new: Alert, *, quiet: timedelta = timedelta(0)) -> Alert:
    """Record an alert, or count it once more; not again within `quiet` of the last time.

    One that was resolved, or is worse now, is never too early.
    """

    def body(tx: Transaction) -> Alert:
        seen = find_alert(tx, new)
        if seen and _is_early(seen, new, quiet):
            return seen
        merged = counted(seen, new)
        tx.put(merged)
        return merged

    return store.transact(body)


def _is_early(seen: Alert, new: Alert, quiet: timedelta) -> bool:
    again = seen.is_over or is_worse(seen, new.severity)
    return not again and new.last_seen - seen.last_seen < quiet


def find_alert(tx: Transaction, new: Alert) -> Alert | None:
    """Return the alert as it is; one that was broken by hand keeps nobody from what it is about."""
    return _found(tx, new.key())


def _found(tx: Transaction, key: str) -> Alert | None:
    try:
        return tx.find(Alert, key)
    except InvalidInput:
        return None


def clear_alert(
    store: Store, what: str, subject: str, *, now: datetime, note: str = "its cause is gone"
) -> bool:
    """Resolve an alert whose cause is gone; one read, and no write where none stands."""

    def body(tx: Transaction) -> bool:
        seen = _found(tx, alert_key(what, subject))
        if seen is None or seen.is_over:
            return False
        tx.put(seen.ended(MACHINE, note, now=now))
        return True

    return store.transact(body)


def resolve_quiet(store: Store, *, now: datetime, after: timedelta) -> list[Alert]:
    """Resolve what was not seen for so long; reads no more than it resolves.

    Whoever holds a lasting matter open raises it again within that time.
    """
    quiet = (Filter("state", "in", list(STANDING)), Filter("lastSeen", "<", now - after))
    stored = store.query(Query(Alert.collection, quiet, limit=ONCE))
    found = each(stored, lambda one: Alert.from_store(one.data), lambda error: None)
    done = (_end_quiet(store, one, now, after) for one in found)
    return [alert for alert in done if alert is not None]


def _end_quiet(store: Store, known: Alert, now: datetime, after: timedelta) -> Alert | None:
    def body(tx: Transaction) -> Alert | None:
        seen = _found(tx, known.key())
        if seen is None or seen.is_over or seen.last_seen >= now - after:
            return None
        over = seen.ended(MACHINE, f"not seen for {after / timedelta(hours=1):g} hours", now=now)
        tx.put(over)
        return over

    return store.transact(body)
