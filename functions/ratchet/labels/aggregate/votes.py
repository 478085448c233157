"""Votes: who said which class of which item; Aggregate: what they come to."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.stats.moments import Floats, Ints

UNKNOWN = -1


@dataclass(frozen=True)
class Votes:
    """One row a vote, and what is known besides.

    `weights` are what raters have earned, 0..1 beyond chance; `known` is the class that people say
    an item has, or -1; `propensity` the probability with which a known item was chosen to be
    labelled. Shapes: item, rater, label (n,); weights (raters,); known, propensity (items,).
    Raises: InvalidInput for columns that are unequal or outside their ranges.
    """

    item: Ints
    rater: Ints
    label: Ints
    items: int
    raters: int
    classes: int
    weights: Floats | None = None
    known: Ints | None = None
    propensity: Floats | None = None

    def __post_init__(self) -> None:
        sizes = {"item": self.items, "rater": self.raters, "label": self.classes}
        for name, size in sizes.items():
            column: Ints = getattr(self, name)
            if column.shape != self.item.shape or column.ndim != 1:
                raise InvalidInput("the columns differ in length", field=name, mend="a row a vote")
            if column.size and not 0 <= column.min() <= column.max() < size:
                raise InvalidInput(f"{name} is outside 0..{size - 1}", field=name)
        if not self.items or not self.classes:
            raise InvalidInput(
                "nothing to vote about", field="items", mend="give items and classes"
            )
        if self.weights is not None:
            _check(self.weights, self.raters, 0, 1, "weights")
        if self.known is not None:
            _check(self.known, self.items, UNKNOWN, self.classes - 1, "known")
        if self.propensity is not None:
            _check(self.propensity, self.items, 0, 1, "propensity")

    @cached_property
    def is_known(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Which items people labelled. Shape: (items,)."""
        if self.known is None:
            return np.zeros(self.items, bool)
        return np.asarray(self.known != UNKNOWN)

    def counts(self) -> Floats:
        """Return how many votes each class of each item has. Shape: (items, classes)."""
        flat = np.bincount(self.item * self.classes + self.label, minlength=self.size)
        return flat.reshape(self.items, self.classes).astype(np.float64)

    @property
    def size(self) -> int:
        """How many pairs of item and class there are."""
        return self.items * self.classes


@dataclass(frozen=True)
class Aggregate:
    """The chance that each item is of each class, and the share of items of each class.

    `low` and `high` are the 95 % interval of the shares, where the rule has one.
    Shapes: chances (items, classes); shares, low, high (classes,).
    """

    chances: Floats
    shares: Floats
    low: Floats | None = None
    high: Floats | None = None

    def labels(self) -> Ints:
        """Return the likeliest class of each item, the first of equals. Shape: (items,)."""
        return np.asarray(self.chances.argmax(1), np.int64)


class Aggregator(Protocol):
    """A rule: votes in, an aggregate out; items that people labelled have their class for sure."""

    def __call__(self, votes: Votes) -> Aggregate:
        """Return what the votes come to."""


def settled(votes: Votes, chances: Floats) -> Aggregate:
    """Return the aggregate of chances, with known items set to what people say."""
    fixed = chances.copy()
    if votes.known is not None:
        at = np.flatnonzero(votes.is_known)
        fixed[at] = 0.0
        fixed[at, votes.known[at]] = 1.0
    return Aggregate(fixed, fixed.mean(0))


def _check(values: Floats | Ints, size: int, low: float, high: float, name: str) -> None:
    if values.shape != (size,):
        raise InvalidInput(f"{name} wants {size} values", field=name, mend="one each")
    if size and not low <= values.min() <= values.max() <= high:
        raise InvalidInput(f"{name} is outside {low:g}..{high:g}", field=name)
