"""Pass on: skip, escalate, ask for one more opinion, drop."""

from collections.abc import Callable
from datetime import datetime

from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.errors import Refused
from ratchet.labels.review.queue import read_item
from ratchet.labels.review.turns import (
    doubted,
    dropped,
    escalated,
    is_live,
    require_turn,
    skipped,
)
from ratchet.labels.review_item import ReviewItem
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def skip_item(store: Store, actor: Actor, key: str, *, now: datetime) -> ReviewItem:
    """Leave a claimed item to others; it is not shown to this reviewer again.

    Raises: Forbidden for a machine; NotFound; Refused out of turn.
    """

    def change(item: ReviewItem) -> ReviewItem:
        if actor.name in item.skipped_by:
            return item
        require_turn(item, actor.name, now)
        return skipped(item, actor.name)

    return _change(store, actor, key, "skip", change)


def escalate_item(
    store: Store, actor: Actor, key: str, *, reason: str, now: datetime
) -> ReviewItem:
    """Leave a claimed item to another admin, and say what the matter with it is.

    Raises: Forbidden for a machine; NotFound; Refused out of turn; InvalidInput.
    """
    require_reason(actor, reason, "escalate")

    def change(item: ReviewItem) -> ReviewItem:
        if item.escalated_by == actor.name:
            return item
        require_turn(item, actor.name, now)
        return escalated(item, actor.name, reason)

    return _change(store, actor, key, "escalate", change)


def second_opinion(store: Store, actor: Actor, key: str, *, now: datetime) -> ReviewItem:
    """Want one more opinion on an item; one that was done waits again.

    Raises: Forbidden for a machine; NotFound; Refused where it was dropped, or has nine.
    """

    def change(item: ReviewItem) -> ReviewItem:
        if item.state == "dropped":
            raise _closed(item)
        return doubted(item, actor.name, now)

    return _change(store, actor, key, "ask for a second opinion", change)


def drop_item(store: Store, actor: Actor, key: str, *, reason: str, now: datetime) -> ReviewItem:
    """Close an item that is not worth an answer; who holds it is told when he answers.

    Raises: Forbidden for a machine; NotFound; Refused where it is done; InvalidInput.
    """
    require_reason(actor, reason, "drop")

    def change(item: ReviewItem) -> ReviewItem:
        if item.state == "dropped":
            return item
        if not is_live(item):
            raise _closed(item)
        return dropped(item, actor.name, reason, now)

    return _change(store, actor, key, "drop", change)


def _change(
    store: Store,
    actor: Actor,
    key: str,
    action: str,
    change: Callable[[ReviewItem], ReviewItem],
) -> ReviewItem:
    """Let a person change an item; a change that was made already is made once."""
    require_person(actor, action)

    def body(tx: Transaction) -> ReviewItem:
        before = read_item(tx, key)
        after = change(before)
        if after != before:
            tx.put(after)
        return after

    return store.transact(body, self_checking=True)


def _closed(item: ReviewItem) -> Refused:
    return Refused(
        f"{item.key()} is {item.state}",
        field="id",
        mend=f"ratchet review show {item.key()}",
    )
