"""Read the review queue: one item, those that wait in the order they are asked, any of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import get_args

from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound
from ratchet.labels.review.turns import WAITING, state_at
from ratchet.labels.review_item import REVIEW_QUEUE, Kind, ReviewItem, ReviewState
from ratchet.store.named import naming
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store
from ratchet.store.transact import Transaction


def read_item(tx: Transaction, key: str) -> ReviewItem:
    """Return one item in a transaction.

    Raises: NotFound.
    """
    return _read(key, *tx.fetch([Ref(REVIEW_QUEUE, key)]))


def get_item(store: Store, key: str) -> ReviewItem:
    """Return one item.

    Raises: NotFound.
    """
    return _read(key, store.get(Ref(REVIEW_QUEUE, key)))


def list_items(
    store: Store,
    *,
    now: datetime,
    agent: str | None = None,
    kind: Kind | None = None,
    states: Iterable[ReviewState] = get_args(ReviewState),
    tell: Tell | None = None,
) -> Iterator[ReviewItem]:
    """Yield the items in some states, the most important first; one whose lease ended waits."""
    wanted = set(states)
    stored = {*wanted, "claimed"} if wanted & set(WAITING) else wanted
    found = store.stream(queue_query(sorted(stored), agent, kind))
    for item in each(found, load, tell):
        if state_at(item, now) in wanted:
            yield item


def queue_query(states: Iterable[str], agent: str | None, kind: Kind | None) -> Query:
    """Return the query for items in some states, the most important first, of equals the oldest."""
    kinds = get_args(Kind) if kind is None else (kind,)
    where = [Filter("kind", "in", kinds), Filter("state", "in", tuple(states))]
    if agent is not None:
        where.append(Filter("agent", "==", agent))
    return Query(REVIEW_QUEUE, tuple(where), ("-priority", "enqueuedAt"))


def load(stored: Snapshot) -> ReviewItem:
    """Return the item of a stored document.

    Raises: InvalidInput.
    """
    return naming(lambda found: ReviewItem.from_store(found.data))(stored)


def _read(key: str, found: Snapshot | None) -> ReviewItem:
    if found is None:
        raise NotFound(
            f"{key} is not in the queue",
            field="id",
            mend="ratchet review list, or GET /v1/review/queue",
        )
    return load(found)
