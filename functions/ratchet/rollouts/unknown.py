"""Unknown: whether the share of what is not known differs between arms; pure."""

from collections.abc import Iterable, Mapping

import numpy as np

from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.metric import ERROR, OF_LOSS, Metric
from ratchet.rollouts.metrics import Arms, pair_of
from ratchet.rollouts.pair import Bools, Bounds, Pair, Question
from ratchet.stats.bucket import OTHER
from ratchet.stats.loss_terms import TERMS
from ratchet.stats.moments import Floats

SIDE = 0.025  # to each side, over all looks; apart from the rollout's own alpha


def _unknown(name: str) -> Metric:
    return Metric(f"unknown {name}", "rate", "lower", "success", "success", f"known_{name}")


def _untold(term: str) -> Metric:
    return Metric(f"unknown {OF_LOSS}{term}", "rate", "lower", "runs", "runs", f"run_w:{term}")


# Which code an error had is not known where a bucket counts it as `other`. An outcome that never
# came is not known either: there are fewer of them for an exposure. They count as often as what
# each stands for: where successes were sampled, an arm that fails more has more that arrive. So do
# questions that wait for an answer: an arm that is asked about oftener has more that wait.
# A run that was never told is not known at all, and of one that was, a term may be.
UNKNOWN: Mapping[str, Metric] = {
    "cost": _unknown("cost"),
    "latency": _unknown("latency"),
    "quality": _unknown("quality"),
    "corrected": _unknown("corrected"),
    "code": Metric("unknown code", "rate", "lower", ERROR + OTHER, "w"),
    "outcome": Metric("outcomes per exposure", "mean", "higher", "w", "exposures", span=None),
    "runs": Metric("runs per exposure", "mean", "higher", "runs", "exposures", span=None),
    **{OF_LOSS + term: _untold(term) for term in TERMS},
}


def unknown_pairs(
    arms: Arms,
    challenger: str,
    shares: Floats,
    *,
    names: Iterable[str],
    shadow: bool = False,
) -> dict[str, Pair]:
    """Return what is unknown, by its name in UNKNOWN."""
    return {name: pair_of(arms, UNKNOWN[name], challenger, shares, shadow=shadow) for name in names}


def compare_unknown(pair: Pair) -> Bounds:
    """Return the bounds of the difference in an unknown share, 95 % over all looks.

    The mixture for rates takes an arm's trials as its part of the traffic; successes are not where
    one arm succeeds less, so means of bins are compared.
    """
    return EVIDENCE["asymptotic"](pair, Question(low_error=SIDE, high_error=SIDE))


def differs(bounds: Bounds) -> Bools:
    """Say where the bounds exclude that the arms are alike."""
    return np.asarray((bounds.low > 0) | (bounds.high < 0))


def holds(name: str, pair: Pair, bounds: Bounds) -> Bools:
    """Say where what is unknown keeps what rests on it from being compared.

    Any code that is not named does: which ones are, differs from bucket to bucket.
    """
    if name == "code":
        return np.asarray(np.nan_to_num(pair.num).sum((-3, -2, -1)) > 0)
    return differs(bounds)
