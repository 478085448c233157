"""Read runs: one with its revisions, those of a component the newest first."""

from datetime import datetime

from ratchet.kernel.document import Model
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound
from ratchet.observe.run_totals import RunObserved, RunTotals, totals_ref
from ratchet.runs.run import Run, RunRevision, revision_ref, run_ref
from ratchet.store.named import naming
from ratchet.store.port import Filter, Query, Store


class Shown(Model):
    """A run, what its observations add up to, and the tellings that are not the newest."""

    run: Run
    observed: RunObserved | None = None
    others: tuple[RunRevision, ...] = ()


def show_run(store: Store, run_id: str, *, revisions: bool = False) -> Shown:
    """Return one run, with its other revisions where they are asked for.

    Raises: NotFound, InvalidInput that names a document that cannot be read.
    """
    run, totals = store.get_many([run_ref(run_id), totals_ref(run_id)])
    if run is None:
        raise NotFound(
            f"there is no run {run_id}", field="runId", mend="ratchet run list --component NAME"
        )
    found = load_run(run)
    observed = _totals(totals).sums if totals else None
    numbers = [told.number for told in found.revisions if told.number != found.revision]
    asked = [revision_ref(run_id, number) for number in numbers] if revisions else []
    others = tuple(_revision(kept) for kept in store.get_many(asked) if kept)
    return Shown(run=found, observed=observed, others=others)


def list_runs(
    store: Store,
    component: str,
    *,
    since: datetime | None = None,
    limit: int,
    tell: Tell | None = None,
) -> list[Run]:
    """Return the runs of a component, the newest first, at most so many.

    One that cannot be read is told, and left out. Raises: InvalidInput where nobody is told.
    """
    stored = store.stream(runs_query(component, since, limit=limit))
    return list(each(stored, load_run, tell))


def runs_query(component: str, since: datetime | None = None, limit: int | None = None) -> Query:
    """Return what finds the runs of a component, the newest first."""
    where = [Filter("component", "==", component)]
    if since is not None:
        where.append(Filter("ts", ">=", since))
    return Query(Run.collection, tuple(where), ("-ts",), limit)


load_run = naming(lambda stored: Run.from_store(stored.data))
_totals = naming(lambda stored: RunTotals.from_store(stored.data))
_revision = naming(lambda stored: RunRevision.from_store(stored.data))
