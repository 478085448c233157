"""Heuristic: a trained model as plain numbers, as a policy version carries it in its params.

Lists are flat, since a store takes no list directly inside a list. A tree's nodes come before their
children, so that it ends and has no cycles.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ratchet.kernel.document import Listed, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.observe.observation import Name
from ratchet.policies.feature_spec import FeatureName, FeatureSpec

PARAM = "heuristic"  # the param that holds it
MAX_NUMBERS = 100_000
MAX_NODES = 4096
MAX_DEPTH = 32
LEAF = -1
Number = Annotated[float, Field(ge=-1e15, le=1e15)]
Numbers = Annotated[tuple[Number, ...], Listed, Field(max_length=MAX_NUMBERS)]
Indexes = Annotated[
    tuple[Annotated[int, Field(ge=LEAF, le=MAX_NUMBERS)], ...],
    Listed,
    Field(min_length=1, max_length=MAX_NODES),
]
Probability = Annotated[float, Field(ge=0, le=1)]


class Strict(Model):
    """A value in which a number is a number, and no text of one."""

    model_config = ConfigDict(strict=True)


class Logistic(Strict):
    """A linear score: what it says before calibration is intercept + coefficients x columns."""

    kind: Literal["logistic"] = "logistic"
    intercept: Number
    coefficients: Numbers

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return len(self.coefficients)

    def misfit(self, width: int) -> str:
        """Return why it does not fit some columns, or nothing."""
        found = len(self.coefficients)
        return "" if found == width else f"{found} coefficients for {width} columns"


class Tree(Strict):
    """A decision tree: at node i, column[i] <= threshold[i] goes left; a leaf has column -1.

    `value` is the share of the positive class at a node. Columns are compared in single precision.
    """

    kind: Literal["tree"] = "tree"
    column: Indexes
    threshold: Numbers
    left: Indexes
    right: Indexes
    value: Annotated[tuple[Probability, ...], Listed]

    @model_validator(mode="after")
    def _grown(self) -> Self:
        n = len(self.column)
        if any(len(x) != n for x in (self.threshold, self.left, self.right, self.value)):
            raise ValueError("the lists of a tree have one length")
        depth, met = [0] * n, [False] * n
        for node, (column, left, right) in enumerate(
            zip(self.column, self.left, self.right, strict=True)
        ):
            children = (left, right)
            if column == LEAF:
                if children != (LEAF, LEAF):
                    raise ValueError(f"node {node} is a leaf and has children")
                continue
            for child in children:
                if not node < child < n or met[child]:
                    raise ValueError(f"node {node}: {child} cannot be its child")
                met[child], depth[child] = True, depth[node] + 1
        if max(depth) > MAX_DEPTH:
            raise ValueError(f"deeper than {MAX_DEPTH}")
        if not all(met[1:]):
            raise ValueError("a node that no other leads to")
        return self

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return 5 * len(self.column)

    def misfit(self, width: int) -> str:
        """Return why it does not fit some columns, or nothing."""
        return "" if max(self.column) < width else f"asks column {max(self.column)} of {width}"


class Scorer(Strict):
    """A model and its calibration: the probability is 1 / (1 + exp(-(slope x score + offset))).

    Source: Platt, Advances in Large Margin Classifiers 1999.
    """

    model: Annotated[Logistic | Tree, Field(discriminator="kind")]
    slope: Annotated[float, Field(ge=0, le=1e9)]
    offset: Number


class ErrorCosts(Model):
    """What a wrong yes and a wrong no cost, in the same unit: the threshold minimises their sum."""

    false_positive: Annotated[float, Field(ge=0, le=1e6)] = 1.0
    false_negative: Annotated[float, Field(ge=0, le=1e6)] = 1.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.false_positive + self.false_negative:
            raise ValueError("one of the two errors must cost something")
        return self


class Heuristic(Strict):
    """What decides: its features, a scorer for `positive` or for each arm, and how it chooses.

    A classifier says `positive` from `threshold` on. A router takes the arm with the best value
    less `costWeight` x its cost. A share of `explore` is decided uniformly at random.
    """

    v: Literal[1] = 1
    agent: Name
    features: Annotated[dict[FeatureName, FeatureSpec], Field(min_length=1, max_length=220)]
    scorers: Annotated[dict[Name, Scorer], Field(min_length=1, max_length=50)]
    positive: Name
    negative: Name
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    costs: ErrorCosts = ErrorCosts()
    arms: dict[Name, Annotated[float, Field(ge=0, le=1e6)]] = {}
    cost_weight: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    explore: Annotated[float, Field(ge=0, le=0.5)] = 0.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wanted = set(self.arms) or {self.positive}
        if set(self.scorers) != wanted or len(self.arms) == 1 or self.positive == self.negative:
            raise ValueError(f"scorers are wanted for {', '.join(sorted(wanted))}, and no others")
        width = sum(spec.width for spec in self.features.values())
        for name, scorer in self.scorers.items():
            if misfit := scorer.model.misfit(width):
                raise ValueError(f"scorers.{name}: {misfit}")
        numbers = sum(scorer.model.numbers for scorer in self.scorers.values())
        if numbers > MAX_NUMBERS:
            raise ValueError(f"{numbers} numbers, the limit is {MAX_NUMBERS}: use fewer buckets")
        return self

    @property
    def decisions(self) -> Sequence[str]:
        """What it can decide, in order."""
        return sorted(self.arms) if self.arms else (self.positive, self.negative)

    def plain(self) -> dict[str, Any]:
        """Return the JSON that a version carries: lists, maps, text and numbers."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def heuristic_of(params: Mapping[str, Any], version: str) -> Heuristic:
    """Return the model that a version carries.

    Raises: InvalidInput where it carries none, or one that is broken.
    """
    found = params.get(PARAM)
    if found is None:
        raise InvalidInput(
            f"{version} carries no heuristic",
            field=PARAM,
            mend="ratchet heuristics train AGENT --draft, and roll the draft out",
        )
    return Heuristic.parse(found)
