"""Recompute runs: their loss by the present settings, and what they count follows."""

from datetime import datetime

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import day_of
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.observe.settings import Ingest
from ratchet.runs.count import PAGE, CountReport, count_page
from ratchet.runs.move import Mover, move_runs, mover_on
from ratchet.runs.read import runs_query
from ratchet.runs.recount import Day, recount_days
from ratchet.runs.run import Run, run_ref
from ratchet.store.port import Query, Snapshot, Store


class RecomputeReport(Model):
    """How many runs were looked at, and how many of them have another loss, or count otherwise.

    `recounted` are buckets of days that did not hold what their runs count.
    """

    read: int
    changed: int
    unreadable: int = 0
    recounted: int = 0


def recompute_runs(
    store: Store,
    reader: ConfigReader,
    *,
    now: datetime,
    run: str | None = None,
    component: str | None = None,
    since: datetime | None = None,
    recount: bool = False,
) -> RecomputeReport:
    """Compute the loss of runs anew by the settings as they are now: all, or those named.

    `since` leaves out runs of before. Repeated, it changes nothing; it may stop and begin again.
    `recount` also makes the sums of their days anew where these are lost or do not add up.

    Raises: NotFound for a run that is not there, InvalidInput for one that cannot be read.
    """
    mover = mover_on(store, reader, reader.read(Ingest), now)
    if run is not None:
        if component is not None or since is not None or recount:
            told = "one run is named, or a component and a time, of which days may be recounted"
            raise InvalidInput(told, field="run", mend="leave the others out")
        return _one(store, run, mover)
    report, days = _walk(store, mover, component, since)
    if not recount:
        return report
    # After the runs were moved to where they belong now: one that still counted on another day
    # would be in no recount.
    mended = recount_days(store, days, mover, retention=mover.settings.retention)
    if mended and report.unreadable:  # those of a bucket that could not be read count now
        again, _ = _walk(store, mover, component, since)
        report = again.model_copy(update={"changed": report.changed + again.changed})
    return report.model_copy(update={"recounted": mended})


def _walk(
    store: Store, mover: Mover, component: str | None, since: datetime | None
) -> tuple[RecomputeReport, set[Day]]:
    """Compute the runs anew page by page; returns their components and days, too."""
    days = set[Day]()
    query = Query(Run.collection, limit=PAGE)
    if component is not None:
        query = runs_query(component, since, limit=PAGE)
    report = CountReport()
    while True:
        page = count_page(store, query, mover, but=lambda s: _is_before(s, since), anew=True)
        report = report.with_page(page)
        days |= {day for stored in page.found if (day := _day(stored, since)) is not None}
        if page.ended:
            changed = report.counted + report.changed
            found = RecomputeReport(read=report.read, changed=changed, unreadable=report.unreadable)
            return found, days
        query = query.after(page.found[-1], PAGE)


def _is_before(stored: Snapshot, since: datetime | None) -> bool:
    ts = stored.data.get("ts")
    return since is not None and isinstance(ts, datetime) and ts < since


def _day(stored: Snapshot, since: datetime | None) -> Day | None:
    """Return the component and day of a run that is looked at; None where it cannot be read."""
    component, ts = stored.data.get("component"), stored.data.get("ts")
    if _is_before(stored, since) or not isinstance(component, str) or not isinstance(ts, datetime):
        return None
    return component, day_of(ts)


def _one(store: Store, run_id: str, mover: Mover) -> RecomputeReport:
    ref = run_ref(run_id)
    if store.get(ref) is None:
        mend = "ratchet run list --component NAME"
        raise NotFound(f"there is no run {run_id}", field="runId", mend=mend)
    moved = store.transact(lambda tx: move_runs(tx, [ref], mover, anew=True), self_checking=True)
    for error in moved.broken:
        raise error
    return RecomputeReport(read=1, changed=moved.counted + moved.changed)
