"""Enqueue: what people are to be asked, once; near copies of what is asked already are left out."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from ratchet.govern.config import CHECKPOINTS, load_config
from ratchet.kernel.ids import join_key
from ratchet.labels.review.grading import observed, write_asked
from ratchet.labels.review_item import REVIEW_QUEUE, ReviewItem
from ratchet.observe.settings import Ingest
from ratchet.store.port import MAX_IN, Filter, Query, Ref, Store
from ratchet.store.transact import Transaction


def enqueue(store: Store, items: Sequence[ReviewItem], *, now: datetime) -> int:
    """Put new items into the queue; returns how many there are.

    An item that is there, whatever its state, stays. Of items with one fingerprint (of a kind and
    agent) one is asked: the first, or whichever is in the queue, unless that was dropped. An
    observation that was drawn learns in the same transaction that people are asked about it.
    """
    groups: dict[tuple[str, str], list[ReviewItem]] = defaultdict(list)
    for item in items:
        groups[item.kind, item.agent].append(item)
    if not groups:
        return 0
    ingest = load_config(store, Ingest, now=now)
    ingest.loaded_once(store)
    added = 0
    for group in groups.values():
        for start in range(0, len(group), MAX_IN):
            some = group[start : start + MAX_IN]
            added += store.transact(partial(_add, items=some, ingest=ingest, now=now))
    return added


def _add(tx: Transaction, items: Sequence[ReviewItem], ingest: Ingest, now: datetime) -> int:
    """Write those items of one kind and agent that are new."""
    guard = Ref(CHECKPOINTS, join_key("review", items[0].kind, items[0].agent))
    (guarded,) = tx.fetch([guard])  # before the look at the fingerprints that it guards
    new = _news(tx, items)
    graded = observed(tx, [item for item in new if item.propensity is not None])
    for item in new:
        tx.put(item)
        if item.subject in graded and graded[item.subject] is None:
            write_asked(tx, item, ingest=ingest, now=now)
    if any(item.fingerprint for item in new):
        # Who looked for the same fingerprint at the same moment has to look again.
        tx.set(guard, {"v": 1, "turn": guarded.data["turn"] + 1 if guarded else 1})
    return len(new)


def _news(tx: Transaction, items: Sequence[ReviewItem]) -> list[ReviewItem]:
    """Return the items whose subject and fingerprint were not asked about, each once."""
    stored = tx.fetch([Ref(REVIEW_QUEUE, item.key()) for item in items])
    absent = [item for item, there in zip(items, stored, strict=True) if there is None]
    seen = _asked(tx, absent)
    new: dict[str, ReviewItem] = {}
    for item in absent:
        if item.key() not in new and (not item.fingerprint or item.fingerprint not in seen):
            new[item.key()] = item
            seen |= {item.fingerprint} if item.fingerprint else set()
    return list(new.values())


def _asked(tx: Transaction, items: Sequence[ReviewItem]) -> set[str]:
    """Return those of the items' fingerprints that their agent's queue has, for their kind."""
    wanted = sorted({item.fingerprint for item in items if item.fingerprint})
    if not wanted:
        return set()
    found = tx.query(Query(REVIEW_QUEUE, (Filter("fingerprint", "in", wanted),)))
    like = (items[0].kind, items[0].agent)
    return {
        s.data["fingerprint"]
        for s in found
        if (s.data.get("kind"), s.data.get("agent")) == like and s.data.get("state") != "dropped"
    }
