"""Recompute runs: their loss by the present settings, and what they count follows."""

from datetime import datetime

from ratchet.govern.config import ConfigReader
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.observe.settings import Ingest
from ratchet.runs.count import PAGE, CountReport, count_page
from ratchet.runs.move import Mover, move_runs, mover_on
from ratchet.runs.read import runs_query
from ratchet.runs.run import Run, run_ref
from ratchet.store.port import Query, Snapshot, Store


class RecomputeReport(Model):
    """How many runs were looked at, and how many of them have another loss, or count otherwise."""

    read: int
    changed: int
    unreadable: int = 0


def recompute_runs(
    store: Store,
    reader: ConfigReader,
    *,
    now: datetime,
    run: str | None = None,
    component: str | None = None,
    since: datetime | None = None,
) -> RecomputeReport:
    """Compute the loss of runs anew by the settings as they are now: all, or those named.

    `since` leaves out runs of before. Repeated, it changes nothing; it may stop and begin again.

    Raises: NotFound for a run that is not there, InvalidInput for one that cannot be read.
    """
    mover = mover_on(store, reader, reader.read(Ingest), now)
    if run is not None:
        if component is not None or since is not None:
            told = "one run is named, or a component and a time"
            raise InvalidInput(told, field="run", mend="leave the others out")
        return _one(store, run, mover)
    query = Query(Run.collection, limit=PAGE)
    if component is not None:
        query = runs_query(component, since, limit=PAGE)
    report = CountReport()
    while True:
        page = count_page(store, query, mover, but=lambda s: _is_before(s, since), anew=True)
        report = report.with_page(page)
        if page.ended:
            changed = report.counted + report.changed
            return RecomputeReport(read=report.read, changed=changed, unreadable=report.unreadable)
        query = query.after(page.found[-1], PAGE)


def _is_before(stored: Snapshot, since: datetime | None) -> bool:
    ts = stored.data.get("ts")
    return since is not None and isinstance(ts, datetime) and ts < since


def _one(store: Store, run_id: str, mover: Mover) -> RecomputeReport:
    ref = run_ref(run_id)
    if store.get(ref) is None:
        mend = "ratchet run list --component NAME"
        raise NotFound(f"there is no run {run_id}", field="runId", mend=mend)
    moved = store.transact(lambda tx: move_runs(tx, [ref], mover, anew=True), self_checking=True)
    for error in moved.broken:
        raise error
    return RecomputeReport(read=1, changed=moved.counted + moved.changed)
