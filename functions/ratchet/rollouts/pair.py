"""Pair: one metric of a control and a challenger, and what may be asked of it; pure."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ratchet.stats.moments import Floats

Bools = npt.NDArray[np.bool_]
CONTROL, CHALLENGER = 0, 1


@dataclass(frozen=True)
class Pair:
    """A metric by step, arm and bin of units: `num / den`, sums over weights or events over trials.

    Shapes: num, den (..., steps, 2, bins), the control first; share (steps,), the challenger's
    share of the traffic of the two; units (..., 2), how many distinct units each arm met. Leading
    axes are looks or runs; all results have them. Units: num in natural units times weights.
    `span` is the width of the metric's range where it has one (1 for rewards, grades and rates).
    """

    num: Floats
    den: Floats
    share: Floats
    units: Floats
    span: float | None = 1.0

    def mirrored(self) -> "Pair":
        """Return the pair of den - num: failures of successes."""
        return Pair(self.den - self.num, self.den, self.share, self.units, self.span)

    def exchanged(self) -> "Pair":
        """Return the pair with the arms in each other's place."""
        num, den = self.num[..., ::-1, :], self.den[..., ::-1, :]
        return Pair(num, den, 1 - self.share, self.units[..., ::-1], self.span)


@dataclass(frozen=True)
class Question:
    """What is asked of a pair: bounds that each fail with at most a given probability, ever.

    `low_error` and `high_error` are one-sided and hold over all looks together. `planned_error`
    is the standard error that the plan expects at its end, in the metric's unit, and
    `planned_events` the events (of both arms): they say where the bounds are tightest.
    """

    low_error: float = 0.025
    high_error: float = 0.025
    planned_error: float | None = None
    planned_events: float = 50.0
    least_units: int = 50
    least_events: int = 15

    def soonest(self) -> "Question":
        """Return it with the minima from which a bound can be trusted, however many are wanted."""
        units = min(self.least_units, Question.least_units)
        events = min(self.least_events, Question.least_events)
        return replace(self, least_units=units, least_events=events)


@dataclass(frozen=True)
class Bounds:
    """The difference challenger - control, with bounds. Shapes: all (...), of the leading axes.

    Where nothing can be said, `estimate` is NaN, the bounds are infinite and `trusted` is False.
    `units` have a value, `events` bins carry the variance, in the arm with fewer of them.
    """

    estimate: Floats
    error: Floats
    low: Floats
    high: Floats
    trusted: Bools
    units: Floats | None = None
    events: Floats | None = None


class Evidence(Protocol):
    """One way to compare; answers for no data, one arm, no variance, NaN and one unit, too."""

    def __call__(self, pair: Pair, question: Question) -> Bounds:
        """Return the bounds of challenger - control."""
        ...


def nothing(shape: tuple[int, ...]) -> Bounds:
    """Return the bounds of no knowledge."""
    return Bounds(
        np.full(shape, np.nan),
        np.full(shape, np.inf),
        np.full(shape, -np.inf),
        np.full(shape, np.inf),
        np.zeros(shape, np.bool_),
    )
