"""Rates: confidence sequences of a ratio of two rates and of one rate, from counts of events."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ratchet.rollouts.boundary import tuning
from ratchet.rollouts.likelihood import FAR, LEAST, Curve, area, cross, peak
from ratchet.rollouts.pair import CHALLENGER, CONTROL, Pair
from ratchet.rollouts.strata import Strata
from ratchet.rollouts.worth import valued
from ratchet.stats.moments import Floats
from ratchet.stats.special import log_beta

_HALVINGS = 45
_HALF = 0.5
_WIDE = 20.0  # no mixture says anything of a log ratio beyond


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
    ratio = ratio_of(split)
    return Span(ratio.low(error, planned), ratio.high(error, planned))


@dataclass(frozen=True)
class Ratio:
    """What the events say of the log ratio of two rates. Shapes: best (...)."""

    split: Split
    curve: Curve
    best: Floats

    def low(self, error: Floats, planned: float) -> Floats:
        """Return the lower bound, wrong with `error` at most, ever. Shapes: all (...)."""
        alpha = np.clip(2 * error, LEAST, 1.0)
        return cross(self.curve, self._mixed(alpha, planned) + np.log(alpha), -FAR, -np.inf)

    def high(self, error: Floats, planned: float) -> Floats:
        """Return the upper bound, wrong with `error` at most, ever. Shapes: all (...)."""
        alpha = np.clip(2 * error, LEAST, 1.0)
        return cross(self.curve, self._mixed(alpha, planned) + np.log(alpha), FAR, np.inf)

    def p_value(self, error: Floats, planned: float) -> Floats:
        """Return the p-value of equal rates at any look, as the bounds of `error` are tuned.

        It is 2 * `error` at most exactly where one of them leaves 0 out. Shapes: all (...).
        """
        mixture = self._mixed(np.clip(2 * error, LEAST, 1.0), planned)
        return np.asarray(np.exp(np.minimum(self.curve.at(np.zeros_like(mixture)) - mixture, 0.0)))

    def _mixed(self, alpha: Floats, planned: float) -> Floats:
        """Return the log of the mixed likelihood. Shapes: alpha and the result (...)."""
        x, y, even = self.split.challenger, self.split.control, self.split.planned
        width = np.sqrt(tuning(alpha) / (planned * (even * (1 - even)).mean()))
        width = np.clip(width, 0.05, 4.0)[..., None]
        share = 1 / (1 + np.exp(-self.split.odds))
        bend = (x + y).sum(-1) * (share * (1 - share)).min(-1)
        near = np.linspace(-9, 9, 73) / np.sqrt(np.maximum(bend, 0.5))[..., None]
        wide = np.broadcast_to(np.linspace(-6, 6, 49) * width, (*self.best.shape, 49))
        best = np.clip(self.best, -_WIDE, _WIDE)[..., None]
        nodes = np.sort(np.concatenate([best + near, wide], -1), -1)
        heights = self.curve.along(nodes) - 0.5 * (nodes / width) ** 2
        top = heights.max(-1)
        mass = area(np.exp(heights - top[..., None]), nodes)
        return np.asarray(top + np.log(mass) - np.log(width[..., 0] * np.sqrt(2 * np.pi)))


def ratio_of(split: Split) -> Ratio:
    """Return what the events of two arms say of the ratio of their rates."""
    curve = Curve(split.challenger, split.control, split.odds)
    return Ratio(split, curve, peak(curve))


def own_rate(found: Trials, alpha: Floats) -> Span:
    """Return the bounds of one rate, wrong on either side with `alpha` at most. Shapes: (...).

    Source: Robbins 1970, with the beta-binomial mixture of Beta(1/2, 1/2).

    >>> span = own_rate(Trials(np.array(0.0), np.array(1000.0)), np.array(0.05))
    >>> float(span.low), round(float(span.high), 4)
    (0.0, 0.007)
    """
    curve, mixture = _own(found)
    level = mixture + np.log(alpha)
    low, high = (cross(curve, level, end, end * np.inf) for end in (-FAR, FAR))
    return Span(*(np.asarray(1 / (1 + np.exp(-logit))) for logit in (low, high)))


def apart(one: Trials, other: Trials) -> Floats:
    """Return the least alpha at which two arms' `own_rate` bounds lie apart. Shapes: (...)."""
    (first, of_first), (second, of_second) = _own(one), _own(other)
    inside, outside = (np.clip(_log_odds(arm), -FAR, FAR) for arm in (one, other))
    for _ in range(_HALVINGS):  # of the rates between, the one that is hardest to tell from both
        middle = (inside + outside) / 2
        near = first.at(middle) - of_first > second.at(middle) - of_second
        inside, outside = np.where(near, middle, inside), np.where(near, outside, middle)
    level = np.minimum(first.at(inside) - of_first, second.at(inside) - of_second)
    return np.asarray(np.exp(np.minimum(level, 0.0)))


def _log_odds(found: Trials) -> Floats:
    hits, misses = found.events + LEAST, np.maximum(found.trials - found.events, 0.0) + LEAST
    return np.asarray(np.log(hits) - np.log(misses))


def _own(found: Trials) -> tuple[Curve, Floats]:
    """Return the likelihood of one rate's log odds, and the log of its mixture."""
    hits, misses = found.events, np.maximum(found.trials - found.events, 0.0)
    mixture = log_beta(hits + _HALF, misses + _HALF) - np.log(np.pi)
    return Curve(hits[..., None], misses[..., None], np.zeros(1)), np.asarray(mixture)
