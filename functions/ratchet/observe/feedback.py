"""Feedback: a grade or an outcome that arrives later, by source; the latest of a source wins."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Document, Instant, Model, first_fault
from ratchet.kernel.errors import InvalidBatch, InvalidInput
from ratchet.kernel.ids import join_key, shard_of
from ratchet.observe.correct import Restatement, write_changes
from ratchet.observe.epochs import epoch_config
from ratchet.observe.observation import AHEAD, MAX_BATCH, Name, Outcome, Rejection, Share, split_id
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.store.port import Filter, Query, Ref, Store
from ratchet.store.transact import Transaction

WAIT = timedelta(hours=24)
DEAD_LETTERS = "ops_dead_letters"
PAGE = 200


class Grade(Model):
    """Feedback as it is sent: quality 0..1 or a later outcome, or both."""

    model_config = ConfigDict(strict=True)

    obs_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.\d{1,3})?$")]
    source: Name
    grade: Share | None = None
    outcome: Outcome | None = None
    ts: Instant | None = None


class Feedback(Document):
    """One source's latest word on one observation, until it is folded in."""

    collection: ClassVar[str] = "ops_feedback"

    obs_id: str
    source: str
    grade: Annotated[float, Field(ge=0, le=1)] | None = None
    outcome: Outcome | None = None
    ts: Instant
    shard: int
    ingested_at: Instant
    expire_at: Instant
    waiting: bool | None = None

    def key(self) -> str:
        """Return observation and source."""
        return join_key(self.obs_id, self.source)

    def entry(self) -> dict[str, Any]:
        """Return what a reward remembers of it."""
        known = {"grade": self.grade, "outcome": self.outcome, "ts": self.ts}
        return {k: v for k, v in known.items() if v is not None}


class FeedbackTaken(Model):
    """The answer: how many were taken, and which were refused."""

    accepted: int
    rejected: tuple[Rejection, ...] = ()


class FoldReport(Model):
    """What one tick folded in."""

    corrected: int = 0
    waiting: int = 0
    dead: int = 0


def feedback(store: Store, payload: Any, *, ingest: Ingest, now: datetime) -> FeedbackTaken:
    """Take one grade, a list, or `{"feedback": [...]}`; the scorer folds them in.

    Raises: InvalidInput, InvalidBatch when every item is refused.
    """
    raw = payload
    if isinstance(payload, Mapping):
        raw = payload.get("feedback", [payload])
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MAX_BATCH:
        raise InvalidInput(
            f"feedback wants 1 to {MAX_BATCH} items", field="feedback", mend="send a JSON array"
        )
    checked = [_check(item, i, now) for i, item in enumerate(raw)]
    rejected = tuple(item for item in checked if isinstance(item, Rejection))
    if len(rejected) == len(raw):
        if len(raw) == 1:
            first = rejected[0]
            raise InvalidInput(f"feedback: {first.field}: {first.reason}", field=first.field)
        raise InvalidBatch("all feedback was refused", rejected=rejected)
    for item in checked:
        if isinstance(item, Grade):
            _keep(store, item, ingest, now)
    return FeedbackTaken(accepted=len(raw) - len(rejected), rejected=rejected)


def _check(raw: Any, index: int, now: datetime) -> Grade | Rejection:
    try:
        grade = Grade.model_validate(dict(raw) if isinstance(raw, Mapping) else raw)
    except ValidationError as error:
        field, reason = first_fault(error)
        return Rejection(index=index, field=field, reason=reason)
    if grade.grade is None and grade.outcome is None:
        return Rejection(index=index, field="grade", reason="a grade 0..1 or an outcome is wanted")
    if grade.ts and grade.ts > now + AHEAD:
        return Rejection(index=index, field="ts", reason="more than 10 minutes ahead of the clock")
    return grade


def _keep(store: Store, grade: Grade, ingest: Ingest, now: datetime) -> None:
    document_id, _ = split_id(grade.obs_id)
    new = Feedback(
        obs_id=grade.obs_id,
        source=grade.source,
        grade=grade.grade,
        outcome=grade.outcome,
        ts=grade.ts or now,
        shard=shard_of(document_id, ingest.shards),
        ingested_at=now,
        expire_at=now + ingest.retention,
    )

    def body(tx: Transaction) -> None:
        known = tx.find(Feedback, new.key())
        if known is None or new.ts >= known.ts:
            tx.put(new)

    store.transact(body, self_checking=True)


def fold_feedback(store: Store, *, ingest: Ingest, now: datetime) -> FoldReport:
    """Fold new feedback into rewards and buckets, and try again what waits for its observation."""
    report = FoldReport()
    for shard in range(max(ingest.shards, shards_ever(store))):
        report = _fold_shard(store, shard, report, ingest, now)
    waiting = Query(Feedback.collection, (Filter("waiting", "==", True),), limit=PAGE)
    found = [Feedback.from_store(s.data) for s in store.query(waiting)]
    return _fold(store, found, report, now)


def _fold_shard(
    store: Store, shard: int, report: FoldReport, ingest: Ingest, now: datetime
) -> FoldReport:
    ref = Ref(CHECKPOINTS, join_key("feedback", shard))
    cursor = store.get(ref)
    after = (cursor.data["ingestedAt"], cursor.data["id"]) if cursor else (EPOCH, "")
    where = (Filter("shard", "==", shard), Filter("ingestedAt", "<=", now - ingest.lag))
    while True:
        query = Query(Feedback.collection, where, ("ingestedAt",), PAGE, after)
        page = store.query(query)
        if not page:
            return report
        found = [Feedback.from_store(s.data) for s in page]
        report = _fold(store, [f for f in found if not f.waiting], report, now)
        after = (found[-1].ingested_at, page[-1].ref.id)
        # Folding twice changes nothing, so the cursor need not be part of its transactions.
        store.set(ref, {"v": 1, "ingestedAt": after[0], "id": after[1]})
        if len(page) < PAGE:
            return report


def _fold(store: Store, found: Iterable[Feedback], report: FoldReport, now: datetime) -> FoldReport:
    ordered = sorted(found, key=lambda f: (split_id(f.obs_id)[0], f.obs_id, f.source))
    for document_id, group in groupby(ordered, key=lambda f: split_id(f.obs_id)[0]):
        given = list(group)
        corrected = _correct(store, document_id, given, now)
        if corrected is not None:
            report = report.model_copy(update={"corrected": report.corrected + corrected})
            continue
        for item in given:
            dead = now >= item.ingested_at + WAIT
            _bury(store, item, now) if dead else _wait(store, item)
            name = "dead" if dead else "waiting"
            report = report.model_copy(update={name: getattr(report, name) + 1})
    return report


def _correct(store: Store, document_id: str, given: list[Feedback], now: datetime) -> int | None:
    """Correct one observation document; None where it is not known or not scored yet."""

    def body(tx: Transaction) -> int | None:
        restated = Restatement(tx, document_id)
        # The feedback as it is now: a newer word may have come since the query.
        present = [tx.find(Feedback, item.key()) for item in given]
        if not restated.scored:
            return None
        places = {index: place for place, index in enumerate(restated.indexes)}
        rewards = restated.rewards()
        wanted: dict[int, dict[str, Any]] = {}
        for item in present:
            place = places.get(split_id(item.obs_id)[1] or 0) if item else None
            if item is None or place is None:
                continue
            known = wanted.setdefault(place, dict(rewards[place].get("feedback", {})))
            if item.source not in known or item.ts >= known[item.source]["ts"]:
                known[item.source] = item.entry()
        if not wanted:
            return None
        config = epoch_config(store, restated.epoch)
        changed = write_changes(tx, [restated.changed(wanted, config, restated.epoch)], now)
        for item in present:
            if item is not None and item.waiting:
                tx.put(item.model_copy(update={"waiting": None}))
        return changed

    return store.transact(body, self_checking=True)


def _wait(store: Store, item: Feedback) -> None:
    """Mark feedback whose observation is not scored yet; each tick asks again."""
    if item.waiting:
        return

    def body(tx: Transaction) -> None:
        known = tx.find(Feedback, item.key())
        if known == item:
            tx.put(item.model_copy(update={"waiting": True}))

    store.transact(body, self_checking=True)


def _bury(store: Store, item: Feedback, now: datetime) -> None:
    """Move feedback whose observation never came to the dead letters, with an alert."""

    def body(tx: Transaction) -> None:
        known = tx.find(Feedback, item.key())
        if known != item:
            return
        letter = item.to_map() | {"code": "RATCHET-2001", "reason": "unknown observation"}
        tx.set(Ref(DEAD_LETTERS, item.key()), letter | {"buriedAt": now})
        tx.delete(Ref(Feedback.collection, item.key()))

    store.transact(body, self_checking=True)
    raise_alert(
        store,
        alert(
            "feedback-dead",
            item.source,
            "warning",
            f"feedback for {item.obs_id} waited 24 h for an observation that never came",
            now=now,
            command="ratchet observations --id " + split_id(item.obs_id)[0],
        ),
    )
