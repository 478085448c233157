"""Count runs: move what each one counts in the sums of its component, once for each change.

What a run counts at present stands in the run, and is written in the transaction that moves it from
one sum to another: to count it twice, or by two at once, changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import CHECKPOINTS, ConfigReader
from ratchet.kernel.document import Model
from ratchet.kernel.errors import RatchetError, TooLarge
from ratchet.kernel.ids import join_key
from ratchet.observe.resume import Follower
from ratchet.observe.run_totals import RunTotals
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.runs.move import Moved, Mover, move_runs, mover_on
from ratchet.runs.run import Run
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store
from ratchet.store.transact import Transaction

PAGE = 100
MAX_READ = 20_000  # in one call; what is left comes with the next tick
QUIET = timedelta(hours=1)
# What changes the sums of a run: the run that is told anew, and what was observed of it.
SOURCES = {"runs": Run.collection, "run_totals": RunTotals.collection}


class CountReport(Model):
    """What one tick counted: runs for the first time, and runs that count otherwise than before.

    `read` are runs and totals that were looked at; `unreadable` runs are left, and an alert names
    one. `behind` says that not all that changed was looked at.
    """

    read: int = 0
    counted: int = 0
    changed: int = 0
    unreadable: int = 0
    behind: bool = False

    def with_page(self, page: "Page") -> "CountReport":
        """Return the report with one page more."""
        return self.model_copy(
            update={
                "read": self.read + len(page.found),
                "counted": self.counted + page.moved.counted,
                "changed": self.changed + page.moved.changed,
                "unreadable": self.unreadable + len(page.moved.broken),
            }
        )


class Page(NamedTuple):
    """Some documents that were read, whether they were the last, and what became of their runs."""

    found: Sequence[Snapshot]
    ended: bool
    moved: Moved


def count_runs(
    store: Store,
    reader: ConfigReader,
    *,
    ingest: Ingest,
    now: datetime,
    shards: int | None = None,
) -> CountReport:
    """Count the runs that were told, and those observed, since the last time.

    A loss stays as it was computed until what is known of its run changes; then it is computed by
    the present settings. `recompute` alone brings changed settings to runs that do not change.
    `shards` is how many there ever were, where the caller has just read it.
    """
    mover = mover_on(store, reader, ingest, now)
    report = CountReport()
    for shard in range(shards or max(ingest.shards, shards_ever(store))):
        done: dict[str, datetime] = {}
        for job, collection in SOURCES.items():
            report = _count_shard(store, job, collection, shard, mover, report, done)
    return report


def _count_shard(
    store: Store,
    job: str,
    collection: str,
    shard: int,
    mover: Mover,
    report: CountReport,
    done: dict[str, datetime],
) -> CountReport:
    """Count what changed in a shard, to its end; `done` are totals that were counted with runs.

    The cursor stays behind the clock, since a commit may show late: what came in the last seconds
    is counted now, so that no hour of a rollout freezes without it, and read again next time.
    """
    ref = Ref(CHECKPOINTS, join_key(job, shard))
    found = store.get(ref)
    kept = Follower.parse(found.data) if found else Follower()
    follower = kept.resumed(mover.now)
    again = follower.position != kept.position
    position, until = follower.position, mover.now - mover.ingest.lag
    while report.read < MAX_READ:
        # Whose `changedAt` was made no instant by hand is found by no range of instants.
        where = (Filter("shard", "==", shard), Filter("changedAt", ">=", position[0]))
        query = Query(collection, where, ("changedAt",), PAGE, position)
        page = count_page(store, query, mover, but=lambda s: _is_done(s, done))
        report = report.with_page(page)
        done.update(page.moved.observed)
        places = [(s.data["changedAt"], s.ref.id) for s in page.found]
        position = places[-1] if places else position
        at, name = max([place for place in places if place[0] <= until], default=follower.position)
        follower = follower.model_copy(update={"at": at, "id": name})
        if again or follower.position != kept.position:
            # Counting twice changes nothing, so the cursor need not be part of its transactions.
            store.set(ref, follower.to_map())
        if page.ended:
            return report
    return report.model_copy(update={"behind": True})


def count_page(
    store: Store,
    query: Query,
    mover: Mover,
    *,
    but: Callable[[Snapshot], bool],
    anew: bool = False,
) -> Page:
    """Count the runs of a query's first documents, fewer where one commit does not hold them.

    The documents are runs, or totals of runs: these have the same ids. Some are passed over.
    """

    def body(tx: Transaction) -> Page:
        found = tx.query(query)
        refs = [Ref(Run.collection, s.ref.id) for s in found if not but(s)]
        moved = move_runs(tx, refs, mover, anew=anew)
        return Page(found, len(found) < limit, moved)

    limit = query.limit or PAGE
    try:
        page = store.transact(body, self_checking=True)
    except TooLarge:  # many buckets of rollouts at once: fewer runs touch fewer
        if limit == 1:
            raise
        half = replace(query, limit=limit // 2)
        return count_page(store, half, mover, but=but, anew=anew)
    tell_broken(store, page.moved.broken, mover.now)
    _tell_diverted(store, page.moved.diverted, mover.now)
    return page


def _is_done(stored: Snapshot, done: Mapping[str, datetime]) -> bool:
    """Say whether a run's totals were counted as they are, with the run."""
    of_totals = stored.ref.collection == RunTotals.collection
    return of_totals and done.get(stored.ref.id) == stored.data["changedAt"]


def tell_broken(store: Store, broken: Sequence[RatchetError], now: datetime) -> None:
    """Tell of runs that cannot be counted: they, their totals or their bucket cannot be read."""
    if not broken:
        return
    raise_alert(
        store,
        alert(
            "run-unreadable",
            "runs",
            "warning",
            f"{len(broken)} runs are not counted; one is {broken[0].message}",
            now=now,
            command="mend the field that is named, then: ratchet run recompute",
            evidence=broken[0].as_dict(),
        ),
        quiet=QUIET,
    )


def _tell_diverted(store: Store, diverted: int, now: datetime) -> None:
    """Tell of runs whose component is one too many."""
    if not diverted:
        return
    raise_alert(
        store,
        alert(
            "series-capped",
            "runs",
            "warning",
            f"{diverted} runs of components over the cap of a day are counted as `other`",
            now=now,
            command="send fewer component names: one for what is measured, not one for each run",
        ),
        quiet=QUIET,
    )
