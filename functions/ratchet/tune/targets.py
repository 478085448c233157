"""`targets`: latency and cost targets from measured quantiles, within bounds and one step."""

import math
from collections.abc import Mapping

from ratchet.policies.space import Range, Simplex
from ratchet.stats.bucket import sum_sums
from ratchet.stats.quantiles import Histogram
from ratchet.tune.view import Suggestion, View

MIN_SEEN = 200
MIN_CHANGE = 0.05
# Which sums a target is read from, and at which quantile.
SOURCES: Mapping[str, tuple[str, float]] = {
    "latencyTargetMs": ("latency_bins", 0.95),
    "maxCostUsd": ("cost_bins", 0.99),
}


def suggest(view: View) -> Suggestion:
    """Return new targets for the ranges of the envelope whose figures moved by 5 % or more."""
    params: dict[str, float | int] = {}
    reasons: list[str] = []
    for name, span in sorted(view.version.space().items()):
        if not isinstance(span, Range) or name not in SOURCES:
            continue
        value, reason = _target(view, name, span)
        reasons.append(reason)
        if value is not None:
            params[name] = value
    return Suggestion(tuple(reasons) or ("the envelope holds no targets",), params)


def _target(view: View, name: str, span: Range) -> tuple[float | int | None, str]:
    source, q = SOURCES[name]
    sums = sum_sums(view.total(c) for c in _components(view, span))
    histogram: Histogram = getattr(sums, source)
    seen = histogram.total()
    if seen < MIN_SEEN:
        return None, f"{name}: {seen} known values, {MIN_SEEN} wanted"
    measured = (histogram.quantiles([q]) or [0.0])[0]
    present = view.version.params[name]
    if isinstance(present, bool) or not isinstance(present, int | float):
        return None, f"{name}: the present value is no number"
    if measured <= 0:
        return None, f"{name}: p{100 * q:g} of {seen} values is {measured:.4g}, which is no target"
    value = _inside(measured, present, span)
    if abs(value - present) < MIN_CHANGE * abs(present):
        return None, f"{name}: p{100 * q:g} is {measured:.4g}, within 5 % of the target"
    return (
        value,
        f"{name} {present:g} -> {value:g}: p{100 * q:g} of {seen} values is {measured:.4g}",
    )


def _components(view: View, span: Range) -> list[str]:
    """Return whose figures set a target: the component named, else those of every arm."""
    if span.component:
        return [span.component]
    arms = {
        other.component_of(arm)
        for name, other in view.version.space().items()
        if isinstance(other, Simplex)
        for arm in _names(view.version.params[name])
    }
    return sorted(arms)


def _names(value: object) -> list[str]:
    return [str(k) for k in value] if isinstance(value, Mapping) else []


def _inside(measured: float, present: float, span: Range) -> float | int:
    """Return the value nearest to what was measured, to 3 digits, inside bounds and step.

    From outside the bounds it comes back as fast as the step allows.
    """
    step = math.inf if span.max_step is None else span.max_step
    least, most = present - step, present + step
    low, high = min(max(span.low, least), most), max(min(span.high, most), least)
    value = min(max(round(measured, 2 - math.floor(math.log10(measured))), low), high)
    if span.kind == "float":
        return value
    whole = min(max(round(value), math.ceil(low)), math.floor(high))
    return whole if low <= whole <= high else present
