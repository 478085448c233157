"""Claim: an item for one reviewer, kept for him until his lease ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from heapq import merge

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_person
from ratchet.kernel.each import each
from ratchet.kernel.errors import NotFound, Refused
from ratchet.labels.review.queue import load, queue_query, read_item
from ratchet.labels.review.turns import WAITING, is_for, is_held, let_go, opinion_of, taken, unseen
from ratchet.labels.review_item import REVIEW_QUEUE, Kind, ReviewItem
from ratchet.labels.settings import ReviewSettings
from ratchet.store.port import Filter, Query, Snapshot, Store
from ratchet.store.transact import Transaction

PAGE = 10


def claim_next(
    store: Store,
    reader: ConfigReader,
    actor: Actor,
    *,
    agent: str | None = None,
    kind: Kind | None = None,
    now: datetime,
) -> ReviewItem:
    """Return the most important item that waits for this reviewer, in his hands from now on.

    Whoever asks again gets what he holds, with a new lease. An item whose lease ended waits like
    any other. What others said of it is not told.

    Raises: Forbidden for a machine; NotFound where nothing waits for him.
    """
    require_person(actor, "review")
    until = now + reader.read(ReviewSettings).lease
    for found in _candidates(store, actor.name, agent, kind, now):
        take = partial(_take, key=found.key(), name=actor.name, now=now, until=until)
        item = store.transact(take, self_checking=True)
        if item is not None:
            return item
    narrowed = "" if agent is None and kind is None else " of that agent and kind"
    raise NotFound(
        f"nothing{narrowed} waits for {actor.name}",
        field="id",
        mend="see what there is: ratchet review list",
    )


def claim_item(
    store: Store, reader: ConfigReader, actor: Actor, key: str, *, now: datetime
) -> ReviewItem:
    """Return one item by its key, in this reviewer's hands from now on.

    Raises: Forbidden, NotFound; Refused where it is not for him.
    """
    require_person(actor, "review")
    until = now + reader.read(ReviewSettings).lease

    def body(tx: Transaction) -> ReviewItem:
        item = _take(tx, key, actor.name, now, until)
        if item is None:
            why = _why_not(read_item(tx, key), actor.name, now)
            raise Refused(f"{key} {why}", field="id", mend="ratchet review next")
        return item

    return store.transact(body, self_checking=True)


def release(store: Store, actor: Actor, key: str, *, now: datetime) -> ReviewItem:
    """Give an item back before the lease ends; one that is not his stays as it is.

    Raises: Forbidden, NotFound.
    """
    require_person(actor, "review")

    def body(tx: Transaction) -> ReviewItem:
        item = read_item(tx, key)
        if item.state == "claimed" and item.claim and item.claim.by == actor.name:
            item = let_go(item)
            tx.put(item)
        return item

    return store.transact(body, self_checking=True)


def _candidates(
    store: Store, name: str, agent: str | None, kind: Kind | None, now: datetime
) -> Iterator[ReviewItem]:
    """Yield what a reviewer holds, and then what may be shown to him, by importance."""
    # One a reviewer, so they are few: whoever asks anew is given what he held before.
    claimed = store.query(Query(REVIEW_QUEUE, (Filter("state", "==", "claimed"),)))
    like = [
        item
        for item in each(claimed, load, _pass_over)
        if agent in (None, item.agent) and kind in (None, item.kind) and is_for(item, name, now)
    ]
    held = [item for item in like if item.claim and item.claim.by == name]
    yield from held
    lost = sorted((item for item in like if item not in held), key=_rank)
    waiting = each(_paged(store, queue_query(WAITING, agent, kind)), load, _pass_over)
    for item in merge(lost, waiting, key=_rank):
        if is_for(item, name, now):
            yield item


def _paged(store: Store, query: Query) -> Iterator[Snapshot]:
    """Yield the documents of a query, of which mostly the first is wanted, a few at a time."""
    while True:
        found = store.query(replace(query, limit=PAGE))
        yield from found
        if len(found) < PAGE:
            return
        query = query.after(found[-1], None)


def _take(
    tx: Transaction, key: str, name: str, now: datetime, until: datetime
) -> ReviewItem | None:
    """Claim one item; None where somebody else was first."""
    item = tx.find(ReviewItem, key)
    if item is None or not is_for(item, name, now):
        return None
    mine = taken(item, name, until)
    tx.put(mine)
    return unseen(mine)


def _why_not(item: ReviewItem, name: str, now: datetime) -> str:
    """Say why an item is not for somebody."""
    if is_held(item, now):
        return "is in somebody else's hands"
    if opinion_of(item, name):
        return f"has {name}'s opinion"
    return f"was passed on by {name}" if name in item.skipped_by else f"is {item.state}"


def _rank(item: ReviewItem) -> tuple[float, datetime]:
    return -item.priority, item.enqueued_at


def _pass_over(error: Exception) -> None:
    """Let a document that cannot be read keep nobody from the next: the list shows it."""
