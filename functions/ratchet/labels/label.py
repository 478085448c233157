"""Label: what somebody said of one subject, under one source; the latest word of a pair counts."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from ratchet.kernel.document import Document, Instant
from ratchet.kernel.ids import join_key
from ratchet.observe.observation import Name, Propensity, Share

LABELS = "ops_labels"
GOOD, BAD = "good", "bad"
# What labels and judgements are about: an observation, a version, a run; any id of the agent's.
Subject = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/+-]*$", max_length=160)
]
Class = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9 ._:/+-]*[A-Za-z0-9._:/+-])?$", max_length=64
    ),
]
Confidence = Annotated[float, Field(ge=0, le=100)]


class Label(Document):
    """One word on one subject of an agent (its component): a class, and its value 0..1 if any.

    `confidence` is 0..100. `source` and `sourceId` name where it came from: one label a pair.
    `featuresRef` is the document that features are taken from. `propensity` is the probability
    with which the subject was chosen to be labelled, where it was drawn. Withdrawn labels stay.
    """

    collection: ClassVar[str] = LABELS

    agent: Name
    subject: Subject
    label: Class
    value: Share | None = None
    confidence: Confidence = 100.0
    source: Name
    source_id: Annotated[str, StringConstraints(min_length=1, max_length=600)]
    labeller: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    ts: Instant
    loaded_at: Instant
    features_ref: Annotated[str, StringConstraints(max_length=300)] | None = None
    propensity: Propensity | None = None
    withdrawn_at: Instant | None = None
    withdrawn_by: str | None = None
    withdrawn_reason: str | None = None

    def key(self) -> str:
        """Return source and source id."""
        return join_key(self.source, self.source_id)

    @property
    def stands(self) -> bool:
        """Whether it was not withdrawn."""
        return self.withdrawn_at is None
