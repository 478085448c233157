"""Commands about studies: attempts to learn something better, their jobs, and what came of them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    cell,
    emit,
    emit_lines,
    opened,
    say,
    spread,
    table,
    tell_spoiled,
)
from ratchet.entry.files import json_object
from ratchet.kernel.errors import RatchetError
from ratchet.runs.progress import MIN_DAYS
from ratchet.runs.studies import end_study, list_studies
from ratchet.runs.studies.finish_study import Finished, finish_job
from ratchet.runs.studies.run_study import run_study
from ratchet.runs.studies.runners import RUNNERS
from ratchet.runs.studies.start_study import plan_study
from ratchet.runs.studies.study import LossDifference, Study, StudyState, StudyType
from ratchet.runs.studies.study_jobs import list_jobs, take_job

app = typer.Typer(help="Attempts to learn something better.", no_args_is_help=True)

StudyId = Annotated[str, typer.Argument(metavar="STUDY", help="The study's id.")]
Type = Annotated[StudyType, typer.Argument(metavar="TYPE", help=f"One of {', '.join(RUNNERS)}.")]


@app.command("list")
def list_(
    component: Annotated[str | None, typer.Option(help="Only this component's.")] = None,
    policy: Annotated[str | None, typer.Option(help="Only this policy's.")] = None,
    type_: Annotated[StudyType | None, typer.Option("--type", help="Only of this type.")] = None,
    state: Annotated[StudyState | None, typer.Option(help="Only in this state.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.")] = list_studies.PAGE,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """List studies, newest first."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        found = list_studies.list_studies(
            a.store,
            component=component,
            policy=policy,
            type=type_,
            state=state,
            limit=limit,
            tell=spoiled.append,
        )
    if as_json:
        emit_lines(study.to_wire() for study in found)
    else:
        columns = (
            "study",
            "type",
            "of",
            "state",
            "by",
            "planned",
            "version",
            "gain",
            "loss by",
            "why",
        )
        table(columns, [_row(study) for study in found], below=("why",))
    tell_spoiled(spoiled, as_json)


def _row(x: Study) -> tuple[Any, ...]:
    moved = _moved(x.loss_difference) if x.loss_difference else None
    why = "; ".join(x.reasons) or x.hypothesis
    by = f"{x.started_by} {x.actor}" if x.started_by == "person" else x.started_by
    return x.id, x.type, x.component, x.state, by, x.created_at, x.version, x.gain, moved, why


def _moved(found: LossDifference) -> str:
    """Return a difference, and whether it is of the same days or also of what came in between."""
    same = f"on {found.same_days} same days"
    of = same if found.same_days >= MIN_DAYS else "after less before"
    return f"{found.difference:.4g} {of}"


@app.command()
def show(study: StudyId, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show a study: its hypothesis, what it took, and what came of it."""
    with opened(store, making=False) as a:
        _tell(list_studies.get_study(a.store, study), as_json)


@app.command()
def start(
    type_: Type,
    component: Annotated[str, typer.Option(help="Whose runs, or whose model.")],
    policy: Annotated[str, typer.Option(help="The policy of which it makes a version.")],
    hypothesis: Annotated[str, typer.Option(help="What is to be found out.")],
    reason: Reason,
    configuration: Annotated[
        Path | None, typer.Option(help="A JSON file that whoever does the work is handed.")
    ] = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Plan a study. The next hour runs it; work for others is handed out at once."""
    data = json_object(configuration, "configuration") if configuration else {}
    with opened(store) as a:
        planned = plan_study(
            a.store,
            a.keys,
            actor(by),
            type=type_,
            component=component,
            policy=policy,
            hypothesis=hypothesis,
            configuration=data,
            reason=reason,
            now=a.clock(),
        )
    _tell(planned, as_json)


@app.command()
def run(
    study: StudyId,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Run a study now, to its end; a draft that comes of it is yours."""
    with opened(store) as a:
        ended = run_study(a.store, a.keys, a.reader, actor(by), study, clock=a.clock, reason=reason)
    _tell(ended, as_json)


@app.command()
def abandon(
    study: StudyId,
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Give a study up; its job is closed."""
    with opened(store) as a:
        ended = end_study.abandon_study(
            a.store, a.keys, actor(by), study, reason=reason, now=a.clock()
        )
    _tell(ended, as_json)


@app.command()
def jobs(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """List the jobs of studies whose work is done elsewhere, oldest first."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        found = list_jobs(a.store, tell=spoiled.append)
    if as_json:
        emit_lines(job.to_wire() for job in found)
    else:
        columns = ("study", "type", "of", "from", "state", "by", "until", "what")
        rows = [
            (j.study, j.type, j.component, j.base, j.state, j.taken_by, j.lease_until, j.hypothesis)
            for j in found
        ]
        table(columns, rows, below=("what",))
    tell_spoiled(spoiled, as_json)


@app.command()
def take(
    study: Annotated[
        str | None, typer.Argument(metavar="STUDY", help="Else the oldest free one.")
    ] = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Take a job, to do its work by hand; taken again by its id, it is yours for longer."""
    with opened(store) as a:
        job = take_job(a.store, a.keys, a.reader, actor(by), study_id=study, now=a.clock())
    if as_json:
        emit(job.to_wire())
    else:
        say(f"the job of {job.study} is yours until {cell(job.lease_until)} UTC")
        say(f"  {job.type} of {job.component}, from {job.base or 'no version'}")
        say(f"  hypothesis: {job.hypothesis}")
        for name, value in spread(job.configuration):
            say(f"  {name}: {cell(value)}")


@app.command()
def finish(
    study: StudyId,
    result: Annotated[Path, typer.Argument(metavar="FILE", help="What came of it, as JSON.")],
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say what came of a job that you have taken: its `state`, and a `version`, or `params`."""
    finished = Finished.parse(json_object(result, "result"))
    with opened(store) as a:
        ended = finish_job(
            a.store, a.keys, actor(by), study, finished, reason=reason, now=a.clock()
        )
    _tell(ended, as_json)


def _tell(x: Study, as_json: bool) -> None:
    if as_json:
        emit(x.to_wire())
        return
    table(("of", x.id), [row for row in spread(x.to_map()) if row[0] not in ("v", "id", "reasons")])
    for reason in x.reasons:
        say(reason)
