"""Runs by HTTP: telling them, and what is kept of them."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from ratchet.entry.http.v1.paging import Page, Paged, page_of_query
from ratchet.entry.http.v1.route import Ask, Route
from ratchet.kernel.document import Model
from ratchet.observe.observation import Name
from ratchet.runs.read import Shown, load_run, runs_query, show_run
from ratchet.runs.record import MAX_RUNS, RunsRecorded, record_runs
from ratchet.runs.run import Run, RunReport


class RunSent(RunReport):
    """A run as it is sent; `revision` numbers tellings that may come out of order."""

    revision: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class RunBatch(Model):
    """Runs, together; the good ones are stored beside the bad."""

    model_config = ConfigDict(strict=True)

    runs: Annotated[list[RunSent], Field(min_length=1, max_length=MAX_RUNS)]


class WantedRuns(Paged):
    """Of which component."""

    component: Name


class WantedRun(Model):
    """Whether its other tellings are wanted, too."""

    revisions: bool = False


def record(ask: Ask, body: Any) -> RunsRecorded:
    """Record runs; the same again counts once."""
    app = ask.app
    return record_runs(app.store, app.keys, body, reader=app.reader, now=ask.now)


def list_runs(ask: Ask, query: WantedRuns) -> Page[Run]:
    """List the runs of a component, the latest first."""
    return page_of_query(ask, query, Page[Run], runs_query(query.component), load_run)


def get_run(ask: Ask, run: str, query: WantedRun) -> Shown:
    """Return a run as it was told last, what its loss is made of, and what was observed of it."""
    return show_run(ask.app.store, run, revisions=query.revisions)


ROUTES = (
    Route("POST", "/v1/runs", record, RunsRecorded, role="service", body=RunBatch, batch=True),
    Route("GET", "/v1/runs", list_runs, Page[Run], query=WantedRuns),
    Route("GET", "/v1/runs/{run}", get_run, Shown, query=WantedRun),
)
