"""Difference: what some weights would have earned more than others, on one log and its replicates.

Both maps are valued on the same rows and on the same replicates of them, so what is the log's luck
and not the weights' cancels: for weights that differ little, the difference is known far better
than either value.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ratchet.kernel.document import Model
from ratchet.rollouts.replay_fit import Chunk, Fit
from ratchet.rollouts.replay_log import (
    REPLICATES,
    SEEDS,
    in_order,
    model_of,
    resample_of,
    tallied,
)
from ratchet.rollouts.replay_result import (
    RARE,
    Estimate,
    Replay,
    estimate_of,
    summarise,
    tail_of,
)
from ratchet.rollouts.replay_tally import SUPPORT, WEIGHT, Tally
from ratchet.stats.resample import Resample


class Against(Model):
    """What two maps of weights would have earned on a log, and target - champion, by estimator.

    The intervals are fixed-horizon: they hold for one look, and fail more often over many.
    """

    target: Replay
    champion: Replay
    difference: dict[str, Estimate]


def replay_against(
    log: Iterable[Chunk],
    target: Mapping[str, float],
    champion: Mapping[str, float],
    *,
    seeds: Sequence[int] = SEEDS,
    replicates: int = REPLICATES,
    span: float = 1.0,
) -> Against:
    """Return what both maps of weights would have earned, and how far they differ.

    Units: those of the rewards; `span` is the width of their range.

    Raises: as `replay_weights`, for either map.
    """
    resample = resample_of(seeds, replicates)
    models = model_of(log, target), model_of(log, champion)
    first, second = (
        tallied((model.rows(chunk) for chunk in log), resample, span) for model in models
    )
    found = [summarise(total, resample, span) for total in (first, second)]
    floor = RARE * span * _share_of_one(log, *models) * max(map(_clumped, found))
    target_found, champion_found = (
        one.model_copy(update={"estimates": in_order(one.estimates)}) for one in found
    )
    effective = min(min(one.effective_rows, one.effective_units) for one in found)
    difference = _differences(first, second, resample, tail_of(effective, resample.total), floor)
    return Against(target=target_found, champion=champion_found, difference=difference)


def _differences(
    first: Tally, second: Tally, resample: Resample, tail: float, floor: float
) -> dict[str, Estimate]:
    """Return the difference by estimator, from the differences in each replicate."""
    left, right = first.values(), second.values()
    found = {
        name: estimate_of(left[name] - right[name], resample, tail, floor)
        for name in left
        if name not in (WEIGHT, SUPPORT)
    }
    return in_order(found)


def _share_of_one(log: Iterable[Chunk], target: Fit, champion: Fit) -> float:
    """Return how far one row could move the difference for each unit of its reward, at most.

    By the rule of three, up to three such rows may be missing from the log.
    """
    largest = total = 0.0
    for chunk in log:
        rows, others = target.rows(chunk), champion.rows(chunk)
        count = rows.ones if rows.count is None else rows.count
        apart = np.abs(rows.weight - others.weight) * count
        largest = max(largest, float(apart.max(initial=0.0)))
        total += float(count.sum())
    return largest / total


def _clumped(found: Replay) -> float:
    """Return how many rows of a unit say as much as one, at least 1: what is missing is a unit."""
    return found.effective_rows / min(found.effective_rows, found.effective_units)
