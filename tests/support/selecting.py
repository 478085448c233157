"""What the tests of selection share: questions that were answered, and what is drawn of them."""

from datetime import timedelta
from typing import Any

from ratchet.kernel.clock import DAY
from ratchet.labels.label import Label
from ratchet.labels.review_item import REVIEW_QUEUE, ReviewItem
from ratchet.labels.select.fill import FillReport, fill_review_queue
from ratchet.labels.select.review_draw import REVIEW_DRAWS, ReviewDraw
from ratchet.labels.settings import ReviewSettings
from ratchet.labels.write import write_labels
from ratchet.store.port import Query, Store
from tests.support.observing import Worker, configure, observation, worker

SOON = timedelta(minutes=1)


def asking(store: Store, **review: Any) -> Worker:
    """Return a worker, and a review queue with these settings."""
    configure(store, ReviewSettings.parse(review))
    return worker(store)


def questions(at: Worker, name: str, *texts: str, **fields: Any) -> None:
    """Record a batch of answered questions, each an observation of `router`."""
    items = [observation(at.clock(), meta={"question": text}, **fields) for text in texts]
    at.batch(name, items)


def numbered(at: Worker, name: str, n: int, **fields: Any) -> None:
    """Record a batch of n observations that have nothing to read."""
    at.batch(name, [observation(at.clock(), **fields) for _ in range(n)])


def labelled(at: Worker, *subjects: str, agent: str = "router") -> None:
    """Let a person have labelled these."""
    word = {"agent": agent, "label": "good", "source": "gold", "labeller": "ada"}
    told = [
        Label(**word, subject=s, source_id=s, ts=at.clock(), loaded_at=at.clock()) for s in subjects
    ]
    at.store.transact(lambda tx: write_labels(tx, told))


def fill(at: Worker, **options: Any) -> FillReport:
    """Fill the queue, once what was recorded has settled."""
    at.later(SOON)
    return fill_review_queue(at.store, at.reader, now=at.clock(), **options)


def next_day(at: Worker) -> None:
    at.later(DAY)


def queue(store: Store) -> dict[str, ReviewItem]:
    """Return the items of the queue, by subject."""
    found = [ReviewItem.from_store(s.data) for s in store.query(Query(REVIEW_QUEUE))]
    return {item.subject: item for item in found}


def draws(store: Store) -> list[ReviewDraw]:
    """Return the draws that were made, by key."""
    return [ReviewDraw.from_store(s.data) for s in store.query(Query(REVIEW_DRAWS))]
