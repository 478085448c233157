"""ReviewItem: one question to a person, who has it, and what was answered."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from ratchet.kernel.clock import DAY
from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.labels.label import BAD, GOOD, Class, Confidence, Subject
from ratchet.observe.observation import Name, Propensity, Share

REVIEW_QUEUE = "ops_review_queue"
# What asks: the selection of labels, a dataset's review, a study.
Kind = Literal["label", "dataset", "study"]
ReviewState = Literal["open", "claimed", "escalated", "done", "dropped"]
Reviewer = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Note = Annotated[str, StringConstraints(max_length=2000)]
MAX_WANTED = 9
LONGEST_LEASE = DAY


class Claim(Model):
    """Who looks at an item now, and until when it is kept for him."""

    by: Reviewer
    until: Instant


class Opinion(Model):
    """One reviewer's answer."""

    by: Reviewer
    label: Class
    value: Share | None = None
    confidence: Confidence = 100.0
    note: Note = ""
    at: Instant


class ReviewItem(Document):
    """One subject that people are asked about, shown to one of them at a time.

    `wanted` is how many opinions it takes; who gave one, or skipped it, is not shown it again.
    `propensity` is the probability with which the subject was selected, so that estimates from
    reviewed items can be weighted. `fingerprint` is shared by near copies, which are asked once.
    `shown` is what the reviewer sees. An escalated one stays marked as such. `decided` is what most
    opinions say. A dropped one is not worth an answer: somebody said why. `late` are those whose
    lease ended and who may answer yet, `takenBack` those whose answers were withdrawn, each time.
    """

    collection: ClassVar[str] = REVIEW_QUEUE

    kind: Kind = "label"
    agent: Name
    subject: Subject
    question: str = ""
    classes: tuple[Class, ...] = (GOOD, BAD)
    shown: dict[str, Any] = {}
    features_ref: str | None = None
    priority: float = 0.0
    reason: str = ""
    propensity: Propensity | None = None
    fingerprint: str | None = None
    state: ReviewState = "open"
    wanted: Annotated[int, Field(ge=1, le=MAX_WANTED)] = 1
    claim: Claim | None = None
    opinions: tuple[Opinion, ...] = ()
    skipped_by: tuple[Reviewer, ...] = ()
    late: tuple[Reviewer, ...] = ()
    taken_back: tuple[Reviewer, ...] = ()
    escalated_by: Reviewer | None = None
    escalated_reason: str = ""
    dropped_by: Reviewer | None = None
    dropped_reason: str = ""
    decided: Class | None = None
    enqueued_by: str
    enqueued_at: Instant
    closed_at: Instant | None = None
    expire_at: Instant

    def key(self) -> str:
        """Return what is asked about which subject of which agent."""
        return join_key(self.kind, self.agent, self.subject)
