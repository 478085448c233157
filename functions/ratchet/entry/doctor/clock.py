"""The clock: it agrees with Google's, and nothing that is stored lies in its future."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from ratchet.entry.cloud import any_answer
from ratchet.entry.doctor.case import Case, Finding, error, ok, warning
from ratchet.entry.doctor.project import ROLE, database_url
from ratchet.entry.jobs import last_runs
from ratchet.observe.observation import COLLECTION
from ratchet.observe.settings import shards_ever
from ratchet.store.port import Filter, Query, Store

TOLERATED = timedelta(seconds=5)
BROKEN = timedelta(seconds=60)
MEND = "set this machine's clock by NTP"
_TICK = timedelta(seconds=1)  # the header Date has whole seconds


def check(case: Case) -> Iterator[Finding]:
    """Compare with Google's clock; without Google, with the newest that was stored."""
    if case.in_cloud:
        gap, what = _from_google(case), "Google's clock"
    else:
        gap, what = _from_store(case.store, case.clock()), "the newest that is stored"
    told = f"this machine's clock is {gap.total_seconds():.0f} s off {what}"
    if gap > BROKEN:
        yield error(told, MEND)
    elif gap > TOLERATED:
        yield warning(told, MEND)
    else:
        yield ok(f"within {TOLERATED.total_seconds():.0f} s of {what}")


def _from_google(case: Case) -> timedelta:
    """Return by how much the Date of an answer lies outside the time it took."""
    session, before = case.google.session(), case.clock()
    answer = any_answer(session, database_url(case), "Google's clock", ROLE)
    after, date = case.clock(), parsedate_to_datetime(answer.headers["Date"])
    return max(before - (date + _TICK), date - after, timedelta(0))


def _from_store(store: Store, now: datetime) -> timedelta:
    """Return by how much the newest arrival, or the last tick, lies in the future."""
    ticks = max((at - now for at in last_runs(store).values()), default=timedelta(0))
    arrivals = (_arrival(store, shard, now) for shard in range(shards_ever(store)))
    return max(ticks, timedelta(0), *arrivals)


def _arrival(store: Store, shard: int, now: datetime) -> timedelta:
    for beyond in (BROKEN, TOLERATED):
        where = (Filter("shard", "==", shard), Filter("ingestedAt", ">", now + beyond))
        for found in store.query(Query(COLLECTION, where, ("ingestedAt",), limit=1)):
            gap: timedelta = found.data["ingestedAt"] - now
            return gap
    return timedelta(0)
