"""Labels by HTTP: what was said, how much of it, taking more, and withdrawing one."""

from typing import Annotated, Any

from pydantic import Field

from ratchet.entry.http.v1.paging import Page, Paged, page_of_query
from ratchet.entry.http.v1.route import NIGHT, Ask, Route, Why
from ratchet.kernel.document import Model
from ratchet.kernel.errors import RatchetError
from ratchet.labels.feeds import FEEDS
from ratchet.labels.label import LABELS, Label
from ratchet.labels.label_stats import LabelTotals, label_stats
from ratchet.labels.load import LoadReport, load_labels
from ratchet.labels.settings import LabelSettings
from ratchet.labels.take import LabelsTaken, SentLabel, take_labels
from ratchet.observe.observation import MAX_BATCH, Name
from ratchet.store.port import Filter, Query


class WantedLabels(Paged):
    """Of which agent, from which source; of all, unless they are named."""

    agent: Name | None = None
    source: Name | None = None


class LabelRow(Label):
    """A label with the id under which it is withdrawn; withdrawn ones say so."""

    id: str


class LabelCounts(LabelTotals):
    """The statistics of all agents; `broken` says which cannot be read."""

    broken: tuple[str, ...] = ()


class LabelBatch(Model):
    """Labels, each with exactly one of the scales; the good ones are taken beside the bad."""

    labels: Annotated[list[SentLabel], Field(min_length=1, max_length=MAX_BATCH)]


class Feeds(Model):
    """Which feed is loaded; all that are on, unless one is named."""

    feed: Annotated[Name, Field(json_schema_extra={"enum": list(FEEDS)})] | None = None


class Withdrawal(Model):
    """Why a label does not count any more."""

    reason: Why


def list_labels(ask: Ask, query: WantedLabels) -> Page[LabelRow]:
    """List labels, the latest first, withdrawn ones too."""
    wanted = (("agent", query.agent), ("source", query.source))
    where = tuple(Filter(name, "==", value) for name, value in wanted if value is not None)
    latest = Query(LABELS, where, ("-ts",))
    return page_of_query(
        ask, query, Page[LabelRow], latest, lambda s: row(Label.from_store(s.data))
    )


def stats(ask: Ask) -> LabelCounts:
    """Count labels by agent and source, and how they grow."""
    broken: list[RatchetError] = []
    days = ask.app.reader.read(LabelSettings).recent_days
    found = label_stats(ask.app.store, now=ask.now, recent_days=days, tell=broken.append)
    return LabelCounts(**dict(found), broken=tuple(map(str, broken)))


def take(ask: Ask, body: Any) -> LabelsTaken:
    """Take labels from outside; the same again changes nothing."""
    return take_labels(ask.app.store, body, actor=ask.actor, now=ask.now)


def load(ask: Ask, body: Feeds) -> LoadReport:
    """Load what is new in the feeds now, as every night."""
    app = ask.app
    return load_labels(app.store, app.keys, app.reader, now=ask.now, feed=body.feed)


def withdraw(ask: Ask, id: str, body: Withdrawal) -> LabelRow:
    """Withdraw a label: it stays, does not count, and what used it is marked."""
    from ratchet.labels.withdraw import withdraw_label

    app = ask.app
    gone = withdraw_label(app.store, app.keys, ask.actor, id, reason=body.reason, now=ask.now)
    return row(gone)


def row(label: Label) -> LabelRow:
    """Return a label with its id."""
    return LabelRow(**dict(label), id=label.key())


ROUTES = (
    Route("GET", "/v1/labels", list_labels, Page[LabelRow], query=WantedLabels),
    Route("GET", "/v1/labels/stats", stats, LabelCounts),
    Route("POST", "/v1/labels", take, LabelsTaken, body=LabelBatch, batch=True),
    Route("POST", "/v1/labels/load", load, LoadReport, body=Feeds, seconds=NIGHT),
    Route("POST", "/v1/labels/{id}/withdraw", withdraw, LabelRow, body=Withdrawal),
)
