"""Report: all that a rollout's closed windows show, metric by metric, for a person to read; pure.

Bounds hold over all looks together, each metric by itself: the page as a whole errs more. What is
labelled fixed-horizon or Bayesian is for reading, and decides nothing.
"""

from typing import Literal

from ratchet.kernel.document import Instant, Model
from ratchet.rollouts.assign import Mode
from ratchet.stats.intervals import Interval

Says = Literal["better", "worse", "open", "held", "too few"]


class Exposed(Model):
    """How the exposures are split over the arms, against the plan; `pValue` holds at any look."""

    p_value: float
    mismatch: bool
    units: float
    observed: dict[str, float]
    expected: dict[str, float]


class ArmSeen(Model):
    """What one arm did in all steps. Units: latencies in milliseconds; shares weighted."""

    arm: str
    version: str
    exposures: int
    n: int
    units: float
    p50_latency: float | None = None
    p95_latency: float | None = None
    p99_latency: float | None = None


class Reading(Model):
    """What does not decide: Welch's interval (fixed-horizon), and the Bayesian posterior.

    `chanceBetter` is the posterior probability that the challenger is better, `expectedLoss` what
    taking it is expected to lose, in the metric's unit.
    """

    fixed_horizon: Interval | None
    chance_better: float
    expected_loss: float


class Compared(Model):
    """One metric of a challenger against its control; `says` is of the challenger.

    `control` and `value` are the two arms' means; `low` and `high` bound their difference,
    challenger - control, absent where none is trusted; so is all that needs values of both arms.
    """

    challenger: str
    metric: str
    better: Literal["higher", "lower"]
    control: float | None
    value: float | None
    difference: float | None
    low: float | None
    high: float | None
    says: Says
    because: str = ""
    reading: Reading | None


class UnknownShare(Model):
    """The share of what is not known in a challenger and its control, and whether they differ."""

    challenger: str
    of: str
    control: float | None
    value: float | None
    low: float | None
    high: float | None
    differs: bool


class MetBoth(Model):
    """Units that met two arms: of those sampled, and as a share of all of the two.

    The first in `step`, the second in it too, or in a `later` one.
    """

    step: int
    later: int | None = None
    arms: tuple[str, str]
    sampled: int
    share: float


class OpenHours(Model):
    """What is counted so far in hours that are open, and may change; `closes`: the first of them.

    `closes` is when its outcome windows have closed; it is read in the tick after that.
    """

    exposures: int
    outcomes: int
    closes: Instant | None = None


class RolloutEvidence(Model):
    """The evidence of a rollout on what was exposed before `until`: frozen, it will not change.

    Later hours count once their outcome windows have closed; until one has, `closed` is false, and
    `open` says what waits where nothing is shown. `error` is the one-sided error of each bound by
    itself, over all looks together.
    """

    rollout: str
    policy: str
    mode: Mode
    state: str
    step: int
    champion: str
    started_at: Instant
    ended_at: Instant | None
    closed: bool
    until: Instant | None
    open: OpenHours | None = None
    outcome_window_hours: float
    error: float
    exposures: Exposed | None
    arms: tuple[ArmSeen, ...]
    compared: tuple[Compared, ...]
    unknown: tuple[UnknownShare, ...]
    met_both: tuple[MetBoth, ...]
