"""Answer: a reviewer's label of an item, and what follows from it, in one transaction."""

from datetime import datetime

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_person
from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.labels.label import BAD, GOOD, Label
from ratchet.labels.review.grading import observed, quality, write_answer
from ratchet.labels.review.queue import read_item
from ratchet.labels.review.turns import answered, opinion_of, require_turn
from ratchet.labels.review_item import Opinion, ReviewItem
from ratchet.labels.scale import grade, named
from ratchet.labels.write import write_labels
from ratchet.observe.grade import REVIEW
from ratchet.observe.settings import Ingest
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def label_item(
    store: Store,
    reader: ConfigReader,
    actor: Actor,
    key: str,
    label: str,
    *,
    value: float | None = None,
    confidence: float = 100.0,
    note: str = "",
    second: bool = False,
    now: datetime,
) -> ReviewItem:
    """Take a reviewer's answer: item, label and the observation's feedback change together.

    Whoever claimed it may answer; after the lease, unless somebody else claimed it meanwhile. A
    `second` opinion is taken beside what others do. The same answer again changes nothing.

    Raises: Forbidden for a machine; NotFound; Refused out of turn; InvalidInput.
    """
    require_person(actor, "review")
    said = named(label, value)
    given = {"value": said.value, "confidence": confidence, "note": note}
    opinion = Opinion.parse({"by": actor.name, "label": label, "at": now} | given)
    ingest = reader.read(Ingest)

    def body(tx: Transaction) -> ReviewItem:
        item = read_item(tx, key)
        _check(item, opinion)
        before = opinion_of(item, actor.name)
        if before is not None:
            _require_same(item, before, opinion)
            return item
        require_turn(item, actor.name, now, second=second)
        after = answered(item, opinion, now)
        graded = observed(tx, [after])
        write_labels(tx, [label_of(item, opinion)])
        tx.put(after)
        if after.subject in graded and after.state == "done" and quality(after) is not None:
            write_answer(tx, after, ingest=ingest, now=now)
        return after

    return store.transact(body, self_checking=True)


def label_of(item: ReviewItem, opinion: Opinion) -> Label:
    """Return the label that an answer is; one after an answer that was withdrawn has its number."""
    again = item.taken_back.count(opinion.by)
    return Label(
        agent=item.agent,
        subject=item.subject,
        label=opinion.label,
        value=opinion.value,
        confidence=opinion.confidence,
        source=REVIEW,
        source_id=f"{item.key()}~{opinion.by}" + (f"~{again + 1}" if again else ""),
        labeller=opinion.by,
        ts=opinion.at,
        loaded_at=opinion.at,
        features_ref=item.features_ref,
        propensity=item.propensity,
    )


def _check(item: ReviewItem, opinion: Opinion) -> None:
    """Refuse a class that was not asked for, and a value that says the opposite of it.

    Raises: InvalidInput.
    """
    if opinion.label not in item.classes:
        raise InvalidInput(
            f"{opinion.label!r} is no answer to {item.key()}",
            field="label",
            mend="one of " + ", ".join(item.classes),
        )
    if opinion.label in (GOOD, BAD) and grade(opinion.value).label != opinion.label:
        raise InvalidInput(
            f"a value of {opinion.value} is not {opinion.label}",
            field="value",
            mend=f"{GOOD} is 0.5 and more; or leave the value out",
        )


def _require_same(item: ReviewItem, before: Opinion, opinion: Opinion) -> None:
    """Let through the answer that was given already.

    Raises: Refused.
    """
    if (before.label, before.value) != (opinion.label, opinion.value):
        raise Refused(
            f"{opinion.by} has said {before.label} of {item.key()}",
            field="id",
            mend=f"ask for one more opinion: ratchet review second {item.key()}",
        )
