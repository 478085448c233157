"""Judgement: what one judge said of one subject; a judge has a version and a family."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ratchet.kernel.document import Document, Instant
from ratchet.kernel.ids import join_key
from ratchet.labels.label import Class, Subject
from ratchet.observe.observation import Name, Share

JUDGEMENTS = "ops_judgements"
# The order in which the two of a pair were shown.
Position = Literal["ab", "ba"]


class Judgement(Document):
    """A class, a score 0..1, or both, of one subject by one version of a judge.

    `confidence` is the probability 0..1 that the judge gives its own class. `position` says in
    which order a pair was shown, `repeat` counts the times that the same was asked again.
    Units: costUsd in US dollars.
    """

    collection: ClassVar[str] = JUDGEMENTS

    judge: Name
    judge_version: Name = "1"
    family: Name
    agent: Name
    subject: Subject
    label: Class | None = None
    score: Share | None = None
    confidence: Share | None = None
    position: Position | None = None
    repeat: Annotated[int, Field(ge=0, le=99)] = 0
    cost_usd: Annotated[float, Field(ge=0, le=10_000)] | None = None
    ts: Instant
    recorded_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return who judged what, in which order, and for which time."""
        who = (self.judge, self.judge_version, self.agent, self.subject)
        return judgement_key(*who, self.position, self.repeat)


def judgement_key(
    judge: str,
    version: str,
    agent: str,
    subject: str,
    position: Position | None = None,
    repeat: int = 0,
) -> str:
    """Return the id of one judgement, which only its judge, subject and turn decide."""
    return join_key(judge, version, agent, subject, position or "", repeat)
