"""RunTrend: what the runs of a component came to, day by day, small enough for one document."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import ClassVar

from ratchet.kernel.clock import DAY, day_of
from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.stats.bucket import OTHER
from ratchet.stats.moments import Moments
from ratchet.stats.run_sums import LOSS, RunBucket, RunSums, cap_runs, sum_runs
from ratchet.store.port import Filter, Query, Ref

TREND_DAYS = 62  # two windows of 30 days, with room for the present day
# What keeps a trend under 1 MiB even where every name is as long as one may be: the names of each
# kind that a day counts, and its versions. A day's other names and versions count as `other`.
DAY_NAMES = 12
DAY_VERSIONS = 10


class VersionDay(Model):
    """The runs of one policy version on one day: how many, and their loss."""

    runs: int
    loss: Moments = Moments()


class RunDay(Model):
    """The runs of one day, UTC: the sums of all, and the loss of the ten busiest versions.

    Terms, rewards and failures are of all versions together; by version they are in its buckets.
    """

    day: Instant
    sums: RunSums
    versions: dict[str, VersionDay]

    @property
    def busiest(self) -> str | None:
        """The version that most of its runs named; None where none is known by name."""
        named = [name for name in self.versions if name != OTHER]
        return max(named, key=lambda name: self.versions[name].runs, default=None)


class RunTrend(Document):
    """`ops_run_trends/{component}`: the days with runs among the last 62, oldest first.

    Made from the run buckets alone: each day is what its buckets hold, whenever it was taken.
    """

    collection: ClassVar[str] = "ops_run_trends"

    component: str
    days: tuple[RunDay, ...] = ()
    updated_at: Instant

    def key(self) -> str:
        """Return the component."""
        return trend_ref(self.component).id

    @property
    def sums_by_day(self) -> dict[datetime, RunSums]:
        """The sums over all versions."""
        return {day.day: day.sums for day in self.days}

    @property
    def versions(self) -> list[str]:
        """The versions that are known by name, in order."""
        return sorted({name for day in self.days for name in day.versions} - {OTHER})

    @property
    def newest_version(self) -> str | None:
        """The version that most runs of the last day with runs named."""
        return self.days[-1].busiest if self.days else None

    def loss_by_day(self, version: str) -> dict[datetime, Moments]:
        """Return the loss of one version, of the days that have it."""
        return {d.day: d.versions[version].loss for d in self.days if version in d.versions}

    def since(self, start: datetime) -> "RunTrend":
        """Return the trend without the days before an instant."""
        kept = tuple(day for day in self.days if day.day >= start)
        return self.model_copy(update={"days": kept})

    def patched(self, found: Mapping[datetime, RunDay | None], now: datetime) -> "RunTrend":
        """Return the trend with some days in the place of what it had; None takes a day out."""
        days: dict[datetime, RunDay | None] = {day.day: day for day in self.days}
        days.update(found)
        first = first_day(now)
        kept = tuple(day for at, day in sorted(days.items()) if day and at >= first)
        return self.model_copy(update={"days": kept, "updated_at": max(now, self.updated_at)})


def trend_ref(component: str) -> Ref:
    """Return where a component's trend is."""
    return Ref(RunTrend.collection, join_key(component))


def first_day(now: datetime, days: int = TREND_DAYS) -> datetime:
    """Return the first of the last days; the present one is the last of them."""
    return day_of(now) - (days - 1) * DAY


def days_of(buckets: Iterable[RunBucket]) -> dict[datetime, RunDay]:
    """Return the days that some buckets make up, those without runs left out."""
    by_day: dict[datetime, dict[str, RunSums]] = defaultdict(dict)
    for bucket in buckets:
        if bucket.sums.runs:
            by_day[bucket.day][bucket.version] = bucket.sums
    return {day: _day(day, versions) for day, versions in sorted(by_day.items())}


def _day(day: datetime, versions: Mapping[str, RunSums]) -> RunDay:
    # In order of their names: what is capped must not hang on the order of reading.
    whole = sum_runs(versions[name] for name in sorted(versions))
    ranked = sorted((n for n in versions if n != OTHER), key=lambda n: (-versions[n].runs, n))
    rest = sum_runs(versions[name] for name in {*versions} - {*ranked[:DAY_VERSIONS]})
    kept = {name: versions[name] for name in sorted(ranked[:DAY_VERSIONS])}
    if rest.runs:
        kept[OTHER] = rest
    return RunDay(
        day=day,
        sums=cap_runs(whole, DAY_NAMES),
        versions={n: VersionDay(runs=s.runs, loss=s.term(LOSS)) for n, s in kept.items()},
    )


def buckets_query(component: str, start: datetime, end: datetime) -> Query:
    """Return what finds a component's run buckets of a span of days."""
    where = (
        Filter("component", "==", component),
        Filter("day", ">=", start),
        Filter("day", "<", end),
    )
    return Query(RunBucket.collection, where, ("day",))
