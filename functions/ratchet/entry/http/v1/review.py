"""The review queue by HTTP: what is asked, the next item for a reviewer, and his answer."""

from typing import get_args

from ratchet.entry.http.v1.paging import Page, Paged, page_of_query
from ratchet.entry.http.v1.route import Ask, Route, Why
from ratchet.kernel.document import Model
from ratchet.kernel.errors import RatchetError
from ratchet.labels.label import Class, Confidence
from ratchet.labels.review.stats import ReviewStats, review_stats
from ratchet.labels.review_item import Kind, Note, ReviewItem, ReviewState
from ratchet.observe.observation import Name, Share


class WantedItems(Paged):
    """Which items; those in every state, unless one is named. One whose lease ended is claimed."""

    agent: Name | None = None
    kind: Kind | None = None
    state: ReviewState | None = None


class NextItem(Model):
    """Of which agent and kind; of any, unless they are named."""

    agent: Name | None = None
    kind: Kind | None = None


class Labelled(Model):
    """An answer: one of the item's classes. A `second` opinion is taken beside what others do."""

    label: Class
    value: Share | None = None
    confidence: Confidence = 100.0
    note: Note = ""
    second: bool = False


class Escalation(Model):
    """What the matter with it is."""

    reason: Why


class ReviewRow(ReviewItem):
    """An item with the id under which it is answered."""

    id: str


class AgentWanted(Model):
    """Of which agent; of all, unless one is named."""

    agent: Name | None = None


class QueueStats(ReviewStats):
    """The queue in numbers; `broken` says which items cannot be read."""

    broken: tuple[str, ...] = ()


def queue(ask: Ask, query: WantedItems) -> Page[ReviewRow]:
    """List what is asked, the most important first."""
    from ratchet.labels.review.queue import load, queue_query

    states = get_args(ReviewState) if query.state is None else (query.state,)
    wanted = queue_query(states, query.agent, query.kind)
    return page_of_query(ask, query, Page[ReviewRow], wanted, lambda s: row(load(s)))


def claim(ask: Ask, body: NextItem) -> ReviewRow:
    """Claim the most important item that waits for the caller, or the one that he holds."""
    from ratchet.labels.review.claim import claim_next

    app = ask.app
    found = claim_next(
        app.store, app.reader, ask.actor, agent=body.agent, kind=body.kind, now=ask.now
    )
    return row(found)


def label(ask: Ask, id: str, body: Labelled) -> ReviewRow:
    """Answer an item that the caller has claimed."""
    from ratchet.labels.review.answer import label_item

    app = ask.app
    answered = label_item(
        app.store,
        app.reader,
        ask.actor,
        id,
        body.label,
        value=body.value,
        confidence=body.confidence,
        note=body.note,
        second=body.second,
        now=ask.now,
    )
    return row(answered)


def skip(ask: Ask, id: str) -> ReviewRow:
    """Leave an item to others."""
    from ratchet.labels.review.pass_on import skip_item

    return row(skip_item(ask.app.store, ask.actor, id, now=ask.now))


def escalate(ask: Ask, id: str, body: Escalation) -> ReviewRow:
    """Leave an item to another admin, with what the matter with it is."""
    from ratchet.labels.review.pass_on import escalate_item

    return row(escalate_item(ask.app.store, ask.actor, id, reason=body.reason, now=ask.now))


def stats(ask: Ask, query: AgentWanted) -> QueueStats:
    """Count what waits, who answers, and how reviewers agree."""
    broken: list[RatchetError] = []
    found = review_stats(ask.app.store, now=ask.now, agent=query.agent, tell=broken.append)
    return QueueStats(**dict(found), broken=tuple(map(str, broken)))


def row(item: ReviewItem) -> ReviewRow:
    """Return an item with its id."""
    return ReviewRow(**dict(item), id=item.key())


ROUTES = (
    Route("GET", "/v1/review/queue", queue, Page[ReviewRow], query=WantedItems),
    Route("POST", "/v1/review/next", claim, ReviewRow, body=NextItem),
    Route("POST", "/v1/review/{id}/label", label, ReviewRow, body=Labelled),
    Route("POST", "/v1/review/{id}/skip", skip, ReviewRow),
    Route("POST", "/v1/review/{id}/escalate", escalate, ReviewRow, body=Escalation),
    Route("GET", "/v1/review/stats", stats, QueueStats, query=AgentWanted),
)
