"""Commands about runs: what they told, their loss and what it is made of."""

from typing import Annotated, Any

import typer

from ratchet.entry.cli.intake import Answer, Source, read_items, send_items
from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    ago,
    cell,
    emit,
    emit_lines,
    opened,
    say,
    table,
    tell_spoiled,
)
from ratchet.entry.wiring import App
from ratchet.kernel.errors import InvalidBatch, RatchetError
from ratchet.observe.run_totals import RunObserved
from ratchet.runs.compute import unbudgeted
from ratchet.runs.loss import RunLoss
from ratchet.runs.read import Shown, list_runs, show_run
from ratchet.runs.recompute import recompute_runs
from ratchet.runs.record import MAX_RUNS, RunRecorded, RunsRecorded, record_runs
from ratchet.runs.run import Run

app = typer.Typer(help="Runs, and the loss of each by its terms.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]
Since = Annotated[str | None, typer.Option(help="Runs from then on: 24h, 7d, or a date.")]


@app.command()
def record(source: Source, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Record runs. The same again changes nothing; a changed run is its next revision."""
    file = read_items(source, "runs")
    with opened(store) as a:
        if file.single:
            found = record_runs(a.store, a.keys, file.items[0], reader=a.reader, now=a.clock())
            _tell(found.runs[0], as_json)
            return
        send_items(file.items, lambda chunk, _: _send(a, chunk), as_json, "recorded")


def _send(a: App, chunk: list[Any]) -> Answer:
    """Record some runs, as many at once as are taken."""
    total: Answer = {"accepted": 0, "duplicate": 0, "rejected": [], "runs": []}
    for start in range(0, len(chunk), MAX_RUNS):
        part = chunk[start : start + MAX_RUNS]
        try:
            found = record_runs(a.store, a.keys, part, reader=a.reader, now=a.clock())
        except InvalidBatch as error:
            found = RunsRecorded(rejected=error.rejected)
        total["runs"] += [run.to_wire() for run in found.runs]
        total["accepted"] += len(found.runs)
        total["duplicate"] += sum(run.duplicate for run in found.runs)
        total["rejected"] += [r.to_wire() | {"index": r.index + start} for r in found.rejected]
    return total


def _tell(found: RunRecorded, as_json: bool) -> None:
    if as_json:
        emit(found.to_wire())
        return
    known = "known already as" if found.duplicate else "recorded as"
    say(f"{found.run_id} is {known} revision {found.revision}: {_worth(found.loss)}")
    if found.counts != found.revision:
        worth = "no loss" if found.counts_loss is None else f"loss {found.counts_loss:.4g}"
        say(f"  revision {found.counts} counts ({worth})")
    if found.awaits:
        say(f"  its observations may still tell {', '.join(found.awaits)}")
    if found.unread:
        say(f"  no term reads {', '.join(found.unread)}")
    for term, field in found.wants.items():
        say(f"  {term} wants {field}")


def _worth(loss: RunLoss) -> str:
    if loss.loss is not None:
        return f"loss {loss.loss:.4g}"
    return f"no loss, as {'what is known weighs 0' if loss.terms else 'no term is known'}"


@app.command()
def show(
    run: RunId,
    revisions: Annotated[bool, typer.Option("--revisions", help="All tellings of it.")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a run: its loss, term by term, and what is not known of it."""
    with opened(store, making=False) as a:
        found = show_run(a.store, run, revisions=revisions)
    if as_json:
        emit(found.to_wire())
        return
    _show(found)
    if revisions:
        _show_revisions(found)


def _show(found: Shown) -> None:
    run, report = found.run, found.run.report
    named = [run.component, report.policy_version, *report.models, report.outcome]
    say(f"{report.run_id}: {', '.join(name for name in named if name)}")
    say(f"  {cell(run.ts)} UTC, tenant {report.tenant}, phase {report.phase}")
    say(f"  revision {run.revision}, {_worth(run.loss)} by the weights of {run.loss.weights}")
    seen = found.observed.n if found.observed else 0
    say(f"  {seen} observations{'' if run.counted else ', not counted yet: ratchet tick'}")
    columns = ("term", "value", "loss", "weight", "part")
    table(columns, [(n, t.value, t.loss, t.weight, t.part) for n, t in run.loss.terms.items()])
    if run.loss.missing:
        say(f"not known, and left out: {', '.join(run.loss.missing)}")
    for term, field in unbudgeted(report, found.observed or RunObserved()).items():
        say(f"  {term} wants {field}")


def _show_revisions(found: Shown) -> None:
    newest = found.run.revision
    rows = [
        (told.number, told.at, told.loss, "counts" if told.number == newest else "")
        for told in found.run.revisions
    ]
    table(("revision", "told", "loss", ""), rows)


@app.command("list")
def list_(
    component: Annotated[str, typer.Option(help="Of this component.")],
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the runs of a component, the newest first."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        start = ago(since, a.clock())
        found = list_runs(a.store, component, since=start, limit=limit, tell=spoiled.append)
    if as_json:
        emit_lines(run.to_wire() for run in found)
    else:
        columns = ("run", "ts", "version", "phase", "outcome", "loss", "terms", "revision")
        table(columns, [_row(run) for run in found], below=("version",))
    tell_spoiled(spoiled, as_json)


def _row(run: Run) -> tuple[Any, ...]:
    report, known = run.report, len(run.loss.terms)
    told = report.policy_version, report.phase, report.outcome
    return report.run_id, run.ts, *told, run.loss.loss, known, run.revision


@app.command()
def recompute(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Only this run.")] = None,
    component: Annotated[str | None, typer.Option(help="Only of this component.")] = None,
    since: Since = None,
    recount: Annotated[
        bool, typer.Option("--recount", help="Make lost sums of their days anew, too.")
    ] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compute losses anew by config/run_loss as it is now; trends and cards follow."""
    with opened(store) as a:
        now = a.clock()
        start = ago(since, now)
        found = recompute_runs(
            a.store,
            a.reader,
            now=now,
            run=run,
            component=component,
            since=start,
            recount=recount,
        )
    if as_json:
        emit(found.to_wire())
        return
    say(f"{found.changed} of {found.read} runs looked at changed")
    if recount:
        say(f"sums of days made anew: {found.recounted}")
    if found.unreadable:
        say(f"{found.unreadable} cannot be read: ratchet alerts")
