"""`weights`: capped Thompson weights from randomised draws.

A target is the probability that an arm is best, where arms within a margin of the best share it by
their base weights; for an arm tried seldom it is shrunk to the present weight. Floor, cap and step
are the envelope's.
Source: Thompson 1933; probability matching with a zone of practical equivalence.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ratchet.observe.reward import Thresholds
from ratchet.policies.space import Simplex
from ratchet.stats.intervals import chi2_quantile
from ratchet.stats.moments import SCALES, Floats, Moments
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
        poor={component: mean for s in said for component, mean in s.poor.items()},
    )


def _suggest_one(view: View, name: str, span: Simplex) -> Suggestion:
    present: Mapping[str, float] = _weights(view.version.params[name])
    arms = sorted(present)
    components = [span.component_of(arm) for arm in arms]
    totals = [sum((s.drawn for s in view.hours.get(c, {}).values()), Moments()) for c in components]
    drawn = [total.n for total in totals]
    poor = _poor(view, components, totals)
    if max(drawn, default=0) < MIN_DRAWN:
        reason = (
            f"{name}: {sum(drawn)} randomised draws in the window, {MIN_DRAWN} of an arm wanted"
        )
        return Suggestion((reason,), poor=poor)
    posterior = arm_effects(_cells(view, components))
    now = np.array([present[arm] for arm in arms])
    base = np.array([_base(view, name, span, present)[arm] for arm in arms])
    shares = near_best_shares(posterior, base, view.seed)
    trust = np.array(drawn) / (np.array(drawn) + FEW)
    target = project(now + trust * (shares - now), now, span)
    move = float(np.abs(target - now).max())
    if move < MIN_MOVE:
        reason = f"{name}: weights are within {MIN_MOVE} of where {sum(drawn)} draws put them"
        return Suggestion((reason,), poor=poor)
    gain = gain_interval(posterior, target - now)
    reasons = [
        f"{arm} {now[i]:.3f} -> {target[i]:.3f}: best or near best with probability"
        f" {shares[i]:.2f}, {_mean(totals[i])} over {drawn[i]} draws"
        for i, arm in enumerate(arms)
        if abs(target[i] - now[i]) >= MIN_MOVE / 2
    ]
    weights = {arm: float(w) for arm, w in zip(arms, target, strict=True)}
    return Suggestion(tuple(reasons), {name: weights}, gain, poor)


def near_best_shares(posterior: Posterior, base: Floats, seed: int) -> Floats:
    """Return how much of the traffic each arm earns: its share among the near-best, on average.

    Shapes: base (arms,) -> (arms,), sums to 1.
    """
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(posterior.covariance)
    effects = posterior.mean + rng.standard_normal((DRAWS, base.size)) @ root.T
    near = effects >= effects.max(axis=1, keepdims=True) - NEAR
    shared = near * np.maximum(base, 1e-6)
    return np.asarray((shared / shared.sum(axis=1, keepdims=True)).mean(axis=0))


def gain_interval(posterior: Posterior, change: Floats) -> tuple[float, float, float]:
    """Return the expected gain of a change of weights as (estimate, low, high).

    The interval holds for every change of weights at once (Scheffé 1953), since the change was
    chosen on the same data, at 99 %, since drafts are made when the data stand out.
    Shapes: change (arms,), sums to 0. Units: mean reward per observation.
    """
    mean, sd = posterior.contrast(change)
    reach = math.sqrt(chi2_quantile(GAIN_LEVEL, max(1, change.size - 1))) * sd
    return round(mean, 6), round(mean - reach, 6), round(mean + reach, 6)


def project(target: Floats, now: Floats, span: Simplex) -> Floats:
    """Return the nearest weights inside floor, cap and step that sum to 1. Shapes: (arms,).

    Weights outside floor or cap come back as fast as the step allows.
    """
    low = np.minimum(np.maximum(span.floor, now - span.max_step), now + span.max_step)
    high = np.maximum(np.minimum(span.cap, now + span.max_step), now - span.max_step)
    left, right = -2.0, 2.0
    for _ in range(60):  # the shift that makes the clipped weights sum to 1
        shift = (left + right) / 2
        if np.clip(target + shift, low, high).sum() < 1:
            left = shift
        else:
            right = shift
    exact = np.clip(target + right, low, high)
    return _rounded(exact, low, high)


def _rounded(weights: Floats, low: Floats, high: Floats) -> Floats:
    """Round to 4 digits and give what is left over to the arm with the most room."""
    rounded = np.clip(np.round(weights, DIGITS), low, high)
    rest = 1.0 - rounded.sum()
    room = np.where(rest > 0, high - rounded, rounded - low)
    rounded[int(np.argmax(room))] += rest
    return np.round(rounded, 10)


def _cells(view: View, components: list[str]) -> Cells:
    hours = sorted({hour for c in components for hour in view.hours.get(c, {})})
    shape = (len(hours), len(components))
    n, mean, variance = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for k, component in enumerate(components):
        for h, hour in enumerate(hours):
            sums = view.hours.get(component, {}).get(hour)
            if sums is not None and sums.drawn.w:
                n[h, k] = sums.drawn.effective_n()
                mean[h, k] = sums.drawn.mean(SCALES["reward"]) or 0.0
                variance[h, k] = sums.drawn.variance(SCALES["reward"]) or 0.0
    return Cells(n, mean, variance)


def _poor(view: View, components: list[str], totals: list[Moments]) -> dict[str, float]:
    """Return the components whose mean reward is under what is acceptable."""
    out = {}
    for component, total in zip(components, totals, strict=True):
        mean = total.mean(SCALES["reward"])
        limits = view.thresholds.get(component, Thresholds())
        if mean is not None and total.n >= MIN_DRAWN and mean < limits.min_acceptable:
            out[component] = mean
    return out


def _base(
    view: View, name: str, span: Simplex, present: Mapping[str, float]
) -> Mapping[str, float]:
    base = span.base or _weights(view.base.get(name))
    return base if set(base) == set(present) else present


def _weights(value: Any) -> Mapping[str, float]:
    return {str(k): float(v) for k, v in value.items()} if isinstance(value, Mapping) else {}


def _mean(total: Moments) -> str:
    mean = total.mean(SCALES["reward"])
    return "reward unknown" if mean is None else f"mean reward {mean:.3f}"
