"""Commands about the scheduled verbs: jobs of Cloud Scheduler, or an embedded store's ticker."""

from typing import Annotated

import typer

from ratchet.entry.cli.output import AsJson, StoreUrl, emit, emit_lines, opened, say, spread, table
from ratchet.entry.cloud import Place, emulated, place_of
from ratchet.entry.jobs import Action, Job, act_on_job, cloud_jobs, local_jobs, scheduler_client
from ratchet.entry.ticks import SCHEDULES, run_verb
from ratchet.kernel.errors import Refused
from ratchet.kernel.registry import pick

app = typer.Typer(
    help="The scheduled verbs: who runs them, and when. Nothing changes a timing but a deployment.",
    no_args_is_help=True,
)

Project = Annotated[
    str | None,
    typer.Option(help="The project; else that of firestore://, else of GOOGLE_CLOUD_PROJECT."),
]
Region = Annotated[
    str | None,
    typer.Option(help="The region.", envvar="RATCHET_REGION", show_default="us-central1"),
]
Name = Annotated[str, typer.Argument(help="A verb, or the name of a job.")]


@app.command("list")
def list_jobs(
    project: Project = None, region: Region = None, store: StoreUrl = None, as_json: AsJson = False
) -> None:
    """Show each verb: when it ran, when it runs next; and every verb that nothing runs."""
    place = _cloud(store, project, region)
    if place:
        jobs = cloud_jobs(scheduler_client(), place)
    else:
        with opened(store) as a:
            jobs = local_jobs(a.store, a.clock())
    if as_json:
        emit_lines(job.to_wire() for job in jobs)
    elif place:
        _show_cloud(jobs, place)
    else:
        rows = [(j.verb, j.schedule, j.state, j.last_attempt, j.next) for j in jobs]
        table(("verb", "schedule", "state", "last run", "next"), rows)


@app.command()
def pause(
    name: Name,
    project: Project = None,
    region: Region = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Hold a job of Cloud Scheduler until it is resumed."""
    _act("pause", name, _require_cloud(store, project, region), as_json)


@app.command()
def resume(
    name: Name,
    project: Project = None,
    region: Region = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let a job of Cloud Scheduler run again."""
    _act("resume", name, _require_cloud(store, project, region), as_json)


@app.command()
def run(
    name: Name,
    project: Project = None,
    region: Region = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Run a verb now: its job of Cloud Scheduler, or the verb itself on an embedded store."""
    place = _cloud(store, project, region)
    if place:
        _act("run", name, place, as_json)
        return
    pick(SCHEDULES, name, field="name")
    with opened(store) as a:
        report = run_verb(a, name, now=a.clock())
    if as_json:
        emit({name: report})
    else:
        table(("", name), spread(report))


def _cloud(store: str | None, project: str | None, region: str | None) -> Place | None:
    """Return where Cloud Scheduler is; an emulator has none, unless a project is named."""
    return None if emulated() and not project else place_of(store, project, region)


def _require_cloud(store: str | None, project: str | None, region: str | None) -> Place:
    place = _cloud(store, project, region)
    if place is None:
        raise Refused(
            "this store has no Cloud Scheduler: `ratchet tick --watch` runs its verbs",
            field="store",
            mend="stop that command, or name a project with --project",
        )
    return place


def _act(action: Action, name: str, place: Place, as_json: bool) -> None:
    job = act_on_job(scheduler_client(), place, name, action)
    if as_json:
        emit(job.to_wire())
    else:
        told = "was asked to run" if action == "run" else f"is {job.state}"
        say(f"{job.name} {told}")


def _show_cloud(jobs: list[Job], place: Place) -> None:
    columns = ("verb", "job", "schedule", "state", "last attempt", "status", "next", "mend")
    rows = [
        (
            j.verb,
            j.name,
            j.schedule,
            j.state,
            j.last_attempt,
            j.last_status,
            j.next,
            j.mend,
        )
        for j in jobs
    ]
    table(columns, rows, title=f"{place.project}, {place.region}")
