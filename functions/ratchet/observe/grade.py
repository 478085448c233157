"""Feedback as it is sent and as it is kept: a quality 0..1 or a later outcome, by source."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.fault import first_fault
from ratchet.kernel.ids import join_key
from ratchet.observe.observation import AHEAD, Name, Outcome, Rejection, Share

# Sources that verbs alone write: weighted judges, and the people of the review queue.
JUDGES = "judges"
REVIEW = "review"
RESERVED = (JUDGES, REVIEW)
# A rarer draw would stand for more than any sum can hold.
Drawn = Annotated[float, Field(ge=1e-9, le=1)]

# A document's id of at most 120 characters, and an item's index.
ObservationId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.\d{1,3})?$", max_length=124)
]


class Grade(Model):
    """Feedback as it is sent: quality 0..1 or a later outcome, or both."""

    model_config = ConfigDict(strict=True)

    obs_id: ObservationId
    source: Name
    grade: Share | None = None
    outcome: Outcome | None = None
    ts: Instant | None = None


class JudgeWord(Model):
    """One judge's part in a grade by judges: its score of the subject, and what it weighs."""

    judge: Name
    version: Name = "1"
    weight: Share
    score: Share


class Feedback(Document):
    """One source's latest word on one observation; `waiting` while there is no reward yet.

    `judges` are whose weighted mean a grade by judges is. `propensity` is the probability with
    which the observation was drawn to be asked about; `asked` says that no answer came yet.
    """

    collection: ClassVar[str] = "ops_feedback"

    obs_id: str
    source: str
    grade: Annotated[float, Field(ge=0, le=1)] | None = None
    outcome: Outcome | None = None
    judges: tuple[JudgeWord, ...] | None = None
    propensity: Drawn | None = None
    asked: bool | None = None
    ts: Instant
    shard: int
    ingested_at: Instant
    expire_at: Instant
    waiting: bool | None = None

    def key(self) -> str:
        """Return observation and source."""
        return join_key(self.obs_id, self.source)

    @property
    def says_nothing(self) -> bool:
        """Whether it was taken back, and is not asked for."""
        return self.grade is None and self.outcome is None and not self.asked

    def entry(self) -> dict[str, Any]:
        """Return what a reward remembers of it."""
        kept = {"grade", "outcome", "judges", "propensity", "asked", "ts"}
        return self.model_dump(by_alias=True, exclude_none=True, include=kept)


def check_grade(raw: Any, index: int, *, now: datetime) -> Grade | Rejection:
    """Return an item's grade, or why it is not one."""
    try:
        grade = Grade.model_validate(dict(raw) if isinstance(raw, Mapping) else raw)
    except ValidationError as error:
        field, reason = first_fault(error, Grade)
        return Rejection(index=index, field=field, reason=reason)
    if grade.source in RESERVED:
        return Rejection(index=index, field="source", reason=_reserved(grade.source))
    if grade.grade is None and grade.outcome is None:
        return Rejection(index=index, field="grade", reason="a grade 0..1 or an outcome is wanted")
    if grade.ts and grade.ts > now + AHEAD:
        return Rejection(index=index, field="ts", reason="more than 10 minutes ahead of the clock")
    return grade


def _reserved(source: str) -> str:
    """Say which command writes what a reserved source says."""
    command = "ratchet judges record" if source == JUDGES else "ratchet review label"
    return f"{source!r} is reserved: `{command}` writes it; name another source"
