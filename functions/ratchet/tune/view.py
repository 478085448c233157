"""What a tuner sees and says; tuners are pure functions of a View."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ratchet.policies.version import PolicyVersion
from ratchet.stats.bucket import Sums, sum_sums


@dataclass(frozen=True)
class View:
    """A policy's active version, and what its components did in the window.

    `hours` holds, for each component, its sums by hour under the present reward epoch, of this
    behaviour alone. `base` are the params of the version whose behaviour it is.
    """

    version: PolicyVersion
    base: Mapping[str, Any]
    hours: Mapping[str, Mapping[datetime, Sums]]
    seed: int

    def total(self, component: str) -> Sums:
        """Return all the sums of a component."""
        return sum_sums(self.hours.get(component, {}).values())


@dataclass(frozen=True)
class Suggestion:
    """What a tuner says: new values, or none; and why, either way.

    `gain` is the expected change of mean reward per observation as (estimate, low, high). `since`
    is the hour of the last change, where one cut off the history before it.
    """

    reasons: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    gain: tuple[float, float, float] | None = None
    since: datetime | None = None


class Tuner(Protocol):
    """Same view, same suggestion; whatever it suggests lies inside the envelope."""

    def __call__(self, view: View, /) -> Suggestion:
        """Return a suggestion, without params where the evidence says nothing."""
