"""Rows of a log under a target policy: what the replay estimators read; pure."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.stats.moments import Floats
from ratchet.stats.resample import Hashes

Ratio = tuple[Floats, Floats]
# An estimator: for each row the numerators and denominators of its value, which is the sum over
# the ratios of their sums.
Estimator = Callable[["Rows"], tuple[Ratio, ...]]

_FLOATS = ("reward", "propensity", "target", "fitted", "expected", "supported", "count")
_WANTED = ("reward", "propensity", "target")
_ONE = 1 + 1e-9  # sums of probabilities are rounded
_MOST = 1e15  # beyond it, squares of sums overflow
_LEAST = 1e-9  # a smaller propensity is none that a log of any length could show
_RANGES = {
    "propensity": (f"a probability of at least {_LEAST:g}", _LEAST, _ONE),
    "target": ("a probability", 0.0, _ONE),
    "supported": ("a probability", 0.0, _ONE),
    "count": ("a number from 1", 1.0, _MOST),
}
_ANY = (f"a number within {_MOST:g}", -_MOST, _MOST)


@dataclass(frozen=True)
class Rows:
    """A chunk of logged actions. Shapes: all (n,).

    `unit` is a hash of whom the row belongs to; `propensity` and `target` are the probabilities of
    the action that was taken, under the policy that took it and under the one to be valued.
    `fitted` is a model's reward of the action taken and `expected` its reward under the target,
    sum over a of target(a) * model(a): both or neither. `supported` is the target's probability of
    all actions that could have been taken (1 where not given); `count` is how many observations
    a row stands for (1 where not given).

    Units: probabilities in [0, 1], `propensity` above 0; the model in the reward's unit.
    """

    unit: Hashes
    reward: Floats
    propensity: Floats
    target: Floats
    fitted: Floats | None = None
    expected: Floats | None = None
    supported: Floats | None = None
    count: Floats | None = None

    def __len__(self) -> int:
        return len(self.unit)

    @cached_property
    def weight(self) -> Floats:
        """Return the importance weights, target over propensity."""
        return self.target / self.propensity

    @cached_property
    def weighted(self) -> Floats:
        """Return the rewards times their weights."""
        return self.weight * self.reward

    @cached_property
    def ones(self) -> Floats:
        """Return a one for each row."""
        return np.ones(len(self))

    @property
    def modelled(self) -> bool:
        """Say whether a reward model was given."""
        return self.fitted is not None

    @cached_property
    def expectation(self) -> Floats:
        """Return the model's reward under the target.

        Raises: InvalidInput where no model was given.
        """
        return _modelled(self.expected, "expected")

    @cached_property
    def correction(self) -> Floats:
        """Return the importance-weighted error of the model.

        Raises: InvalidInput where no model was given.
        """
        return self.weight * (self.reward - _modelled(self.fitted, "fitted"))


def checked(rows: Rows, first: int) -> Rows:
    """Return rows that can be used; `first` is how many rows of the log came before.

    Raises: InvalidInput that names the field and the row.
    """
    if (rows.fitted is None) != (rows.expected is None):
        raise InvalidInput(
            "a reward model wants both fitted and expected rewards",
            field="fitted" if rows.fitted is None else "expected",
            mend="give both or neither",
        )
    for name in _FLOATS:
        values = getattr(rows, name)
        if values is not None or name in _WANTED:
            check_column(name, values, len(rows), first)
    return rows


def check_column(name: str, values: Floats | None, n: int, first: int) -> Floats:
    """Return a column of a log that is there, as long as the others, each cell in its range.

    Raises: InvalidInput that names the column and the row.
    """
    if values is None:
        raise InvalidInput(
            f"the log has no {name}",
            field=name,
            mend="log it with each decision; it cannot be found afterwards",
        )
    if values.shape != (n,):
        raise InvalidInput(
            f"{name} has the shape {values.shape}, the units ({n},)",
            field=name,
            mend="give one value for each row",
        )
    wanted, least, most = _RANGES.get(name, _ANY)
    good = (values >= least) & (values <= most)  # NaN is neither
    if not good.all():
        at = int(np.argmin(good))
        raise InvalidInput(
            f"{name} of row {first + at} (from 0) is {values[at]}, {wanted} is wanted",
            field=name,
            mend="mend that row",
        )
    return values


def widened(
    range_: tuple[float, float], rewards: Floats, span: float, first: int
) -> tuple[float, float]:
    """Return a range of rewards together with those of some rows. Shapes: (n,).

    Raises: InvalidInput that names the row with which it grows wider than the span.
    """
    low = np.minimum.accumulate(np.minimum(rewards, range_[0]))
    high = np.maximum.accumulate(np.maximum(rewards, range_[1]))
    over = high - low > span * _ONE
    if over.any():
        at = int(np.argmax(over))
        raise InvalidInput(
            f"reward of row {first + at} (from 0) is {rewards[at]:g}: with it, rewards are"
            f" {low[at]:g} to {high[at]:g}, wider than the span of {span:g}",
            field="reward",
            mend=f"span={float(high[-1] - low[-1])} or more: the width of the rewards' range",
        )
    return float(low[-1]), float(high[-1])


def _modelled(values: Floats | None, name: str) -> Floats:
    if values is None:
        raise InvalidInput(
            "this estimator wants a reward model", field=name, mend="give fitted and expected"
        )
    return values
