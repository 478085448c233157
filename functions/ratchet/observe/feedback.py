"""Feedback: a grade or an outcome that arrives later, by source; the latest of a source wins."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidBatch, InvalidInput
from ratchet.kernel.ids import join_key, shard_of
from ratchet.observe.grade import Feedback, Grade, JudgeWord, check_grade
from ratchet.observe.observation import MAX_BATCH, Rejection, split_id
from ratchet.observe.settings import Ingest
from ratchet.store.port import Ref, Store
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
            f"feedback wants 1 to {MAX_BATCH} items",
            field="feedback",
            mend=f"send an array of 1 to {MAX_BATCH}, the rest in others",
        )
    checked = [check_grade(item, i, now=now) for i, item in enumerate(raw)]
    rejected = tuple(item for item in checked if isinstance(item, Rejection))
    if len(rejected) == len(raw):
        if isinstance(payload, Mapping) and "feedback" not in payload:
            first = rejected[0]
            raise InvalidInput(f"feedback: {first.field}: {first.reason}", field=first.field)
        raise InvalidBatch("all feedback was refused", rejected=rejected, field="feedback")
    for item in checked:
        if isinstance(item, Grade):
            keep = partial(write_feedback, grade=item, ingest=ingest, now=now)
            store.transact(keep, self_checking=True)
    return FeedbackTaken(accepted=len(raw) - len(rejected), rejected=rejected)


def write_feedback(
    tx: Transaction,
    grade: Grade,
    *,
    ingest: Ingest,
    now: datetime,
    judges: Sequence[JudgeWord] = (),
    propensity: float | None = None,
    asked: bool = False,
) -> bool:
    """Keep one source's word in the caller's transaction; says whether it is the source's latest.

    To ask (`asked`) takes back no answer, and an answer keeps the propensity that it was asked
    with. It reads before it writes: who writes several first fetches `feedback_ref` of each.
    """
    known = tx.find(Feedback, join_key(grade.obs_id, grade.source))
    document_id, _ = split_id(grade.obs_id)
    new = Feedback(
        obs_id=grade.obs_id,
        source=grade.source,
        grade=grade.grade,
        outcome=grade.outcome,
        judges=tuple(judges) or None,
        propensity=propensity or (known.propensity if known else None),
        asked=asked or None,
        ts=grade.ts or now,
        shard=shard_of(document_id, ingest.shards),
        ingested_at=now,
        expire_at=now + ingest.retention,
    )
    if known is not None and (new.ts < known.ts or (asked and known.grade is not None)):
        return False
    tx.put(new)
    return True


def take_back(tx: Transaction, obs_id: str, source: str, *, ingest: Ingest, now: datetime) -> None:
    """Take back a source's word: asked anew where it was drawn, else it says nothing.

    It stays in its place without a grade, so that the next fold takes it out of the reward.
    """
    known = tx.find(Feedback, join_key(obs_id, source))
    if known is None:
        return
    empty = {"grade": None, "outcome": None, "judges": None, "waiting": None}
    when = {"ts": max(now, known.ts), "ingested_at": now, "expire_at": now + ingest.retention}
    asked = {"asked": True if known.propensity else None}
    tx.put(known.model_copy(update=empty | when | asked))


def feedback_ref(obs_id: str, source: str) -> Ref:
    """Return where a source's word on an observation is kept."""
    return Ref(Feedback.collection, join_key(obs_id, source))
