"""Recount days: make the sums of a component's day anew of what its runs say that they count."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from ratchet.kernel.clock import DAY
from ratchet.kernel.errors import InvalidInput
from ratchet.observe.unreadable import read_sums
from ratchet.runs.move import Mover, empty_bucket
from ratchet.runs.place import Place, place_of
from ratchet.runs.run import Run
from ratchet.runs.trend import buckets_query
from ratchet.stats.run_sums import RunBucket, RunSums, cap_runs, sum_runs
from ratchet.store.port import Filter, Query, Store
from ratchet.store.transact import Transaction

PAGE = 500
Day = tuple[str, datetime]  # a component and a day


def recount_days(store: Store, days: Collection[Day], mover: Mover, *, retention: timedelta) -> int:
    """Write the buckets of some days that are lost or do not add up, and return how many.

    A day of which runs have expired is left, and so is a bucket that holds more runs than there are
    and a day with a run that cannot be read: what is written would be a part of the whole.
    """
    written = 0
    for component, day in sorted(days):
        if day + retention <= mover.now:
            continue
        try:
            written += _recount(store, component, day, mover)
        except InvalidInput:  # a run: who looked at it before has told of it
            continue
    return written


def _recount(store: Store, component: str, day: datetime, mover: Mover) -> int:
    """Write the buckets of one component and day that do not hold what their runs count.

    Raises: InvalidInput of a run that cannot be read.
    """

    def body(tx: Transaction) -> int:
        # Buckets before runs: whoever moves a run after they are read writes its bucket, too, and
        # this transaction fails and reads again. Read after them, a new bucket would lose its runs.
        known = {s.ref for s in tx.query(buckets_query(component, day, day + DAY))}
        sums = _counted(tx, component, day)
        places = list(sums)
        found = read_sums(tx, RunBucket, [place.ref for place in places])
        if any(place.ref not in known for place in places):
            sums = _counted(tx, component, day)
        wrong = []
        for place, bucket in zip(places, found, strict=True):
            fresh = cap_runs(sum_runs(sums[place]))
            if not isinstance(bucket, RunBucket):
                bucket = empty_bucket(place, mover)
            if bucket.sums != fresh and bucket.sums.runs <= fresh.runs:
                at = max(mover.now, bucket.updated_at)
                wrong.append(bucket.model_copy(update={"sums": fresh, "updated_at": at}))
        for bucket in wrong:
            tx.put(bucket)
        return len(wrong)

    return store.transact(body, self_checking=True)


def _counted(tx: Transaction, component: str, day: datetime) -> dict[Place, list[RunSums]]:
    """Return what each run of a component and day counts, by where; those under `other` do not."""
    sums = defaultdict[Place, list[RunSums]](list)
    where = (
        Filter("component", "==", component),
        Filter("ts", ">=", day),
        Filter("ts", "<", day + DAY),
    )
    query = Query(Run.collection, where, ("-ts",), PAGE)
    while True:
        page = tx.query(query)
        for stored in page:
            count = Run.from_store(stored.data).counted
            if count is not None and (count.component, count.day) == (component, day):
                sums[place_of(count)].append(count.sums)
        if len(page) < PAGE:
            return sums
        query = query.after(page[-1], PAGE)
