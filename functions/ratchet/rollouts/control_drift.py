"""Control drift: whether the control's own goal moved during a rollout; pure.

Arms are compared within the same hours, so a drift biases no verdict; it says that what was shown
may not hold any more. A whole day is held against a whole day: a daily cycle is in both.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from ratchet.kernel.clock import DAY, day_of
from ratchet.kernel.document import Instant, Model
from ratchet.observe.watch import CONTROL
from ratchet.rollouts.amount import size_of
from ratchet.rollouts.corrected import corrected
from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.metric import DRAWN, metric_named
from ratchet.rollouts.metrics import arms_of
from ratchet.rollouts.pair import Pair, Question
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.strata import combine
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats
from ratchet.stats.rollout_bucket import RolloutBucket
from ratchet.stats.units import sum_units

ERROR = 0.001  # of a false warning in the life of a rollout, to either side


class Drift(Model):
    """By how much the control's goal differs on a day from what it was on the first whole day.

    Units: those of the metric; `bound` is the least change that is shown, and more than `margin`.
    """

    metric: str
    first: Instant
    latest: Instant
    before: float
    change: float
    bound: float
    margin: float


def control_drift(rollout: Rollout, buckets: Sequence[RolloutBucket]) -> Drift | None:
    """Return the drift of the control on the latest whole UTC day; None where none is shown.

    Two whole days are needed; the n-th day after the first has 1 / (n (n + 1)) of the error.
    """
    first, latest = _whole_days(rollout, buckets)
    number = (latest - first) // DAY
    if number < 1:
        return None
    pair = _pair(rollout, [b for b in buckets if b.arm == CONTROL], (first, latest))
    error = ERROR / (number * (number + 1))
    bounds = EVIDENCE["asymptotic"](pair, Question(low_error=error, high_error=error))
    bound = max(float(bounds.low), 0.0) + min(float(bounds.high), 0.0)
    before = float(combine(pair).means[0])
    size = size_of(rollout.profile.detect)
    margin = abs(size.value * before) if size.relative else abs(size.value)
    if not abs(bound) > margin:
        return None
    return Drift(
        metric=rollout.profile.goal.metric,
        first=first,
        latest=latest,
        before=before,
        change=float(bounds.estimate),
        bound=bound,
        margin=margin,
    )


def _whole_days(rollout: Rollout, buckets: Sequence[RolloutBucket]) -> tuple[datetime, datetime]:
    """Return the first day that began with the rollout, and the last before which traffic went on.

    The day of the last bucket is not taken for whole: traffic may have stopped in it.
    """
    begun = day_of(rollout.started_at)
    last = max((bucket.hour for bucket in buckets), default=begun)
    return begun if begun == rollout.started_at else begun + DAY, day_of(last) - DAY


def _pair(
    rollout: Rollout, buckets: Sequence[RolloutBucket], days: tuple[datetime, datetime]
) -> Pair:
    """Return two days of one arm as a pair, the earlier one in the control's place.

    The control's part of the traffic falls from step to step, so each step counts by what it stands
    for: a step that opens at noon leaves a day's morning and evening as they were.
    """
    metric = metric_named(rollout.profile.goal.metric)
    num, den = np.zeros((1, 2, BINS)), np.zeros((1, 2, BINS))
    units: Floats = np.zeros(2)
    drawn = np.zeros((len(DRAWN), 1, 2, BINS))
    for i, day in enumerate(days):
        arms = arms_of(bucket for bucket in buckets if day_of(bucket.hour) == day)
        units[i] = sum_units(arm.units for arm in arms.values()).count()
        for (step, _), arm in arms.items():
            share = rollout.shares(step)[CONTROL]
            num[0, i] += (arm.of(metric.num) - arm.of(metric.less)) / metric.scale / share
            den[0, i] += arm.of(metric.den) / share
            drawn[:, 0, i] += np.array([arm.of(name) for name in DRAWN]) / share
    pair = Pair(num, den, np.array([0.5]), units, metric.span)
    return corrected(pair, *drawn) if metric.corrected else pair
