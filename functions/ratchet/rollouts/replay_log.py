"""Replay a log: what other weights, or any other policy, would have earned on it.

The log is read in chunks and only sums are kept, so a million rows take the memory of ten thousand.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import add

import numpy as np

from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.rollouts.replay import ESTIMATORS, LEFT_OUT, MODELLED
from ratchet.rollouts.replay_fit import Chunk, Fit, fit
from ratchet.rollouts.replay_result import LEAST_SUPPORT, Estimate, Replay, summarise
from ratchet.rollouts.replay_rows import Rows, checked, widened
from ratchet.rollouts.replay_tally import Tally, tally
from ratchet.stats.resample import Hashes, Resample, distinct
from ratchet.stats.units import Units, unit_hash

__all__ = ["Chunk", "Estimate", "Replay", "Rows", "hashes_of", "replay", "replay_weights"]

SEEDS = (0, 1, 2)
REPLICATES = 200
LEAST_REPLICATES = 50


def replay(
    log: Iterable[Rows],
    *,
    seeds: Sequence[int] = SEEDS,
    replicates: int = REPLICATES,
    span: float = 1.0,
) -> Replay:
    """Return what a target policy would have earned, by every estimator that the rows allow.

    Reads the log once. The intervals (95 %) are of a bootstrap over units, `replicates` for each
    of the seeds. Units: `span` is the width of the reward's range, 1 for rewards and grades: an
    interval has room for what so few rows may not have met of it.

    Raises: InvalidInput of a row that cannot be or is out of the span, by field; Refused where the
    log cannot carry it: no exploration, low support, a small effective sample, propensities that do
    not fit.
    """
    resample = resample_of(seeds, replicates)
    found = summarise(tallied(log, resample, span), resample, span)
    return found.model_copy(update={"estimates": in_order(found.estimates)})


def replay_weights(
    log: Iterable[Chunk],
    weights: Mapping[str, float],
    *,
    seeds: Sequence[int] = SEEDS,
    replicates: int = REPLICATES,
    span: float = 1.0,
) -> Replay:
    """Return what a map of weights would have earned on a log of (unit, arm, propensity, reward).

    Reads the log twice, first for the reward model (see `replay_fit`), so a generator is refused.

    Raises: as `replay`; InvalidInput where the weights are no probabilities.
    """
    model = model_of(log, weights)
    rows = (model.rows(chunk) for chunk in log)
    return replay(rows, seeds=seeds, replicates=replicates, span=span)


def model_of(log: Iterable[Chunk], weights: Mapping[str, float]) -> Fit:
    """Return the reward model of a log that is read twice, and what the weights want of it.

    Raises: as `replay_weights`.
    """
    _check_weights(weights)
    if iter(log) is log:
        raise InvalidInput(
            "the log can be read only once, and is read twice",
            field="log",
            mend="give a list of chunks, or an object whose __iter__ starts anew",
        )
    model = fit(log, weights)
    _refuse_unlogged(model)
    return model


def hashes_of(units: Iterable[str]) -> Hashes:
    """Return the hashes of units by their names."""
    return np.fromiter(map(unit_hash, units), np.uint64)


def tallied(log: Iterable[Rows], resample: Resample, span: float) -> Tally:
    """Return all sums of a log, which is read once.

    Raises: InvalidInput of a row that cannot be, or of a span that is none.
    """
    if not 0 < span < math.inf:
        raise InvalidInput(
            f"the span is {span}", field="span", mend="the width of the rewards' range, above 0"
        )
    return reduce(add, _tallies(log, resample, span))


def in_order(estimates: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return estimates with what their intervals leave out; those that leave something, last."""
    last = sorted(estimates.items(), key=lambda item: item[0] in LEFT_OUT)
    return {n: e.model_copy(update={"leaves_out": LEFT_OUT.get(n, "")}) for n, e in last}


def _tallies(log: Iterable[Rows], resample: Resample, span: float) -> Iterator[Tally]:
    """Give the sums of each chunk; those of no rows where there are none."""
    seen, met = 0, (math.inf, -math.inf)
    for rows in log:
        if len(rows):
            members = {n: e for n, e in ESTIMATORS.items() if rows.modelled or n not in MODELLED}
            met = widened(met, checked(rows, seen).reward, span, seen)
            yield tally(rows, members, resample)
            seen += len(rows)
    if not seen:
        yield Tally((), np.zeros((1 + resample.total, 0)), Units())


def resample_of(seeds: Sequence[int], replicates: int) -> Resample:
    """Return the replicates of some seeds.

    Raises: InvalidInput where a seed is there twice, or replicates are too few.
    """
    if not seeds or not distinct(seeds):
        raise InvalidInput(
            f"seeds {list(seeds)} are none, or one is there twice", field="seeds", mend="0, 1, 2"
        )
    if replicates < LEAST_REPLICATES:
        raise InvalidInput(
            f"{replicates} replicates are too few for an interval",
            field="replicates",
            mend=f"{LEAST_REPLICATES} or more",
        )
    return Resample(tuple(seeds), replicates)


def _check_weights(weights: Mapping[str, float]) -> None:
    """Check that the weights are probabilities.

    Raises: InvalidInput that names the arm, or their sum.
    """
    for arm, weight in weights.items():
        if not (math.isfinite(weight) and 0 <= weight <= 1):
            raise InvalidInput(
                f"the weight of {arm} is {weight}", field="weights", mend="0 to 1 is wanted"
            )
    total = math.fsum(weights.values())
    if abs(total - 1) > 1e-6:
        raise InvalidInput(
            f"the weights sum to {total:g}", field="weights", mend="divide each by their sum"
        )


def _refuse_unlogged(model: Fit) -> None:
    """Refuse a target that gives too much to arms that the log never took, by their names."""
    missing = model.unlogged()
    if model.logged.any() and math.fsum(missing.values()) > 1 - LEAST_SUPPORT + 1e-9:
        raise Refused(
            f"the log never took {', '.join(sorted(missing))}, to which the weights give"
            f" {math.fsum(missing.values()):.1%}; at most {1 - LEAST_SUPPORT:.0%} may be there",
            field="weights",
            mend="explore these arms first, or give their weight to others",
        )
