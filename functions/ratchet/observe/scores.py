"""Scores: the reward 0..1 of each observation, with its terms, under one reward configuration.

score = clamp01(baseline + successBoost - latencyPenalty - costPenalty - errorPenalty)
"""

from dataclasses import dataclass

import numpy as np

from ratchet.observe.reward import RewardConfig
from ratchet.stats.moments import Floats


@dataclass(frozen=True)
class Scores:
    """Scores and their terms. Shapes: all (n,). Rounded to millionths, as they are stored."""

    score: Floats
    success_boost: Floats
    latency_penalty: Floats
    cost_penalty: Floats
    error_penalty: Floats


def score(
    config: RewardConfig,
    *,
    success: np.typing.NDArray[np.bool_],
    quality: Floats,
    latency_ms: Floats,
    cost_usd: Floats,
) -> Scores:
    """Score observations of one component; NaN stands for unknown.

    An unknown latency or cost gives no penalty, an ungraded success counts as quality 1.

    Shapes: all (n,). Units: milliseconds, US dollars, quality 0..1.
    """
    weights, bounds = config.weights, config.bounds
    grade = np.where(np.isnan(quality), 1.0, quality)
    boost = np.where(success, weights.success * grade, 0.0)
    latency = weights.latency * np.minimum(1.0, np.nan_to_num(latency_ms) / bounds.max_latency_ms)
    cost = weights.cost * np.minimum(1.0, np.nan_to_num(cost_usd) / bounds.max_cost_usd)
    error = np.where(success, 0.0, weights.error)
    total = np.clip(weights.baseline + boost - latency - cost - error, 0.0, 1.0)
    return Scores(*(np.round(term, 6) for term in (total, boost, latency, cost, error)))


def details(scores: Scores) -> list[dict[str, float]]:
    """Return the terms of each score as they are stored."""
    rows = zip(
        scores.success_boost.tolist(),
        scores.latency_penalty.tolist(),
        scores.cost_penalty.tolist(),
        scores.error_penalty.tolist(),
        strict=True,
    )
    names = ("successBoost", "latencyPenalty", "costPenalty", "errorPenalty")
    return [dict(zip(names, row, strict=True)) for row in rows]
