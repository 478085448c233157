"""Sample ratio: whether units met the arms in the shares that were planned, at every look.

A rollout that loses units of one arm on the way compares different populations, so a mismatch
makes every effect untrusted.
"""

from dataclasses import dataclass

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.pair import Bools
from ratchet.rollouts.worth import recurrence
from ratchet.stats.moments import Floats
from ratchet.stats.special import log_gamma

THRESHOLD = 0.001
# The prior's weight, in units: 45:55 instead of 50:50 is plain after some 1,800 of them, a planned
# tenth that never comes after some 160, 12 % instead of 10 % after 4,400.
CONCENTRATION = 100.0
LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class SampleRatio:
    """What the exposures say of the planned shares. Shapes: (...), and (..., arms) for shares.

    `units` is how many independent units the exposures are worth; of none, the shares are NaN,
    `p_value` is 1 and there is no mismatch.
    """

    p_value: Floats
    mismatch: Bools
    observed: Floats
    expected: Floats
    units: Floats


def sample_ratio(exposures: Floats, shares: Floats, threshold: float = THRESHOLD) -> SampleRatio:
    """Return whether exposures differ from the planned shares, with a p-value valid at every look.

    Shapes: exposures (..., steps, arms, bins), all since the start; shares (steps, arms), of which
    one below 1/10,000 counts as that much. The p-value is 1 / e of an e-process, so a mismatch is
    found falsely with at most `threshold`, ever; the smallest one over the looks holds, too.
    Raises: InvalidInput if the shares do not fit the exposures, or are no shares.
    Source: Lindon & Malek, NeurIPS 2022 (Dirichlet-multinomial mixture, one for each step).
    """
    plan = _plan(exposures, shares)
    met = np.where(np.isfinite(exposures) & (exposures > 0), exposures, 0.0)
    counts = met.sum(-1)  # (..., steps, arms)
    worth = counts / recurrence(met)[..., None, None]
    evidence = _log_mixture(worth, plan).sum(-1)
    p_value = np.exp(-np.maximum(evidence, 0.0))
    total = counts.sum((-2, -1))[..., None]
    by_step = counts.sum(-1, keepdims=True)
    safe = np.where(total > 0, total, 1.0)
    return SampleRatio(
        p_value=p_value,
        mismatch=p_value <= threshold,
        observed=np.where(total > 0, counts.sum(-2) / safe, np.nan),
        expected=np.where(total > 0, (by_step * plan).sum(-2) / safe, np.nan),
        units=worth.sum((-2, -1)),
    )


def _log_mixture(counts: Floats, plan: Floats) -> Floats:
    """Return the log Bayes factor of any shares against the planned ones. Shape: (..., steps)."""
    prior = CONCENTRATION * plan
    size = counts.sum(-1)
    grown = (log_gamma(prior + counts) - log_gamma(prior)).sum(-1)
    whole = log_gamma(CONCENTRATION + size) - log_gamma(np.full_like(size, CONCENTRATION))
    return np.asarray(grown - whole - (counts * np.log(plan)).sum(-1))


def _plan(exposures: Floats, shares: Floats) -> Floats:
    """Return the planned shares, each step's adding up to 1 and none of them 0."""
    if exposures.ndim < 3 or shares.shape != exposures.shape[-3:-1]:
        raise InvalidInput(
            f"shares of shape {shares.shape} do not fit exposures of {exposures.shape}",
            field="shares",
            mend="give shares (steps, arms) and exposures (..., steps, arms, bins)",
        )
    whole = shares.sum(-1)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and np.allclose(whole, 1, atol=1e-6)):
        raise InvalidInput(
            "the shares of a step are not numbers from 0 that add up to 1",
            field="shares",
            mend="give every step the share of each arm",
        )
    floored = np.maximum(shares, LEAST_SHARE)
    return np.asarray(floored / floored.sum(-1, keepdims=True))
