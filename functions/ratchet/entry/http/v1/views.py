"""Views and progress by HTTP: how components and versions get on, day by day."""

from typing import Annotated

from pydantic import ConfigDict, Field

from ratchet.entry.http.v1.paging import Page, Paged, page_of_list
from ratchet.entry.http.v1.route import Ask, Route
from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotFound, RatchetError
from ratchet.observe.observation import Name
from ratchet.runs.progress import Progress
from ratchet.runs.read_progress import read_progress
from ratchet.runs.read_trend import MAX_DAYS
from ratchet.runs.read_view import read_view
from ratchet.runs.views import VIEWS

Days = Annotated[int, Field(ge=1, le=MAX_DAYS)]


class WantedRows(Paged):
    """Of which component, over how many days; of all, unless one is named."""

    component: Name | None = None
    days: Days = 30


class WantedProgress(Model):
    """Of which version, over how many days; of all, unless one is named."""

    version: Name | None = None
    days: Days = 30


class ViewRow(Model):
    """A row, under the names of the view's columns; what is unknown is absent."""

    model_config = ConfigDict(extra="allow")


def view(ask: Ask, view: str, query: WantedRows) -> Page[ViewRow]:
    """List the rows of a view, in the order of the columns that name what a row is of."""
    if view not in VIEWS:
        raise NotFound(f"there is no view {view}", field="view", mend=f"one of {', '.join(VIEWS)}")
    broken: list[RatchetError] = []
    app = ask.app
    found = read_view(
        app.store,
        app.keys,
        view,
        component=query.component,
        days=query.days,
        now=ask.now,
        tell=broken.append,
    )
    rows = [ViewRow(**row.to_wire()) for row in found]
    return page_of_list(ask, query, Page[ViewRow], rows, _names, broken)


def _names(row: ViewRow) -> tuple[str, ...]:
    return tuple(value for value in (row.model_extra or {}).values() if isinstance(value, str))


def progress(ask: Ask, component: str, query: WantedProgress) -> Progress:
    """Say how a component's loss and its terms move; empty where it has no runs."""
    return read_progress(
        ask.app.store, component, version=query.version, days=query.days, now=ask.now
    )


ROUTES = (
    Route("GET", "/v1/views/{view}", view, Page[ViewRow], query=WantedRows),
    Route("GET", "/v1/progress/{component}", progress, Progress, query=WantedProgress),
)
