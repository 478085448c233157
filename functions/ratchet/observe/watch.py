"""Watch: what the scorer must know of a rollout to count what belongs to it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from ratchet.kernel.clock import HOUR
from ratchet.kernel.document import Model
from ratchet.observe.observation import Name

ROLLOUTS = "ops_rollouts"
CONTROL = "control"
SHADOW = "shadow:"
PAIRED = "pair:"
LONGEST_MS = 7 * 86_400_000  # a latency objective, in milliseconds


class Watch(Model):
    """How a rollout's outcomes are counted; part of its document, fixed when it starts.

    `arms` are the control and the challengers. An outcome counts until `outcomeWindowHours` after
    its exposure; `epoch` pins the reward configuration; latencies over `latencyObjectiveMs` count
    as slow.
    """

    arms: tuple[Name, ...]
    steps: Annotated[int, Field(ge=1, le=100)]
    epoch: int
    outcome_window_hours: Annotated[float, Field(ge=0, le=720)] = 1.0
    latency_objective_ms: Annotated[float, Field(gt=0, le=LONGEST_MS)] | None = None

    @property
    def window(self) -> timedelta:
        """How long after its exposure a unit's outcome counts."""
        return timedelta(hours=self.outcome_window_hours)

    def closes(self, exposed: datetime) -> datetime:
        """Return when the outcome window of an exposure closes."""
        return exposed + self.window

    def closed(self, hour: datetime, read_until: datetime) -> bool:
        """Say whether an hour's buckets are frozen: all its windows closed and all was read."""
        return hour + HOUR + self.window <= read_until

    def places(self, arm: str, *, shadow: bool, paired: Iterable[str] = ()) -> list[str]:
        """Return the bucket arms that an observation of an arm counts in, none if it is foreign.

        A shadow observation counts in its own arm alone; a served one that shadows ran beside
        counts in its arm, and once more in the pair of each shadow.
        """
        if arm not in self.arms:
            return []
        if shadow:
            return [SHADOW + arm]
        return [arm, *(PAIRED + name for name in paired if name in self.arms)]
