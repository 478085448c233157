"""GoldenSet: examples that are frozen to be measured by, and how often they may be looked at."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from ratchet.govern.audit import ChainHead
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.seal import Sealed
from ratchet.rollouts.golden.names import MAX_EXAMPLES, MIN_EXAMPLES, Address, ExampleId, GoldenName

GOLDEN_SETS = "ops_golden_sets"
MAX_BUDGET = 1000
Metric = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:-]{0,62}$")]
Direction = Literal["higher", "lower"]


class GoldenEntry(Model):
    """One example of a golden set: the blob of its redacted words, and their normal hash."""

    id: ExampleId
    content: Address
    normal: Address


class GoldenTerms(Model):
    """What a person says of a set when it is frozen: what is measured, and how often.

    Scores are 0..1, and `direction` says which are good. After `budget` exposures the set cannot
    justify a promotion.
    """

    metric: Metric
    direction: Direction = "higher"
    budget: Annotated[int, Field(ge=1, le=MAX_BUDGET)]


class GoldenSet(Sealed):
    """`ops_golden_sets/{name}`: frozen; it is sealed, and never changed.

    `entries` is the blob of its GoldenEntry lines, in order of id. `dedupe` is the version of the
    code that made their normal hashes.
    """

    collection: ClassVar[str] = GOLDEN_SETS

    name: GoldenName
    terms: GoldenTerms
    entries: Address
    examples: Annotated[int, Field(ge=MIN_EXAMPLES, le=MAX_EXAMPLES)]
    source: str
    dedupe: str
    reason: str
    created_at: Instant
    created_by: str

    def key(self) -> str:
        """Return the name."""
        return self.name


class GoldenHead(ChainHead):
    """`ops_policy_heads/golden:{name}`: how often a set was looked at, and its audit chain."""

    exposures: int = 0


def golden_stream(name: str) -> str:
    """Return the audit stream of a golden set.

    >>> golden_stream("airline")
    'golden:airline'
    """
    return f"golden:{name}"
