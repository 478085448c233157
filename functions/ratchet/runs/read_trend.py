"""Read how components did day by day: from their trends, or from run buckets further back."""

from collections.abc import Iterator
from datetime import datetime

from ratchet.kernel.clock import DAY, EPOCH, day_of
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import InvalidInput
from ratchet.runs.trend import (
    TREND_DAYS,
    RunTrend,
    buckets_query,
    days_of,
    first_day,
    trend_ref,
)
from ratchet.stats.run_sums import RunBucket, RunSums, run_bucket_key
from ratchet.store.port import Query, Ref, Store

MAX_DAYS = 400  # as long as run buckets are kept
_PAGE = 100


def read_trend(store: Store, component: str, *, days: int, now: datetime) -> RunTrend:
    """Return a component's last days, the present one among them; none where it has no runs.

    Up to 62 days take one read; more, one for each bucket of a version and day.
    Raises: InvalidInput.
    """
    check_days(days)
    start = first_day(now, days)
    if days <= TREND_DAYS:
        found = store.get(trend_ref(component))
        if found is None:
            return RunTrend(component=component, updated_at=EPOCH)
        return RunTrend.from_store(found.data).since(start)
    buckets = store.stream(buckets_query(component, start, day_of(now) + 2 * DAY))
    by_day = days_of(RunBucket.from_store(s.data) for s in buckets)
    return RunTrend(component=component, days=tuple(by_day.values()), updated_at=now)


def list_trends(
    store: Store, component: str | None, *, days: int, now: datetime, tell: Tell | None = None
) -> Iterator[RunTrend]:
    """Yield the last days of one component, or of every one; a broken one is told.

    Raises: InvalidInput; BadSignature, InvalidInput of a document where nobody is told.
    """
    check_days(days)
    if component is not None:
        yield read_trend(store, component, days=days, now=now)
        return
    stored = store.stream(Query(RunTrend.collection))
    known = each(stored, lambda s: RunTrend.from_store(s.data), tell)
    for trend in known:
        if days <= TREND_DAYS:
            yield trend.since(first_day(now, days))
        else:
            names = [trend.component]
            yield from each(names, lambda c: read_trend(store, c, days=days, now=now), tell)


def read_version(
    store: Store, component: str, version: str, *, days: int, now: datetime
) -> dict[datetime, RunSums]:
    """Return the sums of one version's runs by day, with all their terms.

    A version beyond the day's cap of versions counts there as `other`. Raises: InvalidInput.
    """
    check_days(days)
    start = first_day(now, days)
    keys = [run_bucket_key(component, version, start + i * DAY) for i in range(days)]
    refs = [Ref(RunBucket.collection, key) for key in keys]
    sums: dict[datetime, RunSums] = {}
    for i in range(0, len(refs), _PAGE):
        for found in store.get_many(refs[i : i + _PAGE]):
            if found is not None:
                bucket = RunBucket.from_store(found.data)
                sums[bucket.day] = bucket.sums
    return sums


def check_days(days: int) -> None:
    """Refuse a span that run buckets do not reach over.

    Raises: InvalidInput.
    """
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput(
            f"{days} days are not kept", field="days", mend=f"give 1 to {MAX_DAYS} days"
        )
