"""Card: what is known of one component: how it does, where it is strong and weak, how it fails."""

from typing import ClassVar, Literal

from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.stats.intervals import Interval
from ratchet.stats.loss_terms import LOSS, TERMS
from ratchet.store.port import Ref

REWARD = "reward"
# What a component can be strong or weak in.
METRICS = (LOSS, *TERMS, REWARD)
Side = Literal["strength", "weakness"]
Against = Literal["fleet", "past", "threshold"]
FailureKind = Literal["outcome", "error", "gate"]


class Claim(Model):
    """One strength or weakness, with what it rests on.

    `metric` is a term of the loss, `loss` or `reward`; `mean` the component's and `reference` that
    of the fleet, of its own past, or a threshold, over `days` closed days. `interval` is of how
    much worse the component is (below 0: better), valid for every claim and look of a month at
    once.
    """

    side: Side
    metric: str
    against: Against
    mean: float
    reference: float
    worse: float
    interval: Interval
    runs: int
    days: int
    text: str = ""


class Change(Model):
    """How a mean moved: of some days, against as many before; a fixed-time 95 % interval."""

    days: int
    mean: float | None = None
    runs: int = 0
    before: float | None = None
    runs_before: int = 0
    change: float | None = None
    interval: Interval | None = None


class ModelStanding(Model):
    """A model and the mean of its runs, best first; `by` says of what: reward, or 1 - loss.

    `interval` is 95 % for all models with runs enough at once, as days and runs differ; None below
    three days. Models are not compared on the same work: what was given to each may differ.
    """

    model: str
    by: Literal["reward", "loss"]
    mean: float
    interval: Interval | None = None
    runs: int


class Failure(Model):
    """A way of failing: its share among the runs of 30 days, and the share in the 30 before."""

    kind: FailureKind
    name: str
    runs: int
    share: float
    interval: Interval
    before: float | None = None


Named = Literal["model", "error", "gate"]


class StudyLine(Model):
    """A recent study, in a line."""

    id: str
    type: str
    state: str
    version: str | None = None


class Card(Document):
    """`ops_cards/{component}`, made from buckets alone.

    `runs`, `models` and `failures` are of the last 30 days; claims rest on the days that were over
    at `closedUntil`, and change once a day. `unlisted` says of which kinds of names a day had so
    many that its rarest were counted together, and are not in the lists. `policyVersion` is what
    its latest runs named, `active` the version of that policy that is active.
    """

    collection: ClassVar[str] = "ops_cards"

    component: str
    as_of: Instant
    closed_until: Instant | None = None
    runs: int = 0
    loss_week: Change = Change(days=7)
    loss_month: Change = Change(days=30)
    claims: tuple[Claim, ...] = ()
    models: tuple[ModelStanding, ...] = ()
    failures: tuple[Failure, ...] = ()
    unlisted: tuple[Named, ...] = ()
    studies: tuple[StudyLine, ...] = ()
    policy_version: str | None = None
    active: str | None = None

    def key(self) -> str:
        """Return the component."""
        return card_ref(self.component).id

    @property
    def weaknesses(self) -> tuple[Claim, ...]:
        """What it does worse."""
        return tuple(claim for claim in self.claims if claim.side == "weakness")

    @property
    def strengths(self) -> tuple[Claim, ...]:
        """What it does better."""
        return tuple(claim for claim in self.claims if claim.side == "strength")

    @property
    def degrading(self) -> Claim | None:
        """The claim that its loss is worse than its own past was, if there is one."""
        return next((c for c in self.weaknesses if (c.metric, c.against) == ("loss", "past")), None)


def card_ref(component: str) -> Ref:
    """Return where a component's card is."""
    return Ref(Card.collection, join_key(component))
