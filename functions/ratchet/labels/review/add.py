"""Add: questions that people write, or another program, put into the review queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import ConfigDict, Field, Strict, StringConstraints, ValidationError, field_validator

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_admin
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidBatch, RatchetError
from ratchet.kernel.fault import first_fault
from ratchet.labels.label import BAD, GOOD, Class, Subject
from ratchet.labels.review.enqueue import enqueue
from ratchet.labels.review_item import MAX_WANTED, Kind, Note, ReviewItem
from ratchet.labels.settings import ReviewSettings
from ratchet.observe.observation import Name, Propensity, Rejection
from ratchet.store.limits import check_document
from ratchet.store.port import Store

MAX_BYTES = 100_000  # a chunk of questions is one commit, of at most 10 MiB


class Question(Model):
    """A question as it is sent; the rest of its item is what becomes of it."""

    model_config = ConfigDict(strict=True)

    kind: Kind = "label"
    agent: Name
    subject: Subject
    question: Note = ""
    classes: Annotated[tuple[Class, ...], Strict(False), Field(min_length=2, max_length=50)] = (
        GOOD,
        BAD,
    )
    shown: dict[str, Any] = {}
    features_ref: Annotated[str, StringConstraints(max_length=300)] | None = None
    priority: float = 0.0
    reason: Note = ""
    propensity: Propensity | None = None
    fingerprint: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    wanted: Annotated[int, Field(ge=1, le=MAX_WANTED)] = 1

    @field_validator("classes")
    @classmethod
    def _distinct(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(classes)) < len(classes):
            raise ValueError("a class is named twice")
        return classes


class Added(Model):
    """The answer: how many questions are new, how many were asked already, which are refused."""

    added: int
    known: int
    rejected: tuple[Rejection, ...] = ()


def add_items(
    store: Store, reader: ConfigReader, actor: Actor, raw: Sequence[Any], *, now: datetime
) -> Added:
    """Put questions into the queue; good ones are taken beside bad ones.

    Raises: Forbidden; InvalidBatch when every one is refused.
    """
    require_admin(actor, "add to the review queue")
    kept = timedelta(days=reader.read(ReviewSettings).keep_days)
    checked = [_item(one, i, actor, now, kept) for i, one in enumerate(raw)]
    items = [one for one in checked if isinstance(one, ReviewItem)]
    rejected = tuple(one for one in checked if isinstance(one, Rejection))
    if not items:
        raise InvalidBatch("every question was refused", rejected=rejected, field="items")
    added = enqueue(store, items, now=now)
    return Added(added=added, known=len(items) - added, rejected=rejected)


def _item(
    raw: Any, index: int, actor: Actor, now: datetime, kept: timedelta
) -> ReviewItem | Rejection:
    """Return the item of a question, or why it is none."""
    try:
        asked = Question.model_validate(raw)
        at = {"enqueuedBy": actor.name, "enqueuedAt": now, "expireAt": now + kept}
        item = ReviewItem.parse(asked.to_map() | at)
        size = check_document(ReviewItem.collection, item.key(), item.to_map())
    except ValidationError as error:
        field, reason = first_fault(error, Question)
        return Rejection(index=index, field=field, reason=reason)
    except RatchetError as error:
        return Rejection(index=index, field=error.field or "shown", reason=error.message)
    if size > MAX_BYTES:
        reason = f"{size} bytes, a question has at most {MAX_BYTES}"
        return Rejection(index=index, field="shown", reason=reason)
    return item
