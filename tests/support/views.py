"""Views as a tuner gets them, from a few figures."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from ratchet.policies.version import PolicyVersion
from ratchet.stats.bucket import Sums
from ratchet.stats.quantiles import histogram_of
from ratchet.tune.view import View
from tests.support.simulation import MILLION, NOTHING, START, moments

SIMPLEX = {"kind": "simplex", "floor": 0.01, "maxStep": 0.2}


def earned(n: int, mean: float, sd: float = 0.3) -> Sums:
    """Return the sums of n draws with this mean and standard deviation of reward."""
    squares = n * (mean * mean + sd * sd)
    drawn = moments(n, round(n * mean * MILLION), round(squares * MILLION**2))
    return NOTHING.model_copy(update={"drawn": drawn, "reward": drawn})


def measured(latency: Sequence[float] = (), cost: Sequence[float] = ()) -> Sums:
    """Return the sums of observations with these latencies (ms) and costs (dollars)."""
    bins = {
        name: histogram_of(np.array(values, dtype=np.float64), np.ones(len(values), np.int64))
        for name, values in (("latency_bins", latency), ("cost_bins", cost))
        if len(values)
    }
    return NOTHING.model_copy(update=bins)


def version_of(params: Mapping[str, Any], space: Mapping[str, Any]) -> PolicyVersion:
    """Return a version with these params and this envelope."""
    return PolicyVersion(
        id="p",
        version="1.0.0",
        params=dict(params),
        tuning_space=dict(space),
        created_at=START,
        created_by="test",
        updated_at=START,
    )


def view(
    params: Mapping[str, Any],
    space: Mapping[str, Any],
    hours: Mapping[str, Sequence[Sums]],
    *,
    base: Mapping[str, Any] | None = None,
    seed: int = 1,
) -> View:
    """Return a view of components by hour."""
    return View(
        version=version_of(params, space),
        base=base or params,
        hours={
            component: {START + i * timedelta(hours=1): s for i, s in enumerate(sums)}
            for component, sums in hours.items()
        },
        seed=seed,
    )


def weights_view(
    weights: Mapping[str, float], hours: Mapping[str, Sequence[Sums]], **options: Any
) -> View:
    """Return a view of a policy that holds nothing but weights; `hours` by arm."""
    span = SIMPLEX | options.pop("span", {})
    base = options.pop("base", None)
    return view(
        {"modelWeights": dict(weights)},
        {"modelWeights": span},
        {f"router:{arm}": sums for arm, sums in hours.items()},
        base={"modelWeights": base} if base else None,
        **options,
    )
