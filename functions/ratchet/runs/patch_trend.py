"""Bring the trend of a component up to its run buckets, within the transaction of who asks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ratchet.kernel.clock import DAY
from ratchet.kernel.each import Tell
from ratchet.kernel.errors import InvalidInput, UnknownSchema
from ratchet.runs.trend import (
    TREND_DAYS,
    RunDay,
    RunTrend,
    buckets_query,
    days_of,
    first_day,
    trend_ref,
)
from ratchet.stats.run_sums import RunBucket, day_of_key
from ratchet.store.named import naming
from ratchet.store.port import Ref, Snapshot
from ratchet.store.transact import Transaction

_trend = naming(lambda stored: RunTrend.from_store(stored.data))
_bucket = naming(lambda stored: RunBucket.from_store(stored.data))


def patch_trend(tx: Transaction, component: str, changed: Iterable[Ref], now: datetime) -> RunTrend:
    """Write the trend with the days of some changed buckets as they are now, and return it."""
    patched = patched_trend(tx, component, changed, now)
    tx.put(patched)
    return patched


def patched_trend(
    tx: Transaction,
    component: str,
    changed: Iterable[Ref],
    now: datetime,
    tell: Tell | None = None,
) -> RunTrend:
    """Return the trend with the days of some changed buckets as they are now; who asks writes it.

    Whole days are read again, so that doing it twice, or late, comes to the same. Days before the
    last 62 are in their buckets alone. Where there is no trend yet, all its days are read; so they
    are where one cannot be read, and that is told.

    Raises: InvalidInput of a bucket that cannot be read, and of the trend where nobody is told.
    """
    # The trend is read before the buckets, and guarded by its write: had another refresher written
    # it since, with newer buckets than are read below, this transaction fails and reads again. Read
    # after them, a newer trend could be given back an older day, and nothing would mend it.
    (stored,) = tx.fetch([trend_ref(component)])
    trend = _kept(stored, tell) if stored else None
    first = first_day(now)
    found: dict[datetime, RunDay | None] = {}
    if trend is None:
        trend = RunTrend(component=component, updated_at=now)
        # One day more than there are: a sender's clock may be ahead of ours at midnight.
        found.update(_read(tx, component, first, (TREND_DAYS + 1) * DAY))
    for day in sorted({day_of_key(ref.id) for ref in changed}):
        if day >= first and day not in found:
            found[day] = _read(tx, component, day, DAY).get(day)
    return trend.patched(found, now)


def _kept(stored: Snapshot, tell: Tell | None) -> RunTrend | None:
    """Return the trend there is; None where it cannot be read, and that is told.

    Raises: InvalidInput where nobody is told, or a newer program wrote it: that is not broken.
    """
    try:
        return _trend(stored)
    except InvalidInput as error:
        if tell is None or isinstance(error.__cause__, UnknownSchema):
            raise
        tell(error)
        return None


def _read(
    tx: Transaction, component: str, start: datetime, span: timedelta
) -> dict[datetime, RunDay]:
    query = buckets_query(component, start, start + span)
    return days_of(_bucket(s) for s in tx.query(query))
