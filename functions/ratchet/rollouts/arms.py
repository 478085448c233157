"""Arms of a rollout as they are held against each other: shares, exposures, means; pure."""

from collections.abc import Mapping

import numpy as np

from ratchet.observe.watch import CONTROL
from ratchet.rollouts.metrics import Arms
from ratchet.rollouts.pair import Bounds, Pair
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.sample_ratio import SampleRatio, sample_ratio
from ratchet.rollouts.strata import combine
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats

_ROUNDING = 1e-12


def is_shadow(rollout: Rollout) -> bool:
    """Say whether its challengers run beside the champion, unit for unit."""
    return rollout.mode == "shadow"


def split(rollout: Rollout, arm: str) -> Floats:
    """Return a challenger's part of the traffic that it shares with the control, by step."""
    both = [rollout.shares(step) for step in range(len(rollout.steps))]
    if is_shadow(rollout):
        return np.full(len(both), 0.5)
    return np.array([shares[arm] / (shares[arm] + shares[CONTROL]) for shares in both])


def exposed(rollout: Rollout, arms: Arms) -> SampleRatio | None:
    """Return how the exposures are split, if there are any; a shadow takes none of the control."""
    if is_shadow(rollout):
        return None
    names = (CONTROL, *rollout.arms)
    steps = range(len(rollout.steps))
    counts = np.array([[_exposures(arms, step, name) for name in names] for step in steps])
    plan = np.array([[rollout.shares(step)[name] for name in names] for step in steps])
    found = sample_ratio(counts, plan)
    return found if np.isfinite(found.observed).all() else None


def by_arm(rollout: Rollout, values: Floats) -> Mapping[str, float]:
    """Return numbers of the arms by their names, the control's first. Shape: (arms,)."""
    return dict(zip((CONTROL, *rollout.arms), values.tolist(), strict=True))


def means(pair: Pair) -> tuple[float | None, float | None]:
    """Return the control's and the challenger's value at the same weights of the steps."""
    control, challenger = combine(pair).means
    return known(control), known(challenger)


def difference(bounds: Bounds, control: float | None, value: float | None) -> float | None:
    """Return the difference; what is left of equal means by rounding is 0."""
    found = known(bounds.estimate)
    size = max(abs(control or 0.0), abs(value or 0.0))
    return 0.0 if found is not None and abs(found) < _ROUNDING * size else found


def known(value: Floats) -> float | None:
    """Return a number where there is one."""
    return float(value) if np.isfinite(value) else None


def _exposures(arms: Arms, step: int, name: str) -> Floats:
    arm = arms.get((step, name))
    return arm.of("exposures") if arm else np.zeros(BINS)
