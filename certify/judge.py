"""Judge: what the product decides at every look of a stream; nothing is decided here."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from certify.streams import Stream
from certify.worlds import World
from ratchet.rollouts.metric import metric_named
from ratchet.rollouts.pair import Bools
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.weigh import Weighed, weigh
from ratchet.stats.moments import Floats


@dataclass(frozen=True)
class Judged:
    """Where a challenger would be promoted or rolled back. Shapes: (runs, looks)."""

    promote: Bools
    rollback: Bools
    trusted: Bools

    @property
    def decided(self) -> Bools:
        """Say in which runs anything was ever decided. Shape: (runs,)."""
        return np.asarray((self.promote | self.rollback).any(1))

    @property
    def promoted_first(self) -> Bools:
        """Say in which runs a promotion came, and no rollback before it. Shape: (runs,)."""
        return first(self.promote) < first(self.rollback)


def judge(
    world: World, stream: Stream, metric: str = "reward", *, widened: float = 1.0, **asked: float
) -> Judged:
    """Return what is decided where the metric is the goal, any challenger counting.

    `widened` says how much wider than the world's the plan takes the standard error to be; `asked`
    are further fields of the goal's term.
    """
    error, events = plan_of(world, metric)
    plan = {metric: (error * widened, events)}
    rules = Rules(goal=Term(metric=metric, **asked), challengers=world.arms - 1)
    span = metric_named(metric).span
    return judged(
        weigh({metric: stream.pair(arm, span=span)}, rules, plan=plan)
        for arm in range(1, world.arms)
    )


def judged(weighed: Iterable[Weighed]) -> Judged:
    """Return what the challengers' weighings decide together."""
    found = list(weighed)
    return Judged(
        promote=np.any([one.promote for one in found], axis=0),
        rollback=np.any([one.rollback for one in found], axis=0),
        trusted=np.any([one.terms[0].bounds.trusted for one in found], axis=0),
    )


def plan_of(world: World, metric: str) -> tuple[float, float]:
    """Return the standard error and the events of both arms expected at the end of the run."""
    both = float(np.mean([step[0] + step[1] for step in world.shares]))
    events = world.requests * both * world.means[0] if metric_named(metric).kind == "rate" else 1.0
    return world.planned_error(), events


def first(decided: Bools) -> Floats:
    """Return the look of the first decision of each run, infinite where there is none."""
    return np.where(decided.any(1), decided.argmax(1), np.inf)


def met_at(units: Floats, decided: Bools) -> Floats:
    """Return the units met at the first decision, infinite where there is none.

    Shapes: units, decided (runs, looks); the result (runs,).
    """
    return np.where(decided.any(1), units[np.arange(len(units)), decided.argmax(1)], np.inf)
