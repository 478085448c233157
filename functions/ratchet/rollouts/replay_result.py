"""Result: what a replay says, how sure it is, and when it may not be said at all; pure."""

import math
from statistics import NormalDist

import numpy as np

from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.rollouts.replay_tally import SUPPORT, WEIGHT, Tally
from ratchet.stats.intervals import LEVEL, Interval, t_quantile
from ratchet.stats.moments import Floats
from ratchet.stats.resample import Resample

LEAST_EFFECTIVE = 50  # effective sample size, of rows and of units
LEAST_EFFECTIVE_SHARE = 0.01  # ... of rows, as a share of all rows
LEAST_SUPPORT = 0.99  # of the target's probability, on actions that the log could take
MOST_SHARE = 0.1  # of all weight, on one row
MOST_DEVIATION = (5.0, 0.1)  # of the mean weight from 1: in standard errors and absolutely
DOUBTED = (4.0, 1e-3)  # ... from where it is told of; propensities of three digits are that exact
RARE = 3.0  # the rule of three: of n without an event, up to 3 / n events are to be expected


class Estimate(Interval):
    """A value of the target policy with its interval, in the reward's unit.

    `error` is the standard error and `seed_spread` how far a bound differs between seeds at most;
    `leaves_out` names an error that neither holds (see `Replay`).
    """

    value: float
    error: float
    seed_spread: float
    leaves_out: str = ""


class Replay(Model):
    """What another policy would have earned on a log, by estimator, and what that rests on.

    `support` is the share of the target's probability on actions that the log could take;
    `effective_rows` and `effective_units` are effective sample sizes (Kish) of the weights;
    `mean_weight` is to be the support, within `mean_weight_error` (a standard error), and `doubt`
    says so where it is not. The intervals hold the chance of which units were met and what they
    were given. The interval of `dm` leaves out the bias of its model, and that of `switch_dr` the
    bias above its limit: they are narrow and may well miss the truth, so these two come last.
    """

    rows: int
    units: float
    support: float
    mean_weight: float
    mean_weight_error: float
    doubt: str = ""
    largest_weight: float
    largest_share: float
    effective_rows: float
    effective_units: float
    level: float = LEVEL
    replicates: int
    estimates: dict[str, Estimate]


def summarise(total: Tally, resample: Resample, span: float) -> Replay:
    """Return the result of all sums; `span` is the width of the reward's range.

    Raises: Refused where the log cannot carry the question, with the number and the rule.
    """
    _refuse_too_little(total)
    weight = total.weights()
    values = total.values()
    mean, support = values.pop(WEIGHT), float(values.pop(SUPPORT)[0])
    _refuse_support(support, weight[0])
    spread = float(weight[1:].var(ddof=1))
    found = Replay(
        rows=total.rows,
        units=total.units.count(),
        support=support,
        mean_weight=float(mean[0]),
        mean_weight_error=float(mean[1:].std(ddof=1)),
        largest_weight=total.largest_weight,
        largest_share=total.largest_part / float(weight[0]),
        effective_rows=float(weight[0]) ** 2 / total.squares,
        effective_units=float(weight[0]) ** 2 / spread if spread > 0 else 0.0,
        replicates=resample.total,
        estimates={},
    )
    _refuse_weights(found)
    _refuse_propensities(found)
    effective = min(found.effective_rows, found.effective_units)
    tail, floor = tail_of(effective, resample.total), RARE * span / effective
    estimates = {name: estimate_of(v, resample, tail, floor) for name, v in values.items()}
    return found.model_copy(update={"estimates": estimates, "doubt": _doubt(found)})


def estimate_of(values: Floats, resample: Resample, tail: float, floor: float) -> Estimate:
    """Return a value and its interval, not narrower than `floor` on each side.

    Shapes: values (1 + replicates,), that of the log itself first.
    """
    value, replicates = float(values[0]), values[1:]
    low, high = np.quantile(replicates, [tail, 1 - tail])
    by_seed = replicates.reshape(len(resample.seeds), resample.replicates)
    bounds = np.quantile(by_seed, [tail, 1 - tail], axis=1)
    return Estimate(
        value=value,
        error=float(replicates.std(ddof=1)),
        low=min(float(low), value - floor),
        high=max(float(high), value + floor),
        seed_spread=float(np.ptp(bounds, axis=1).max()),
    )


def tail_of(effective: float, replicates: int) -> float:
    """Return the probability to leave out at each end of the replicates.

    The expanded percentile interval: as far out as Student's t would reach. Percentiles keep the
    skew that rare large weights give: in 600 runs on the nine models at an effective sample of
    100, these intervals of IPS held the truth in 95.0 %, basic ones in 93.5 %, normal ones in
    94.2 %. Then a standard error of the quantile further, because replicates are few.

    Source: Hesterberg, The American Statistician 2015, 69(4), section 5.

    >>> round(tail_of(10, 10**12), 4), round(tail_of(1e6, 10**12), 4), round(tail_of(1e6, 600), 4)
    (0.0086, 0.025, 0.0186)
    """
    reach = math.sqrt(effective / (effective - 1)) * t_quantile((1 + LEVEL) / 2, effective - 1)
    tail = NormalDist().cdf(-reach)
    return max(0.0, tail - math.sqrt(tail * (1 - tail) / replicates))


def _refuse_too_little(total: Tally) -> None:
    if total.rows == 0:
        raise InvalidInput("the log has no rows", field="log", mend="give some")
    if total.units.count() < 2:
        raise Refused(
            "all rows of the log belong to one unit",
            field="unit",
            mend="give rows of many units: the interval comes from how they differ",
        )
    if total.least_propensity >= 1:
        raise Refused(
            "every propensity is 1: the log was made without chance, and says nothing of actions"
            " that were not taken",
            field="propensity",
            mend="log with some exploration, and each decision's own probability",
        )


def _refuse_support(support: float, weights: float) -> None:
    if support < LEAST_SUPPORT - 1e-9 or weights <= 0:  # support is a rounded sum
        raise Refused(
            f"{1 - support if weights > 0 else 1.0:.1%} of the target's probability is on actions"
            f" that the log did not take; at most {1 - LEAST_SUPPORT:.0%} may be",
            field="target",
            mend="explore these actions first, or leave them out of the target",
        )


def _refuse_weights(found: Replay) -> None:
    effective = min(found.effective_rows, found.effective_units)
    wanted = max(LEAST_EFFECTIVE, LEAST_EFFECTIVE_SHARE * found.rows)
    if effective < LEAST_EFFECTIVE or found.effective_rows < wanted:
        raise Refused(
            f"{found.rows} rows of {found.units:.0f} units say as much as {effective:.1f} of the"
            f" target's own; at least {wanted:.0f} are wanted (the effective sample size:"
            f" {LEAST_EFFECTIVE}, and {LEAST_EFFECTIVE_SHARE:.0%} of the rows)",
            field="target",
            mend="give more rows, or a target nearer to what the log did",
        )
    if found.largest_share > MOST_SHARE:
        raise Refused(
            f"one row carries {found.largest_share:.1%} of all weight; at most"
            f" {MOST_SHARE:.0%} may be",
            field="propensity",
            mend="give more rows, or a target nearer to what the log did",
        )


def _refuse_propensities(found: Replay) -> None:
    off, (errors, least) = abs(found.mean_weight - found.support), MOST_DEVIATION
    error = found.mean_weight_error
    if off > least and off > errors * error:
        raise Refused(
            f"the mean weight is {found.mean_weight:.3f} +- {error:.3f}, and 1 where propensities"
            " are right: these are not the probabilities with which the log acted",
            field="propensity",
            mend="give each row the probability, at its time, of the action that was taken",
        )


def _doubt(found: Replay) -> str:
    """Say that propensities look wrong which are not so far off that a replay is refused."""
    off, (errors, least) = abs(found.mean_weight - found.support), DOUBTED
    if off <= max(errors * found.mean_weight_error, least):
        return ""
    return (
        f"the propensities look wrong: their weights average {found.mean_weight:.3f} +-"
        f" {found.mean_weight_error:.2g}, and {found.support:.3g} is wanted"
    )
