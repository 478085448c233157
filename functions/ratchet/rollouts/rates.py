"""Rates: confidence sequences of a ratio of two rates and of one rate, from counts of events."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ratchet.rollouts.boundary import tuning
from ratchet.rollouts.pair import CHALLENGER, CONTROL, Pair
from ratchet.rollouts.strata import Strata
from ratchet.rollouts.worth import valued
from ratchet.stats.moments import Floats
from ratchet.stats.special import log_beta

_FAR = 20.0
_HALVINGS = 45
_HALF = 0.5


class Span(NamedTuple):
    """Two bounds. Shapes: alike."""

    low: Floats
    high: Floats


@dataclass(frozen=True)
class Split:
    """Events of the two arms by step, as independent ones. Shapes: (..., steps).

    `odds` is the logarithm of the challenger's odds in the trials of the two; `planned` its share
    by plan, (steps,), which alone may tune a bound.
    """

    challenger: Floats
    control: Floats
    odds: Floats
    planned: Floats


@dataclass(frozen=True)
class Trials:
    """One arm's events among its trials, as independent ones. Shapes: (...)."""

    events: Floats
    trials: Floats


def split_events(pair: Pair) -> Split:
    """Return the events of each step, deflated to independent ones.

    Where an event happened in a step, it is the challenger's with its share of the trials if the
    arms are alike, whatever the base rate does over time. Units that bring many events make them
    fewer than they look, by the greater of two design effects; so does a share of the trials that
    is itself known from samples.
    """
    known = np.isfinite(pair.num) & np.isfinite(pair.den)
    num, den = (np.where(known, x, 0.0) for x in (pair.num, pair.den))
    trials = den.sum(-1)
    inside = (trials > 0).all(-1) & (pair.share > 0) & (pair.share < 1)
    num = np.where(inside[..., None, None], num, 0.0)
    safe = np.where(inside[..., None], trials, 1.0)
    share = safe[..., CHALLENGER] / safe.sum(-1)
    events = num.sum(-1)
    total = events.sum(-1)
    clustered = np.maximum(_between_bins(num, total, share), _together(num))
    effect = (clustered + _of_trials(den / safe[..., None], total, share))[..., None]
    return Split(
        events[..., CHALLENGER] / effect,
        events[..., CONTROL] / effect,
        np.log(share / (1 - share)),
        np.clip(pair.share, 1e-6, 1 - 1e-6),
    )


def _of_trials(by_bin: Floats, total: Floats, share: Floats) -> Floats:
    """Return how much the trials' spread over the bins adds, as a part of what events spread.

    Shapes: by_bin (..., steps, 2, bins), each arm's trials as parts of all; the result (...).
    """
    whole = total.sum(-1)
    weights = total / np.where(whole > 0, whole, 1.0)[..., None]
    off = ((by_bin[..., CHALLENGER, :] - by_bin[..., CONTROL, :]) * weights[..., None]).sum(-2)
    size = off.shape[-1]
    spread = (off**2).sum(-1) * size / max(size - 1, 1)
    return np.asarray(spread * (total * share * (1 - share)).sum(-1))


def _between_bins(num: Floats, total: Floats, share: Floats) -> Floats:
    """Return how much more the challenger's part varies between bins than independent events."""
    seen = (num[..., CHALLENGER, :].sum(-1) + share) / (total + 1)
    by_bin = (num[..., CHALLENGER, :] - seen[..., None] * num.sum(-2)).sum(-2)
    used = (num.sum((-3, -2)) > 0).sum(-1)
    spread = (by_bin**2).sum(-1) * np.where(used > 1, used / np.maximum(used - 1, 1), 1.0)
    independent = (total * seen * (1 - seen)).sum(-1)
    return np.asarray(np.maximum(1.0, spread / np.where(independent > 0, independent, 1.0)))


def _together(num: Floats) -> Floats:
    """Return how much more the events of all arms come together in bins than independent ones.

    This sees clustering while the challenger has no event yet.
    """
    by_bin = num.sum((-3, -2))
    size = by_bin.shape[-1]
    mean = by_bin.mean(-1)
    spread = ((by_bin - mean[..., None]) ** 2).sum(-1) / max(size - 1, 1)
    return np.asarray(np.maximum(1.0, spread / np.where(mean > 0, mean, 1.0)))


def trials_of(pair: Pair, strata: Strata, arm: int) -> Trials:
    """Return an arm's events and trials under the weights of the steps, as independent ones.

    Both arms are taken at the same weights, so a base rate that moves between steps moves both.
    Where there is no event to see clustering by, units count instead of trials.
    """
    num, den = np.nan_to_num(pair.num[..., arm, :]), np.nan_to_num(pair.den[..., arm, :])
    size = den.sum(-1)
    safe = np.where(size > 0, size, 1.0)
    by_bin = (num - (num.sum(-1) / safe)[..., None] * den) / safe[..., None]
    spread = ((strata.weights[..., None] * by_bin).sum(-2) ** 2).sum(-1)
    rate = np.clip(np.nan_to_num(strata.means[..., arm]), 0.0, 1.0)
    squares = (strata.weights**2 / safe).sum(-1)
    design = np.where(squares > 0, 1 / np.where(squares > 0, squares, 1.0), 0.0)
    binomial = rate * (1 - rate)
    clustered = np.where(spread > 0, binomial / np.where(spread > 0, spread, 1.0), np.inf)
    few = np.minimum(design, valued(pair)[..., arm])
    trials = np.where(binomial > 0, np.minimum(design, clustered), few)
    return Trials(rate * trials, trials)


def log_ratio(split: Split, error: Floats, planned: float) -> Span:
    """Return bounds of log(challenger's rate / control's), each side wrong with `error` at most.

    Shapes: error and the bounds (...). Units: `planned` events of both arms, where the bounds are
    tightest. The mixture over the log ratio is normal about 0, common to all steps.
    """
    x, y = split.challenger, split.control
    alpha = np.clip(2 * error, 1e-300, 1.0)
    width = np.sqrt(tuning(alpha) / (planned * (split.planned * (1 - split.planned)).mean()))
    width = np.clip(width, 0.05, 4.0)[..., None]

    def likelihood(theta: Floats) -> Floats:
        """Log-likelihood. Shapes: theta (..., k), the result alike."""
        at = theta[..., None, :] + split.odds[..., None]
        softplus = np.logaddexp(0.0, at)
        return np.asarray((x[..., None] * (at - softplus) - y[..., None] * softplus).sum(-2))

    best = _peak(likelihood, x.sum(-1).shape)
    share = 1 / (1 + np.exp(-split.odds))
    curve = (x + y).sum(-1) * (share * (1 - share)).min(-1)
    near = best[..., None] + np.linspace(-9, 9, 73) / np.sqrt(np.maximum(curve, 0.5))[..., None]
    wide = np.broadcast_to(np.linspace(-6, 6, 49) * width, (*best.shape, 49))
    nodes = np.sort(np.concatenate([near, wide], -1), -1)
    heights = likelihood(nodes) - 0.5 * (nodes / width) ** 2
    top = heights.max(-1)
    area = _area(np.exp(heights - top[..., None]), nodes)
    mixture = top + np.log(area) - np.log(width[..., 0] * np.sqrt(2 * np.pi))
    level = mixture + np.log(alpha)
    return Span(_cross(likelihood, best, level, -_FAR), _cross(likelihood, best, level, _FAR))


def own_rate(found: Trials, alpha: Floats) -> Span:
    """Return the bounds of one rate, wrong on either side with `alpha` at most. Shapes: (...).

    Source: Robbins 1970, with the beta-binomial mixture of Beta(1/2, 1/2).

    >>> span = own_rate(Trials(np.array(0.0), np.array(1000.0)), np.array(0.05))
    >>> float(span.low), round(float(span.high), 4)
    (0.0, 0.007)
    """
    hits, misses = found.events, np.maximum(found.trials - found.events, 0.0)

    def likelihood(p: Floats) -> Floats:
        inside = np.clip(p, 1e-15, 1 - 1e-15)
        return np.asarray(hits[..., None] * np.log(inside) + misses[..., None] * np.log1p(-inside))

    total = hits + misses
    best = np.where(total > 0, hits / np.where(total > 0, total, 1.0), 0.5)
    mixture = log_beta(hits + _HALF, misses + _HALF) - np.log(np.pi)
    level = mixture + np.log(alpha)
    return Span(_cross(likelihood, best, level, 0.0), _cross(likelihood, best, level, 1.0))


class _Curve(Protocol):
    """A concave function of one parameter, over leading axes."""

    def __call__(self, at: Floats, /) -> Floats: ...


def _peak(likelihood: _Curve, shape: tuple[int, ...]) -> Floats:
    """Return where a concave function is greatest, within -20..20, by ternary search."""
    low, high = np.full(shape, -_FAR), np.full(shape, _FAR)
    for _ in range(_HALVINGS):
        third = (high - low) / 3
        at = likelihood(np.stack([low + third, high - third], -1))
        rising = at[..., 0] < at[..., 1]
        low, high = np.where(rising, low + third, low), np.where(rising, high, high - third)
    return np.asarray((low + high) / 2)


def _cross(likelihood: _Curve, best: Floats, level: Floats, end: float) -> Floats:
    """Return where a concave function falls below a level between its peak and an end."""
    inside, outside = best, np.full(best.shape, end)
    above = likelihood(outside[..., None])[..., 0] >= level
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        holds = likelihood(middle[..., None])[..., 0] >= level
        inside, outside = np.where(holds, middle, inside), np.where(holds, outside, middle)
    return np.where(above, end if abs(end) < _FAR else np.inf * np.sign(end), outside)


def _area(heights: Floats, nodes: Floats) -> npt.NDArray[np.float64]:
    """Return the integral by the trapezoid rule over the last axis."""
    return np.asarray(((heights[..., 1:] + heights[..., :-1]) / 2 * np.diff(nodes)).sum(-1))
