"""Fold late feedback into the rewards and the buckets that it corrects, once."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from ratchet.govern.alerts import Alert, alert, counted
from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotFound, RatchetError, TooLarge
from ratchet.kernel.ids import join_key
from ratchet.observe.correct import Item, Restatement, write_changes
from ratchet.observe.epochs import epoch_config
from ratchet.observe.grade import Feedback
from ratchet.observe.observation import split_id
from ratchet.observe.resume import Follower
from ratchet.observe.rollout_tally import is_timely
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.observe.watched import RolloutReader
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store
from ratchet.store.transact import Transaction

WAIT = timedelta(hours=24)
DEAD_LETTERS = "ops_dead_letters"
PAGE = 200
WAITING_PAGES = 25


class FoldReport(Model):
    """What one tick folded in; `behind` says that not all that waits was tried again."""

    corrected: int = 0
    waiting: int = 0
    dead: int = 0
    behind: bool = False


class _Folded(NamedTuple):
    """What became of one observation's feedback: rewards corrected, and what found no reward."""

    corrected: int
    left: list[Feedback]
    known: bool


def fold_feedback(
    store: Store, *, ingest: Ingest, now: datetime, shards: int | None = None
) -> FoldReport:
    """Fold new feedback into rewards and buckets, and try again what waits for its observation.

    `shards` is how many there ever were, where the caller has just read it.
    """
    rollouts = RolloutReader(store)
    report = _fold_waiting(store, rollouts, FoldReport(), ingest, now)
    for shard in range(shards or max(ingest.shards, shards_ever(store))):
        report = _fold_shard(store, shard, rollouts, report, ingest, now)
    return report


def _fold_shard(
    store: Store,
    shard: int,
    rollouts: RolloutReader,
    report: FoldReport,
    ingest: Ingest,
    now: datetime,
) -> FoldReport:
    ref = Ref(CHECKPOINTS, join_key("feedback", shard))
    cursor = store.get(ref)
    after = _start(cursor, now)
    moved = cursor is not None and _position(cursor) != after
    where = (Filter("shard", "==", shard), Filter("ingestedAt", "<=", now - ingest.lag))
    while True:
        query = Query(Feedback.collection, where, ("ingestedAt",), PAGE, after)
        page = store.query(query)
        if page:
            found = [Feedback.from_store(s.data) for s in page]
            fresh = [f for f in found if not f.waiting]
            report = _fold(store, fresh, rollouts, report, ingest, now)
            after = (found[-1].ingested_at, page[-1].ref.id)
        if page or moved:
            # Folding twice changes nothing, so the cursor need not be part of its transactions.
            store.set(ref, {"v": 1, "ingestedAt": after[0], "id": after[1], "readAt": now})
        if len(page) < PAGE:
            return report


def _position(cursor: Snapshot) -> tuple[datetime, str]:
    return cursor.data["ingestedAt"], cursor.data["id"]


def _start(cursor: Snapshot | None, now: datetime) -> tuple[datetime, str]:
    """Return where folding goes on."""
    if cursor is None:
        return EPOCH, ""
    at, name = _position(cursor)
    return Follower(at=at, id=name, read_at=cursor.data["readAt"]).resumed(now).position


def _fold_waiting(
    store: Store, rollouts: RolloutReader, report: FoldReport, ingest: Ingest, now: datetime
) -> FoldReport:
    """Try again what waits, as far as some pages go, and the rest in the next tick."""
    ref = Ref(CHECKPOINTS, join_key("feedback", "waiting"))
    cursor = store.get(ref)
    last = cursor.data["id"] if cursor else ""
    where = (Filter("waiting", "==", True),)
    then = last
    for _ in range(WAITING_PAGES):
        page = store.query(Query(Feedback.collection, where, limit=PAGE, start_after=(then,)))
        found = [Feedback.from_store(s.data) for s in page]
        report = _fold(store, found, rollouts, report, ingest, now)
        then = page[-1].ref.id if len(page) == PAGE else ""
        if not then:
            break
    if then != last:
        store.set(ref, {"v": 1, "id": then})
    return report.model_copy(update={"behind": bool(then or last)})


def _fold(
    store: Store,
    found: Iterable[Feedback],
    rollouts: RolloutReader,
    report: FoldReport,
    ingest: Ingest,
    now: datetime,
) -> FoldReport:
    corrected = waiting = dead = 0
    ordered = sorted(found, key=lambda f: (split_id(f.obs_id)[0], f.obs_id, f.source))
    for document_id, group in groupby(ordered, key=lambda f: split_id(f.obs_id)[0]):
        given = list(group)
        try:
            done = _correct(store, document_id, given, rollouts, ingest, now)
        except TooLarge as error:  # one reward document that is full must not stop the others
            dead += len(given)
            for item in given:
                _bury(store, item, error, now)
            continue
        corrected += done.corrected
        for item in done.left:
            if not done.known and now >= item.ingested_at + WAIT:
                dead += 1
                _bury(store, item, NotFound("unknown observation"), now)
            else:
                waiting += 1
                _wait(store, item)
    return report.model_copy(
        update={
            "corrected": report.corrected + corrected,
            "waiting": report.waiting + waiting,
            "dead": report.dead + dead,
        }
    )


def _correct(
    store: Store,
    document_id: str,
    given: list[Feedback],
    rollouts: RolloutReader,
    ingest: Ingest,
    now: datetime,
) -> _Folded:
    """Correct the rewards of one observation document."""

    def body(tx: Transaction) -> _Folded:
        restated = Restatement(tx, document_id)
        # The feedback as it is now: a newer word may have come since the query.
        present = [item for f in given if (item := tx.find(Feedback, f.key()))]
        if not restated.scored:
            return _Folded(0, present, restated.known)
        places = {index: place for place, index in enumerate(restated.indexes)}
        placed = [item for item in present if split_id(item.obs_id)[1] in places]
        if not placed:
            return _Folded(0, present, False)
        told, counted = restated.feedback(), restated.timely()
        wanted: dict[int, Item] = {}
        timely: dict[int, Item] = {}
        watched = rollouts.watched(restated.rollout_ids())
        for item in placed:
            place = places[split_id(item.obs_id)[1]]
            _take(wanted.setdefault(place, dict(told[place])), item)
            in_time = timely.setdefault(place, dict(counted[place]))
            if is_timely(restated.row(place), item.ingested_at, watched):
                _take(in_time, item)
        config = epoch_config(store, restated.epoch)
        change = restated.changed(wanted, timely, config, restated.epoch)
        corrected = write_changes(tx, [change], ingest, now, watched)
        for item in placed:
            if item.waiting:
                tx.put(item.model_copy(update={"waiting": None}))
        return _Folded(corrected, [item for item in present if item not in placed], False)

    return store.transact(body, self_checking=True)


def _take(known: Item, item: Feedback) -> None:
    """Put a source's word in the place of its older one; one that was taken back leaves none."""
    if item.source in known and item.ts < known[item.source]["ts"]:
        return
    if item.says_nothing:
        known.pop(item.source, None)
    else:
        known[item.source] = item.entry()


def _wait(store: Store, item: Feedback) -> None:
    """Mark feedback whose observation is not scored yet; each tick asks again."""
    if item.waiting:
        return

    def body(tx: Transaction) -> None:
        known = tx.find(Feedback, item.key())
        if known == item:
            tx.put(item.model_copy(update={"waiting": True}))

    store.transact(body, self_checking=True)


def _bury(store: Store, item: Feedback, why: RatchetError, now: datetime) -> None:
    """Move feedback that cannot be folded in to the dead letters, with an alert."""

    raised = alert(
        "feedback-dead",
        item.source,
        "warning",
        f"feedback for {item.obs_id} was not folded in: {why.message}",
        now=now,
        command="ratchet observations --id " + split_id(item.obs_id)[0],
    )

    def body(tx: Transaction) -> None:
        known, seen = tx.find(Feedback, item.key()), tx.find(Alert, raised.key())
        if known != item:
            return
        letter = item.to_map() | {"code": why.code, "reason": why.message, "buriedAt": now}
        tx.set(Ref(DEAD_LETTERS, item.key()), letter)
        tx.delete(Ref(Feedback.collection, item.key()))
        tx.put(counted(seen, raised))

    store.transact(body, self_checking=True)
