"""Take back: an answer whose label is withdrawn leaves its item, and the observation's feedback."""

from dataclasses import dataclass
from datetime import datetime

from ratchet.labels.label import Label
from ratchet.labels.review.grading import observed, quality, write_answer
from ratchet.labels.review.turns import majority, opinion_of, without
from ratchet.labels.review_item import ReviewItem
from ratchet.observe.feedback import take_back
from ratchet.observe.grade import REVIEW
from ratchet.observe.settings import Ingest
from ratchet.store.transact import Transaction

_PARTS = 3  # of an item's key, which a source id begins with


@dataclass(frozen=True)
class Reopened:
    """An item without an answer, and whether the observation's feedback rests on it."""

    item: ReviewItem
    graded: bool


def without_answer(tx: Transaction, label: Label) -> Reopened | None:
    """Return the item of a reviewer's label without his answer, if he gave one; it only reads."""
    if label.source != REVIEW:
        return None
    item = tx.find(ReviewItem, "~".join(label.source_id.split("~")[:_PARTS]))
    if item is None or opinion_of(item, label.labeller) is None:
        return None
    left = without(item, label.labeller)
    given = observed(tx, [left]).get(left.subject)
    return Reopened(left, given is not None and given.grade is not None)


def write_reopened(tx: Transaction, found: Reopened, *, ingest: Ingest, now: datetime) -> None:
    """Write the item, and what the answers that are left say of the observation, if anything."""
    tx.put(found.item)
    if not found.graded:
        return
    said = found.item.model_copy(update={"decided": majority(found.item.opinions)})
    if said.decided is None or quality(said) is None:
        take_back(tx, said.subject, REVIEW, ingest=ingest, now=now)
    else:
        write_answer(tx, said, ingest=ingest, now=now)
