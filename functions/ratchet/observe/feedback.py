"""Feedback: a grade or an outcome that arrives later, by source; the latest of a source wins."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidBatch, InvalidInput
from ratchet.kernel.ids import shard_of
from ratchet.observe.grade import Feedback, Grade, check_grade
from ratchet.observe.observation import MAX_BATCH, Rejection, split_id
from ratchet.observe.settings import Ingest
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


class FeedbackTaken(Model):
    """The answer: how many were taken, and which were refused."""

    accepted: int
    rejected: tuple[Rejection, ...] = ()


def feedback(store: Store, payload: Any, *, ingest: Ingest, now: datetime) -> FeedbackTaken:
    """Take one grade, a list, or `{"feedback": [...]}`; the scorer folds them in.

    Raises: InvalidInput, InvalidBatch when every item is refused.
    """
    raw = payload
    if isinstance(payload, Mapping):
        raw = payload.get("feedback", [payload])
        extra = set(payload) - {"feedback"} if "feedback" in payload else set()
        if extra:
            raise InvalidInput(f"unknown field {min(map(str, extra))}", field=min(map(str, extra)))
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MAX_BATCH:
        raise InvalidInput(
            f"feedback wants 1 to {MAX_BATCH} items", field="feedback", mend="send a JSON array"
        )
    checked = [check_grade(item, i, now=now) for i, item in enumerate(raw)]
    rejected = tuple(item for item in checked if isinstance(item, Rejection))
    if len(rejected) == len(raw):
        if isinstance(payload, Mapping) and "feedback" not in payload:
            first = rejected[0]
            raise InvalidInput(f"feedback: {first.field}: {first.reason}", field=first.field)
        raise InvalidBatch("all feedback was refused", rejected=rejected)
    for item in checked:
        if isinstance(item, Grade):
            _keep(store, item, ingest, now)
    return FeedbackTaken(accepted=len(raw) - len(rejected), rejected=rejected)


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
