"""From observations that name a run to what its totals add up; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ratchet.observe.run_totals import RunObserved
from ratchet.observe.tally import (
    Columns,
    count_errors,
    count_outcomes,
    known_histograms,
    known_moments,
)
from ratchet.stats.moments import Floats, Ints, Moments, grouped_sum


def tally_runs(
    rows: Sequence[Mapping[str, Any]], columns: Columns, scores: Floats
) -> dict[str, RunObserved]:
    """Return what observations add to the totals of the runs that they name.

    Shadow observations are not counted: they say nothing about what was served. Shapes: all (n,).
    """
    at = [i for i, row in enumerate(rows) if "runId" in row and columns.counted[i]]
    if not at:
        return {}
    found: dict[str, int] = {}
    groups = np.array([found.setdefault(rows[i]["runId"], len(found)) for i in at])
    chosen, count = np.array(at), len(found)
    w, latency = columns.weight[chosen], columns.latency_ms[chosen]
    outcomes = count_outcomes([columns.outcomes[i] for i in at], w, groups, count)
    fields: dict[str, list[Any]] = {
        "n": np.bincount(groups, minlength=count).tolist(),
        "outcomes": [{name: tally.w for name, tally in tallies.items()} for tallies in outcomes],
        "errors": count_errors(columns, chosen, groups, count),
        "cost": known_moments(columns.cost_usd[chosen], "cost", w, groups, count),
        "latency": known_moments(latency, "latency", w, groups, count),
        "latency_bins": known_histograms(latency, w, groups, count),
        "reward": known_moments(scores[chosen], "reward", w, groups, count),
        "by_arm": _by_arm([rows[i].get("arm") for i in at], scores[chosen], w, groups, count),
        "tokens_in": grouped_sum(columns.tokens_in[chosen] * w, groups, count),
        "tokens_out": grouped_sum(columns.tokens_out[chosen] * w, groups, count),
        "retries": grouped_sum(columns.retries[chosen] * w, groups, count),
    }
    return {
        run: RunObserved.model_construct(**{name: column[g] for name, column in fields.items()})
        for run, g in found.items()
    }


def _by_arm(
    arms: Sequence[str | None], scores: Floats, w: Ints, groups: Ints, count: int
) -> list[dict[str, Moments]]:
    """Return the reward of what each arm served, by run; what names no arm is of none."""
    places: dict[tuple[int, str], int] = {}
    at, cells = [], []
    for i, (arm, group) in enumerate(zip(arms, groups.tolist(), strict=True)):
        if arm is not None:
            at.append(i)
            cells.append(places.setdefault((group, arm), len(places)))
    out: list[dict[str, Moments]] = [{} for _ in range(count)]
    named = np.array(at, np.int64)
    sums = known_moments(scores[named], "reward", w[named], np.array(cells, np.int64), len(places))
    for (group, arm), cell in sorted(places.items()):
        out[group][arm] = sums[cell]
    return out
