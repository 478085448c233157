"""Statistics of the review queue: what waits and for how long, who answers, how they agree."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from ratchet.kernel.document import Instant, Model
from ratchet.kernel.each import Tell, each
from ratchet.labels.review.agreement import Agreement, agreement
from ratchet.labels.review.queue import load
from ratchet.labels.review.turns import LIVE, is_live, state_at
from ratchet.labels.review_item import REVIEW_QUEUE, ReviewItem
from ratchet.store.port import Filter, Query, Store

SINCE = timedelta(days=30)


class Counts(Model):
    """How many items are in each state; `oldest` is when the first of those that wait was put in.

    An item whose lease ended is open, or escalated, again.
    """

    open: int = 0
    claimed: int = 0
    escalated: int = 0
    done: int = 0
    dropped: int = 0
    oldest: Instant | None = None


class Answers(Model):
    """What one reviewer did about the items counted, and how often what he said was decided."""

    answered: int = 0
    skipped: int = 0
    escalated: int = 0
    holds: int = 0
    followed: int = 0


class ReviewStats(Model):
    """The queue as it is; of what is closed, that of the time since `since`."""

    since: Instant
    total: Counts
    by_agent: dict[str, Counts]
    by_kind: dict[str, Counts]
    by_reviewer: dict[str, Answers]
    agreement: Agreement


def review_stats(
    store: Store,
    *,
    now: datetime,
    agent: str | None = None,
    back: timedelta = SINCE,
    tell: Tell | None = None,
) -> ReviewStats:
    """Count the queue: all that is not closed, and what was closed in the time until now.

    A document that cannot be read is told and left out. Raises: InvalidInput where nobody is told.
    """
    since = now - back
    live = store.stream(Query(REVIEW_QUEUE, (Filter("state", "in", LIVE),)))
    closed = store.stream(Query(REVIEW_QUEUE, (Filter("closedAt", ">=", since),)))
    read = (item for found in (live, closed) for item in each(found, load, tell))
    # What is closed between the two reads is in both: the later one counts.
    items = list({item.key(): item for item in read if agent in (None, item.agent)}.values())
    by_agent, by_kind = (
        defaultdict[str, list[ReviewItem]](list),
        defaultdict[str, list[ReviewItem]](list),
    )
    for item in items:
        by_agent[item.agent].append(item)
        by_kind[item.kind].append(item)
    return ReviewStats(
        since=since,
        total=_counts(items, now),
        by_agent={name: _counts(some, now) for name, some in sorted(by_agent.items())},
        by_kind={name: _counts(some, now) for name, some in sorted(by_kind.items())},
        by_reviewer=_by_reviewer(items, now),
        agreement=agreement({one.by: one.label for one in item.opinions} for item in items),
    )


def oldest_waiting(store: Store) -> datetime | None:
    """Return when the oldest item that is not closed was put in, by one read; None without any."""
    query = Query(REVIEW_QUEUE, (Filter("state", "in", LIVE),), ("enqueuedAt",), limit=1)
    found = store.query(query)
    return found[0].data["enqueuedAt"] if found else None


def _counts(items: Iterable[ReviewItem], now: datetime) -> Counts:
    items = list(items)
    states = Counter[str](state_at(item, now) for item in items)
    waiting = [item.enqueued_at for item in items if is_live(item)]
    return Counts(**states, oldest=min(waiting, default=None))


def _by_reviewer(items: Iterable[ReviewItem], now: datetime) -> dict[str, Answers]:
    """Return what each reviewer did, by name."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        for one in item.opinions:
            counted[one.by]["answered"] += 1
            counted[one.by]["followed"] += one.label == item.decided
        for name in item.skipped_by:
            counted[name]["escalated" if name == item.escalated_by else "skipped"] += 1
        if item.claim is not None and state_at(item, now) == "claimed":
            counted[item.claim.by]["holds"] += 1
    return {name: Answers(**found) for name, found in sorted(counted.items())}
