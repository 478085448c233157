"""Bring the trend of a component up to its run buckets, within the transaction of who asks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ratchet.kernel.clock import DAY
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
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction


def patch_trend(tx: Transaction, component: str, changed: Iterable[Ref], now: datetime) -> RunTrend:
    """Write the trend with the days of some changed buckets as they are now, and return it."""
    patched = patched_trend(tx, component, changed, now)
    tx.put(patched)
    return patched


def patched_trend(
    tx: Transaction, component: str, changed: Iterable[Ref], now: datetime
) -> RunTrend:
    """Return the trend with the days of some changed buckets as they are now; who asks writes it.

    Whole days are read again, so that doing it twice, or late, comes to the same. Days before the
    last 62 are in their buckets alone. Where there is no trend yet, all its days are read.
    """
    # The trend is read before the buckets, and guarded by its write: had another refresher written
    # it since, with newer buckets than are read below, this transaction fails and reads again. Read
    # after them, a newer trend could be given back an older day, and nothing would mend it.
    trend = tx.find(RunTrend, trend_ref(component).id)
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


def _read(
    tx: Transaction, component: str, start: datetime, span: timedelta
) -> dict[datetime, RunDay]:
    query = buckets_query(component, start, start + span)
    return days_of(RunBucket.from_store(s.data) for s in tx.query(query))
