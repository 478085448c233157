"""Fit: each arm's mean reward in the other folds of units, as the model where none is given."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.replay_rows import Rows, check_column
from ratchet.stats.moments import Floats, Ints
from ratchet.stats.resample import Hashes, folds_of

FOLDS = 5


@dataclass(frozen=True)
class Chunk:
    """Rows of a log as it was written. Shapes: all (n,).

    `unit` is from `hashes_of`; `propensity` is the probability with which the row's arm was taken,
    at its time; `count` is how many observations each row stands for (1 where None).
    """

    unit: Hashes
    arm: npt.NDArray[np.str_]
    reward: Floats
    propensity: Floats | None
    count: Floats | None = None

    def __len__(self) -> int:
        return len(self.unit)


@dataclass(frozen=True)
class Fit:
    """The arms of a log, the target's weights on them, and their mean rewards, cross-fitted.

    Shapes: target, logged (arms,), means (folds, arms).
    """

    arms: Mapping[str, int]
    target: Floats
    logged: npt.NDArray[np.bool_]
    means: Floats

    def unlogged(self) -> dict[str, float]:
        """Return the arms that the target wants and the log never took, with their weights."""
        missing = (self.target > 0) & ~self.logged
        return {arm: float(self.target[i]) for arm, i in self.arms.items() if missing[i]}

    def rows(self, chunk: Chunk) -> Rows:
        """Return a chunk's rows; where an arm was certain, the others had no chance there."""
        arm, fold = positions(chunk, self.arms), folds_of(chunk.unit, FOLDS)
        propensity = check_column("propensity", chunk.propensity, len(chunk), 0)
        possible = float(self.target[self.logged].sum())
        return Rows(
            unit=chunk.unit,
            reward=chunk.reward,
            propensity=propensity,
            target=self.target[arm],
            fitted=self.means[fold, arm],
            expected=(self.means @ self.target)[fold],
            supported=np.where(propensity >= 1, self.target[arm], possible),
            count=chunk.count,
        )


def fit(log: Iterable[Chunk], weights: Mapping[str, float]) -> Fit:
    """Return the arms' mean rewards in one pass; a fold's come from the units of the others.

    An arm that the other folds lack has their mean over all arms.

    Raises: InvalidInput of a reward or a propensity that cannot be, by name and row.
    """
    arms = {arm: i for i, arm in enumerate(weights)}
    sums = np.zeros((2, FOLDS, len(arms)))  # of rewards and of counts
    seen = 0
    for chunk in log:
        _check(chunk, seen)
        seen += len(chunk)
        for name in np.unique(chunk.arm).tolist():
            arms.setdefault(name, len(arms))
        sums = np.pad(sums, ((0, 0), (0, 0), (0, len(arms) - sums.shape[2])))
        count = np.ones(len(chunk)) if chunk.count is None else chunk.count
        cell = folds_of(chunk.unit, FOLDS) * len(arms) + positions(chunk, arms)
        for i, column in enumerate((count * chunk.reward, count)):
            held = np.bincount(cell, weights=column, minlength=FOLDS * len(arms))
            sums[i] += held.reshape(FOLDS, len(arms))
    others = sums.sum(1, keepdims=True) - sums
    overall = _ratio(others.sum(2)[0], others.sum(2)[1], np.zeros(FOLDS))
    means = _ratio(others[0], others[1], overall[:, None])
    target = np.array([weights.get(arm, 0.0) for arm in arms])
    return Fit(arms, target, sums[1].sum(0) > 0, means)


def positions(chunk: Chunk, arms: Mapping[str, int]) -> Ints:
    """Return each row's position in the arms.

    Raises: InvalidInput of an arm that was not there before.
    """
    names, inverse = np.unique(chunk.arm, return_inverse=True)
    try:
        known = np.array([arms[name] for name in names.tolist()], np.int64)
    except KeyError as error:
        raise InvalidInput(
            f"arm {error} appeared at the second reading",
            field="log",
            mend="give a log that does not change while it is read",
        ) from error
    return np.asarray(known[inverse.reshape(-1)])


def _check(chunk: Chunk, first: int) -> None:
    n = len(chunk)
    check_column("reward", chunk.reward, n, first)
    check_column("propensity", chunk.propensity, n, first)
    if chunk.count is not None:
        check_column("count", chunk.count, n, first)
    if chunk.arm.shape != (n,):
        raise InvalidInput(
            f"arm has the shape {chunk.arm.shape}, the units ({n},)",
            field="arm",
            mend="give one value for each row",
        )


def _ratio(top: Floats, bottom: Floats, otherwise: Floats) -> Floats:
    """Return top / bottom, and `otherwise` where there is nothing below."""
    safe = np.where(bottom > 0, bottom, 1.0)
    return np.asarray(np.where(bottom > 0, top / safe, otherwise))
