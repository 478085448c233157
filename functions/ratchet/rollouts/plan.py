"""Plan: how many units and hours it takes to see an effect, before a rollout starts; pure."""

import math
from statistics import NormalDist
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.rollouts.boundary import reach
from ratchet.rollouts.evidence.mixture import MANY
from ratchet.rollouts.pair import Pair, Question
from ratchet.rollouts.strata import combine

_NORMAL = NormalDist()


class Seen(Model):
    """How much a metric varies: the SD between units, or the rate of an event.

    Where a unit brings several observations, `spread` is that of its mean: `spread_of` gives it. A
    rate without a spread is that of independent observations.
    """

    spread: Annotated[float, Field(ge=0)] | None = None
    rate: Annotated[float, Field(gt=0, lt=1)] | None = None

    def variances(self, effect: float) -> tuple[float, float]:
        """Return the variance of one unit of the challenger and of the control.

        Raises: InvalidInput where nothing was seen.
        """
        if self.spread is not None:
            return self.spread**2, self.spread**2
        if self.rate is None:
            raise InvalidInput(
                "nothing is known of the metric", field="seen", mend="spread or rate"
            )
        moved = (min(1.0, self.rate + effect), max(0.0, self.rate - effect))
        return max(p * (1 - p) for p in moved), self.rate * (1 - self.rate)


class Traffic(Model):
    """What comes: distinct units an hour, over all arms; `share` and `control` are the arms'."""

    units_per_hour: Annotated[float, Field(gt=0)]
    share: Annotated[float, Field(gt=0, lt=1)]
    control: Annotated[float, Field(gt=0, lt=1)]

    @model_validator(mode="after")
    def _check(self) -> "Traffic":
        if self.share + self.control > 1 + 1e-9:
            raise ValueError("share and control are more than all traffic")
        return self


class Planned(Model):
    """What a plan needs: challenger units and hours, the outcome window included.

    `plannedError` is the standard error at its end, in the metric's unit, and `plannedEvents` the
    events of both arms (of a rate, those of the rarer side): what a Question is told.
    """

    units: int
    hours: float
    planned_error: float
    planned_events: float

    def told(self) -> tuple[float, float]:
        """Return what `weigh` takes as the plan of a metric."""
        return self.planned_error, self.planned_events


def spread_of(pair: Pair) -> float | None:
    """Return the SD of one unit's mean as data show it, or None where they show none."""
    variance = float(combine(pair).variance)
    per_unit = float((1 / np.maximum(pair.units, 1e-9)).sum())
    return math.sqrt(variance / per_unit) if math.isfinite(variance) else None


def plan(
    effect: float,
    seen: Seen,
    traffic: Traffic,
    *,
    error: float = 0.025,
    power: float = 0.9,
    window_hours: float = 0.0,
    deadline_hours: float | None = None,
) -> Planned:
    """Plan to see an effect, to either side, by a bound of a one-sided error over all looks.

    Units: effect and spread in the metric's unit. The power is that of the last look alone, so
    with those before it, it is a little more.
    Raises: InvalidInput; Refused with the units and hours it would take, past the deadline.
    """
    if not (effect and math.isfinite(effect) and 0 < error < 0.5 and 0 < power < 1):
        raise InvalidInput(
            f"no plan for effect {effect}, error {error} and power {power}",
            field="effect",
            mend="an effect other than 0, an error below 0.5, a power below 1",
        )
    of_challenger, of_control = seen.variances(abs(effect))
    needed = of_challenger / traffic.share + of_control / traffic.control
    planned_error = abs(effect) / _standard_errors(seen, error, power)
    least = _least_units() / min(traffic.share, traffic.control)
    total = max(needed / planned_error**2, least)
    units, hours = math.ceil(total * traffic.share), total / traffic.units_per_hour + window_hours
    if deadline_hours is not None and hours > deadline_hours:
        raise Refused(
            f"the plan takes {hours:,.0f} hours and {units:,} units of the challenger, and its "
            f"deadline is after {deadline_hours:,.0f} hours",
            field="deadlineHours",
            mend="a larger share, a later deadline or a larger effect",
        )
    rarer = min(seen.rate, 1 - seen.rate) if seen.rate is not None else 1.0
    both = total * (traffic.share + traffic.control)
    error_then = math.sqrt(needed / total)
    return Planned(
        units=units, hours=hours, planned_error=error_then, planned_events=max(1.0, rarer * both)
    )


def _least_units() -> int:
    """Return the units from which a bound is trusted, of a metric about as skewed as a normal one.

    Its variance rests on a third of its units (the inverse of its kurtosis); a skewed one's rests
    on fewer, and takes longer.
    """
    least = Question()
    return max(least.least_units, 4 * least.least_events)


def _standard_errors(seen: Seen, error: float, power: float) -> float:
    """Return how many standard errors an effect must be, to be seen at the plan's end."""
    part = error if seen.rate is None else error * MANY  # rates share their error between bounds
    return float(reach(2 * part, np.array(1.0))) + _NORMAL.inv_cdf(power)
