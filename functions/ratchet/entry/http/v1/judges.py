"""Judges by HTTP: what they say, and what their word weighs."""

from typing import Annotated, Any

from pydantic import Field

from ratchet.entry.http.v1.paging import Page, Paged, page_of_list, page_of_query
from ratchet.entry.http.v1.route import NIGHT, Ask, Route
from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotFound, RatchetError
from ratchet.labels.judge_weight import JUDGE_WEIGHTS, JudgeWeight, weight_of
from ratchet.labels.judgement import JUDGEMENTS
from ratchet.labels.read import agents_labelled
from ratchet.labels.record_judgements import JudgementsTaken, Sent, record_judgements
from ratchet.labels.weigh import WeighReport, weights_of
from ratchet.labels.weigh_and_grade import weigh_and_grade
from ratchet.observe.observation import MAX_BATCH, Name
from ratchet.store.port import Filter, Query, Store


class JudgementBatch(Model):
    """What judges say; the good ones are taken beside the bad."""

    judgements: Annotated[list[Sent], Field(min_length=1, max_length=MAX_BATCH)]


class Weighing(Model):
    """Of which agent the judges are weighed; of all, unless one is named."""

    agent: Name | None = None


def record(ask: Ask, body: Any) -> JudgementsTaken:
    """Take what judges say; the same again counts once."""
    return record_judgements(ask.app.store, ask.app.reader, body, now=ask.now)


def list_weights(ask: Ask, query: Paged) -> Page[JudgeWeight]:
    """List what every judge weighs for every agent."""
    every = Query(JUDGE_WEIGHTS)
    kind = Page[JudgeWeight]
    return page_of_query(ask, query, kind, every, weight_of)


def weights_of_agent(ask: Ask, agent: str, query: Paged) -> Page[JudgeWeight]:
    """List what each judge weighs for one agent."""
    broken: list[RatchetError] = []
    found = weights_of(ask.app.store, agent, tell=broken.append)
    if not found and not broken:
        _require_known(ask.app.store, agent)
    kind = Page[JudgeWeight]
    return page_of_list(ask, query, kind, found.values(), lambda x: (x.judge,), broken)


def _require_known(store: Store, agent: str) -> None:
    """Refuse an agent of which nothing was judged or labelled.

    Raises: NotFound.
    """
    judged = store.query(Query(JUDGEMENTS, (Filter("agent", "==", agent),), limit=1))
    if not judged and agent not in agents_labelled(store):
        raise NotFound(
            f"{agent} is unknown: it has no judgements and no labels",
            field="agent",
            mend="GET /v1/labels/stats names those that have some; or ratchet labels stats",
        )


def update_weights(ask: Ask, body: Weighing) -> WeighReport:
    """Weigh the judges now, as every night."""
    return weigh_and_grade(ask.app.store, ask.app.reader, now=ask.now, agent=body.agent)


ROUTES = (
    Route(
        "POST",
        "/v1/judgements",
        record,
        JudgementsTaken,
        role="service",
        body=JudgementBatch,
        batch=True,
    ),
    Route("GET", "/v1/judge-weights", list_weights, Page[JudgeWeight], query=Paged),
    Route("GET", "/v1/judge-weights/{agent}", weights_of_agent, Page[JudgeWeight], query=Paged),
    Route(
        "POST",
        "/v1/judge-weights/update",
        update_weights,
        WeighReport,
        body=Weighing,
        seconds=NIGHT,
    ),
)
