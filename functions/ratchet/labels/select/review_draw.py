"""ReviewDraw: what was drawn for review and how probable that was, kept before anybody is asked."""

from typing import Annotated, ClassVar

from pydantic import Field

from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.labels.label import Class, Subject
from ratchet.observe.observation import Name, Propensity, Share

REVIEW_DRAWS = "ops_review_draws"


class Drawn(Model):
    """One subject that was drawn, with what its item will say.

    `weight` is how many observations it stands for, apart from the draw. Without a `propensity`
    it was asked to teach only: it could have come in an earlier draw, so estimates leave it out.
    """

    subject: Subject
    observed: bool
    propensity: Propensity | None = None
    weight: Annotated[int, Field(ge=1)] = 1
    score: Share
    reason: str
    fingerprint: str | None = None
    wanted: Annotated[int, Field(ge=1, le=9)] = 1


class ReviewDraw(Document):
    """One draw for one agent: by the schedule one a day, by a person's command one each time.

    Each candidate that came in after `since` until `until` took part, and takes part in no other,
    so its probability is that of this draw alone. `candidates` counts those that nobody had been
    asked about. `enqueued` says whether the queue has all of `drawn`.
    """

    collection: ClassVar[str] = REVIEW_DRAWS

    agent: Name
    name: str
    since: Instant
    until: Instant
    candidates: int
    groups: int
    classes: tuple[Class, ...]
    drawn: tuple[Drawn, ...]
    drawn_at: Instant
    enqueued: bool = False
    expire_at: Instant

    def key(self) -> str:
        """Return agent and draw: the day, or the instant of a command."""
        return draw_key(self.agent, self.name)


def draw_key(agent: str, name: str) -> str:
    """Return the key of an agent's draw."""
    return join_key(agent, name)
