"""Which review items grade an observation, and what its feedback says then."""

import re
from collections.abc import Sequence
from datetime import datetime

from ratchet.kernel.each import each
from ratchet.labels.label import BAD, GOOD
from ratchet.labels.review_item import ReviewItem
from ratchet.observe.feedback import feedback_ref, write_feedback
from ratchet.observe.grade import REVIEW, Feedback, Grade
from ratchet.observe.items import items_by_id
from ratchet.observe.observation import COLLECTION, split_id
from ratchet.observe.settings import Ingest
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction

_OBSERVATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}(\.\d{1,3})?")


def observed(tx: Transaction, items: Sequence[ReviewItem]) -> dict[str, Feedback | None]:
    """Return the feedback, so far, of those subjects that are observations of their agent.

    Only questions whether something is good are meant: the others grade nothing.
    """
    asked = [item for item in items if _grades(item)]
    stored = (found for found in tx.fetch([_observation(item) for item in asked]) if found)
    agents = {
        subject: observation.get("component")
        for batch in each(stored, items_by_id, _pass_over)
        for subject, observation in batch.items()
    }
    own = [item.subject for item in asked if agents.get(item.subject) == item.agent]
    there = {subject: feedback_ref(subject, REVIEW) for subject in own}
    known = tx.fetch(list(there.values()))
    return {
        subject: Feedback.from_store(stored.data) if stored else None
        for subject, stored in zip(there, known, strict=True)
    }


def write_asked(tx: Transaction, item: ReviewItem, *, ingest: Ingest, now: datetime) -> None:
    """Say with an observation that people are asked about it, and how probable that was."""
    grade = Grade(obs_id=item.subject, source=REVIEW)
    write_feedback(tx, grade, ingest=ingest, now=now, propensity=item.propensity, asked=True)


def write_answer(tx: Transaction, item: ReviewItem, *, ingest: Ingest, now: datetime) -> None:
    """Grade an observation by what was decided about it."""
    grade = Grade(obs_id=item.subject, source=REVIEW, grade=quality(item))
    write_feedback(tx, grade, ingest=ingest, now=now, propensity=item.propensity)


def quality(item: ReviewItem) -> float | None:
    """Return the mean value 0..1 of the opinions that were followed; of all, where none was."""
    followed = [one.value for one in item.opinions if item.decided in (None, one.label)]
    values = [value for value in followed if value is not None]
    return round(sum(values) / len(values), 6) if values else None


def _grades(item: ReviewItem) -> bool:
    asked = item.kind == "label" and set(item.classes) == {GOOD, BAD}
    return asked and _OBSERVATION.fullmatch(item.subject) is not None


def _observation(item: ReviewItem) -> Ref:
    return Ref(COLLECTION, split_id(item.subject)[0])


def _pass_over(error: Exception) -> None:
    """Let an observation that cannot be read keep no question from being asked or answered."""
