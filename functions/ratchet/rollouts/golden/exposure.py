"""GoldenExposure: one look at what a policy version does on a golden set, kept for good."""

from typing import ClassVar

from ratchet.kernel.canonical import content_hash
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.kernel.seal import Sealed
from ratchet.rollouts.golden.names import Address, GoldenName, Purpose

EXPOSURES = "ops_golden_exposures"


class Spread(Model):
    """Mean and standard deviation of the scores of `n` examples."""

    n: int
    mean: float
    sd: float


class Gain(Model):
    """How much better one is than the other, and the interval at `level`; above 0 is better."""

    value: float
    low: float
    high: float
    level: float


class Against(Model):
    """A champion's scores on the same examples, and the gain of a version over it."""

    champion: Spread
    gain: Gain


class GoldenResult(Model):
    """What a look showed: the version's scores, and how they are against a champion's if any."""

    scores: Spread
    against: Against | None = None


class GoldenExposure(Sealed):
    """`ops_golden_exposures/{set~sequence}`: append-only; its number is the set's alone.

    `scores` and `championScores` are the blobs of scores by example id. One beyond the `budget`
    justifies no promotion.
    """

    collection: ClassVar[str] = EXPOSURES

    set: GoldenName
    sequence: int
    version: str
    champion: str | None = None
    purpose: Purpose
    scores: Address
    champion_scores: Address | None = None
    result: GoldenResult
    budget: int
    at: Instant
    by: str

    def key(self) -> str:
        """Return set and sequence."""
        return exposure_key(self.set, self.sequence)

    @property
    def justifies(self) -> bool:
        """Whether it came within the budget."""
        return self.sequence <= self.budget

    @property
    def seen(self) -> str:
        """What was looked at: the same again tells nothing new, and is no second exposure."""
        return content_hash([self.scores, self.champion or "", self.champion_scores or ""])


class GoldenStanding(Sealed):
    """`ops_golden_standings/{set~version}`: the exposures of one version, and the latest.

    `told` maps what was looked at to the exposure's sequence.
    """

    collection: ClassVar[str] = "ops_golden_standings"

    set: GoldenName
    version: str
    latest: int
    told: dict[str, int]

    def key(self) -> str:
        """Return set and version."""
        return standing_key(self.set, self.version)

    def after(self, exposure: GoldenExposure) -> "GoldenStanding":
        """Return the standing with one exposure more."""
        told = self.told | {exposure.seen: exposure.sequence}
        return self.model_copy(update={"latest": exposure.sequence, "told": told})


def exposure_key(name: str, sequence: int) -> str:
    """Return the id of an exposure; ids sort as sequences do.

    >>> exposure_key("airline", 3)
    'airline~000003'
    """
    return join_key(name, f"{sequence:06d}")


def standing_key(name: str, version: str) -> str:
    """Return the id of what is known of a version on a set."""
    return join_key(name, version)
