"""From stored observations to columns, scores and the sums of their buckets; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ratchet.kernel.clock import hour_of
from ratchet.observe.observation import countable
from ratchet.observe.reward import RewardConfig
from ratchet.observe.scores import Scores, score
from ratchet.stats.bucket import OTHER, Sums, Tally
from ratchet.stats.moments import (
    SCALES,
    Floats,
    Ints,
    Moments,
    grouped_moments,
    grouped_sum,
    to_units,
)
from ratchet.stats.quantiles import Histogram, histogram_of

UNVERSIONED = "none"
Bools = npt.NDArray[np.bool_]


class Series(NamedTuple):
    """What one bucket is about."""

    component: str
    version: str
    hour: datetime


@dataclass(frozen=True)
class Columns:
    """Observations by field; NaN stands for unknown. Shapes: all (n,)."""

    series: list[Series]
    components: list[str]
    outcomes: list[str]
    errors: list[str | None]
    success: Bools
    quality: Floats
    latency_ms: Floats
    cost_usd: Floats
    weight: Ints
    drawn: Bools
    counted: Bools
    tokens_in: Ints
    tokens_out: Ints
    retries: Ints


def _floats(items: Sequence[Mapping[str, Any]], name: str) -> Floats:
    nan = float("nan")
    return np.array([item.get(name, nan) for item in items], dtype=np.float64)


def _ints(items: Sequence[Mapping[str, Any]], name: str, default: int = 0) -> Ints:
    return np.array([item.get(name, default) for item in items], dtype=np.int64)


def columns_of(items: Sequence[Mapping[str, Any]]) -> Columns:
    """Return stored observations as columns."""
    outcomes = [item["outcome"] for item in items]
    hour = lru_cache(maxsize=None)(hour_of)
    return Columns(
        series=[
            Series(i["component"], i.get("policyVersion", UNVERSIONED), hour(i["ts"]))
            if i.get("series") != OTHER
            else Series(OTHER, OTHER, hour(i["ts"]))
            for i in items
        ],
        components=[item["component"] for item in items],
        outcomes=outcomes,
        errors=[item.get("errorCode") for item in items],
        success=np.array([outcome == "success" for outcome in outcomes], dtype=np.bool_),
        quality=_floats(items, "quality"),
        latency_ms=_floats(items, "durationMs"),
        cost_usd=_floats(items, "costUsd"),
        weight=_ints(items, "weight", 1),
        drawn=np.array(["fallbackFrom" not in item for item in items], dtype=np.bool_),
        counted=np.array([not item.get("shadow") for item in items], dtype=np.bool_),
        tokens_in=_ints(items, "tokensIn"),
        tokens_out=_ints(items, "tokensOut"),
        retries=_ints(items, "retries"),
    )


def score_columns(columns: Columns, config: RewardConfig) -> Scores:
    """Score every observation under its component's configuration, in their order."""
    n = len(columns.components)
    names, which = np.unique(np.array(columns.components, dtype=object), return_inverse=True)
    out = [np.zeros(n) for _ in range(5)]
    for i, name in enumerate(names):
        rows = which == i if len(names) > 1 else slice(None)
        scores = score(
            config.for_component(str(name)),
            success=columns.success[rows],
            quality=columns.quality[rows],
            latency_ms=columns.latency_ms[rows],
            cost_usd=columns.cost_usd[rows],
        )
        parts = (
            scores.score,
            scores.success_boost,
            scores.latency_penalty,
            scores.cost_penalty,
            scores.error_penalty,
        )
        for column, part in zip(out, parts, strict=True):
            column[rows] = part
    return Scores(*out)


def sums_of(columns: Columns, score: Floats) -> dict[Series, Sums]:
    """Return the sums of each bucket that the observations fall into.

    Shadow observations are not counted: they say nothing about what was served.
    """
    rows = np.flatnonzero(columns.counted)
    if not rows.size:
        return {}
    found: dict[Series, int] = {}
    groups = np.array([found.setdefault(columns.series[i], len(found)) for i in rows.tolist()])
    count, w = len(found), columns.weight[rows]
    outcomes = count_outcomes([columns.outcomes[i] for i in rows.tolist()], w, groups, count)
    errors = count_errors(columns, rows, groups, count)
    fields: dict[str, list[Any]] = {
        "outcomes": outcomes,
        "errors": errors,
        "known_success": _known_success(columns, rows, groups, count),
        "reward": known_moments(score[rows], "reward", w, groups, count),
        "drawn": known_moments(
            np.where(columns.drawn[rows], score[rows], np.nan), "reward", w, groups, count
        ),
        "quality": known_moments(columns.quality[rows], "quality", w, groups, count),
        "latency": known_moments(columns.latency_ms[rows], "latency", w, groups, count),
        "cost": known_moments(columns.cost_usd[rows], "cost", w, groups, count),
        "latency_bins": known_histograms(columns.latency_ms[rows], w, groups, count),
        "cost_bins": known_histograms(columns.cost_usd[rows], w, groups, count),
        "reward_bins": known_histograms(score[rows], w, groups, count),
        "tokens_in": grouped_sum(columns.tokens_in[rows] * w, groups, count),
        "tokens_out": grouped_sum(columns.tokens_out[rows] * w, groups, count),
        "retries": grouped_sum(columns.retries[rows] * w, groups, count),
    }
    return {
        series: Sums.model_construct(**{name: column[g] for name, column in fields.items()})
        for series, g in found.items()
    }


def known_moments(x: Floats, metric: str, w: Ints, groups: Ints, count: int) -> list[Moments]:
    """Return the moments of what is known of a metric, by group. Shapes: x, w, groups (n,)."""
    known = ~np.isnan(x)
    units = to_units(x[known], SCALES[metric])
    return grouped_moments(units, w[known], groups[known], count)


def known_histograms(x: Floats, w: Ints, groups: Ints, count: int) -> list[Histogram]:
    """Return the histogram of what is known, by group. Shapes: x, w, groups (n,)."""
    known = np.flatnonzero(~np.isnan(x))
    known = known[np.argsort(groups[known], kind="stable")]
    starts = np.searchsorted(groups[known], np.arange(1, count))
    return [
        histogram_of(x[rows], w[rows]) if rows.size else Histogram()
        for rows in np.split(known, starts)
    ]


def count_outcomes(
    outcomes: Sequence[str], w: Ints, groups: Ints, count: int
) -> list[dict[str, Tally]]:
    """Return how often each outcome came, by group. Shapes: all (n,)."""
    out: list[dict[str, Tally]] = [{} for _ in range(count)]
    names = np.array(outcomes)
    for name in sorted(set(outcomes)):
        rows = names == name
        n = np.bincount(groups[rows], minlength=count).tolist()
        w1 = grouped_sum(w[rows], groups[rows], count)
        w2 = grouped_sum(w[rows] ** 2, groups[rows], count)
        for g in range(count):
            if n[g]:
                out[g][name] = Tally(n=n[g], w=w1[g], w2=w2[g])
    return out


def count_errors(columns: Columns, rows: Ints, groups: Ints, count: int) -> list[dict[str, int]]:
    """Return the weight of each error code of some rows, by group. Shapes: rows, groups (n,)."""
    out: list[dict[str, int]] = [{} for _ in range(count)]
    for i, g in zip(rows.tolist(), groups.tolist(), strict=True):
        code = columns.errors[i]
        if code is not None:
            name = code if countable(code) else OTHER
            out[g][name] = out[g].get(name, 0) + int(columns.weight[i])
    return [dict(sorted(counts.items())) for counts in out]


def _known_success(columns: Columns, rows: Ints, groups: Ints, count: int) -> list[dict[str, int]]:
    out: list[dict[str, int]] = [{} for _ in range(count)]
    metrics = {
        "cost": columns.cost_usd,
        "latency": columns.latency_ms,
        "quality": columns.quality,
    }
    for name, column in metrics.items():
        known = columns.success[rows] & ~np.isnan(column[rows])
        for g, w in enumerate(grouped_sum(columns.weight[rows] * known, groups, count)):
            if w:
                out[g][name] = w
    return out
