"""`weights`: capped Thompson weights from randomised draws.

A target is the probability that an arm is best, where arms within a margin of the best share it by
their base weights; for an arm tried seldom it is shrunk to the present weight. Floor, cap and step
are the envelope's.
Source: Thompson 1933; probability matching with a zone of practical equivalence.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

import numpy as np

from ratchet.policies.space import EPS, Simplex, arm_weights
from ratchet.stats.bucket import Sums
from ratchet.stats.intervals import chi2_quantile
from ratchet.stats.moments import SCALES, Floats
from ratchet.tune.arms import Cells, Posterior, arm_effects
from ratchet.tune.view import Suggestion, View

NEAR = 0.02
DRAWS = 2048
FEW = 50
MIN_DRAWN = 30
MIN_MOVE = 0.02
GAIN_LEVEL = 0.9999
DIGITS = 4


def suggest(view: View) -> Suggestion:
    """Return new weights for every simplex of the envelope that its evidence moves."""
    said = [
        _suggest_one(view, name, span)
        for name, span in sorted(view.version.space().items())
        if isinstance(span, Simplex)
    ]
    if not said:
        return Suggestion(("the envelope holds no weights",))
    gains = [s.gain for s in said if s.gain]
    return Suggestion(
        reasons=tuple(reason for s in said for reason in s.reasons),
        params={name: value for s in said for name, value in s.params.items()},
        gain=gains[0] if len(gains) == 1 else None,
        since=max((s.since for s in said if s.since), default=None),
    )


def _suggest_one(view: View, name: str, span: Simplex) -> Suggestion:
    present: Mapping[str, float] = arm_weights(view.version.params[name])
    arms = sorted(present)
    components = [span.component_of(arm) for arm in arms]
    rewards = _rewards(view, components)
    drawn = rewards.counts()
    if drawn.max() < MIN_DRAWN:
        seen = f"{drawn.sum():.0f} randomised draws in the window"
        reason = f"{name}: {seen}, {MIN_DRAWN} of an arm wanted"
        return Suggestion((reason,))
    posterior = arm_effects(rewards.cells())
    now = np.array([present[arm] for arm in arms])
    by_arm = _base(view, name, span, present)
    base = np.array([by_arm[arm] for arm in arms])
    shares = near_best_shares(posterior, base, view.seed)
    trust = drawn / (drawn + FEW)
    target = project(now + trust * (shares - now), now, span)
    move = float(np.abs(target - now).max())
    least = min(MIN_MOVE, span.max_step / 2)
    if move < least:
        reason = f"{name}: weights are within {least:g} of where {drawn.sum():.0f} draws put them"
        return Suggestion((reason,))
    gain = gain_interval(posterior, target - now)
    lately = rewards.last(posterior.hours)
    counts, means = lately.counts(), lately.means()
    reasons = [
        f"{arm} {now[i]:.3f} -> {target[i]:.3f}: best or near best with probability"
        f" {shares[i]:.2f}, {_shown(means[i])} over {counts[i]:.0f} draws"
        for i, arm in enumerate(arms)
        if abs(target[i] - now[i]) >= least / 2
    ]
    weights = {arm: float(w) for arm, w in zip(arms, target, strict=True)}
    since = _since(_hours(view, components), posterior.hours)
    return Suggestion(tuple(reasons), {name: weights}, gain, since)


def near_best_shares(posterior: Posterior, base: Floats, seed: int) -> Floats:
    """Return how much of the traffic each arm earns: its share among the near-best, on average.

    Shapes: base (arms,) -> (arms,), sums to 1.
    """
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(posterior.covariance)
    effects = posterior.mean[:, None] + root @ rng.standard_normal((base.size, DRAWS))
    near = effects >= effects.max(axis=0) - NEAR
    shared = near * np.maximum(base, 1e-6)[:, None]
    return np.asarray((shared / shared.sum(axis=0)).mean(axis=1))


def gain_interval(posterior: Posterior, change: Floats) -> tuple[float, float, float]:
    """Return the expected gain of a change of weights as (estimate, low, high).

    The interval holds for every change of weights at once (Scheffé 1953), since the change was
    chosen on the same data, and at 99.99 %, since drafts are made when the data stand out.
    Shapes: change (arms,), sums to 0. Units: mean reward per observation.
    """
    mean, sd = posterior.contrast(change)
    reach = math.sqrt(chi2_quantile(GAIN_LEVEL, max(1, change.size - 1))) * sd
    return round(mean, 6), round(mean - reach, 6), round(mean + reach, 6)


def project(target: Floats, now: Floats, span: Simplex) -> Floats:
    """Return the nearest weights inside floor, cap and step that sum to 1. Shapes: (arms,).

    Weights outside floor or cap come back as fast as the step allows; where all of them cannot
    come back at once, the step holds and they come as near as it lets them.
    """
    least, most = np.maximum(now - span.max_step, 0.0), np.minimum(now + span.max_step, 1.0)
    low, high = np.clip(span.floor, least, most), np.clip(span.cap, least, most)
    if low.sum() > 1 + EPS:
        return _shifted(low, least, most)
    if high.sum() < 1 - EPS:
        return _shifted(high, least, most)
    return _shifted(target, low, high)


def _shifted(target: Floats, low: Floats, high: Floats) -> Floats:
    """Return the target, shifted and clipped so that it sums to 1, in 4 digits."""
    # The sum grows piecewise linearly with the shift: its corners give the shift exactly.
    corners = np.sort(np.concatenate([low - target, high - target]))
    sums = np.clip(target + corners[:, None], low, high).sum(axis=1)
    exact = np.clip(target + np.interp(1.0, sums, corners), low, high)
    return _rounded(exact, low, high)


def _rounded(weights: Floats, low: Floats, high: Floats) -> Floats:
    """Round to 4 digits and give what is left over to the arms with the most room."""
    rounded = np.clip(np.round(weights, DIGITS), low, high)
    rest = 1.0 - float(rounded.sum())
    room = high - rounded if rest > 0 else rounded - low
    for arm in np.argsort(-room, kind="stable"):
        given = math.copysign(min(abs(rest), room[arm]), rest)
        rounded[arm] += given
        rest -= given
    return np.round(rounded, 10)


@dataclass(frozen=True)
class _Rewards:
    """The moments of randomised draws as floats. Shapes: all (hours, arms)."""

    n: Floats
    w: Floats
    wx: Floats
    wxx: Floats
    w2: Floats

    def last(self, hours: int) -> "_Rewards":
        """Return the last hours alone."""
        start = len(self.n) - hours
        return _Rewards(*(getattr(self, field.name)[start:] for field in fields(self)))

    def counts(self) -> Floats:
        """Return how often each arm was drawn. Shape: (arms,)."""
        return np.asarray(self.n.sum(axis=0))

    def means(self) -> Floats:
        """Return each arm's mean reward, NaN of nothing. Shape: (arms,)."""
        return _ratio(self.wx.sum(axis=0), self.w.sum(axis=0), math.nan) / SCALES["reward"]

    def cells(self) -> Cells:
        """Return what each arm earned in each hour."""
        mean = _ratio(self.wx, self.w) / SCALES["reward"]
        spread = np.maximum(0.0, _ratio(self.wxx, self.w) / SCALES["reward"] ** 2 - mean**2)
        variance = spread * _ratio(self.n, self.n - 1)
        return Cells(_ratio(self.w**2, self.w2), mean, variance)


def _ratio(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    """Divide where there is something to divide by."""
    out: Floats = np.full(above.shape, otherwise)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _rewards(view: View, components: list[str]) -> _Rewards:
    found = [view.hours.get(component, {}) for component in components]
    hours = _hours(view, components)
    none = Sums()
    names = [field.name for field in fields(_Rewards)]
    sums_of = attrgetter(*names)
    rows = [sums_of(by_hour.get(hour, none).drawn) for hour in hours for by_hour in found]
    table = np.array(rows, dtype=np.float64).reshape(len(hours), len(components), len(names))
    return _Rewards(*np.moveaxis(table, -1, 0))


def _hours(view: View, components: list[str]) -> list[datetime]:
    """Return the hours in which any component did something, oldest first."""
    return sorted({hour for component in components for hour in view.hours.get(component, {})})


def _since(hours: list[datetime], kept: int) -> datetime | None:
    """Return the first of the hours that are kept; None where all are."""
    return hours[-kept] if kept < len(hours) else None


def _base(
    view: View, name: str, span: Simplex, present: Mapping[str, float]
) -> Mapping[str, float]:
    base = span.base or arm_weights(view.base.get(name))
    return base if set(base) == set(present) else present


def _shown(mean: float) -> str:
    return "reward unknown" if math.isnan(mean) else f"mean reward {mean:.3f}"
