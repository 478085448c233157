"""What the tests of the review queue share: items, reviewers, and a queue to ask."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, person
from ratchet.kernel.clock import ManualClock
from ratchet.labels.label import Label
from ratchet.labels.review.answer import label_item
from ratchet.labels.review.claim import claim_next
from ratchet.labels.review.enqueue import enqueue
from ratchet.labels.review.queue import get_item
from ratchet.labels.review_item import ReviewItem
from ratchet.store.port import Query, Store

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEASE = timedelta(minutes=30)  # of the settings where nobody set any
ADA, BOB, EVE = person("ada"), person("bob"), person("eve")


def item(subject: str = "s1", **fields: Any) -> ReviewItem:
    """Return an item as it is put into the queue."""
    made: dict[str, Any] = {
        "agent": "router",
        "subject": subject,
        "enqueued_by": "selection",
        "enqueued_at": NOON,
        "expire_at": NOON + timedelta(days=90),
    }
    return ReviewItem(**(made | fields))


@dataclass
class Desk:
    """A queue, and the hour."""

    store: Store
    clock: ManualClock

    def __post_init__(self) -> None:
        self.reader = ConfigReader(self.store, self.clock)

    def put(self, *items: ReviewItem) -> int:
        return enqueue(self.store, items, now=self.clock())

    def next(self, actor: Actor = ADA, **narrowed: Any) -> ReviewItem:
        return claim_next(self.store, self.reader, actor, now=self.clock(), **narrowed)

    def label(self, actor: Actor, key: str, label: str = "good", **said: Any) -> ReviewItem:
        return label_item(self.store, self.reader, actor, key, label, now=self.clock(), **said)

    def answer(self, actor: Actor, label: str = "good", **said: Any) -> ReviewItem:
        """Claim the next item and label it."""
        return self.label(actor, self.next(actor).key(), label, **said)

    def get(self, key: str) -> ReviewItem:
        return get_item(self.store, key)

    def later(self, by: timedelta = MINUTE) -> None:
        self.clock.advance(by)

    def labels(self) -> list[Label]:
        """Return the labels that were written, by key."""
        return [Label.from_store(s.data) for s in self.store.query(Query(Label.collection))]


def desk(store: Store, *items: ReviewItem) -> Desk:
    """Return a queue with some items in it."""
    made = Desk(store, ManualClock(NOON))
    if items:
        made.put(*items)
    return made
