"""Relative: bounds of how far the challenger's mean lies from the control's, as a part of it."""

from collections.abc import Callable

import numpy as np

from ratchet.rollouts.boundary import reach
from ratchet.rollouts.evidence.asymptotic import floor, planned, standing
from ratchet.rollouts.pair import CHALLENGER, CONTROL, Bools, Bounds, Pair, Question
from ratchet.rollouts.strata import Strata
from ratchet.stats.moments import Floats

_HALVINGS = 40
_FARTHEST = 1 - 1e-9  # of ratio / (1 + ratio)


def relative(pair: Pair, question: Question) -> Bounds:
    """Return bounds of challenger / control - 1 that hold at every look, for means from 0 up.

    A ratio is left out where the asymptotic sequence of challenger - ratio * control leaves 0 out,
    at the same errors, so the true one is left out no oftener. Where the control's mean is not told
    from 0 there is no upper bound, and where both are nothing, always, they are alike. The plan's
    error is in the metric's unit, and grows with a ratio above 1, as what is asked about does.

    Source: Fieller, JRSS B 1954.
    """
    at = standing(pair, question)
    control, challenger = (at.strata.means[..., arm] for arm in (CONTROL, CHALLENGER))
    both = control + challenger
    known = at.trusted & (control >= 0) & (challenger >= 0) & (both > 0)
    part = np.minimum(np.where(known, challenger / np.where(known, both, 1.0), 0.0), _FARTHEST)
    aim = planned(pair, at.strata, question)

    def beyond(sign: int, error: float) -> Callable[[Floats], Bools]:
        def leaves_out(ratio: Floats) -> Bools:
            least = floor(pair, at.strata, at.units, ratio)
            variance = np.maximum(_variance(at.strata, ratio), least)
            spread = np.sqrt(np.where(known, variance, 1.0))
            information = (aim * np.maximum(ratio, 1.0) / spread) ** 2
            gap = sign * (challenger - ratio * control)
            return np.asarray(gap > spread * reach(2 * error, information))

        return leaves_out

    low = _edge(beyond(1, question.low_error), part, np.zeros_like(part))
    high = _edge(beyond(-1, question.high_error), part, np.full_like(part, _FARTHEST))
    seen = part / (1 - part)
    spread = np.sqrt(np.where(known, _variance(at.strata, seen), 1.0))
    some = known & (control > 0)
    never = at.trusted & (both == 0) & (at.error == 0)
    return Bounds(
        _where((some, seen - 1), (never, 0.0), otherwise=np.nan),
        _where((some, spread / np.where(some, control, 1.0)), (never, 0.0), otherwise=np.inf),
        _where((known, np.nan_to_num(low, nan=0.0) - 1), (never, 0.0), otherwise=-np.inf),
        _where((known, np.nan_to_num(high, nan=np.inf) - 1), (never, 0.0), otherwise=np.inf),
        known | never,
        at.units.min(-1),
        at.strata.events,
    )


def _where(*cases: tuple[Bools, Floats | float], otherwise: float) -> Floats:
    """Return each case's values where it holds. Shapes: (...)."""
    return np.asarray(np.select([c for c, _ in cases], [v for _, v in cases], otherwise))


def _variance(strata: Strata, ratio: Floats) -> Floats:
    """Return the variance of challenger - ratio * control. Shapes: ratio and the result (...)."""
    control, challenger = strata.by_arm[..., CONTROL, :], strata.by_arm[..., CHALLENGER, :]
    influence = challenger - ratio[..., None] * control
    return np.asarray((influence**2).sum(-1) * strata.correction)


def _edge(leaves_out: Callable[[Floats], Bools], inside: Floats, outside: Floats) -> Floats:
    """Return the ratio from which on all are left out, NaN if the last is not.

    Shapes: all (...). Units: those of `inside` and `outside` are ratio / (1 + ratio).
    """
    none = ~leaves_out(outside / (1 - outside))
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        out = leaves_out(middle / (1 - middle))
        inside, outside = np.where(out, inside, middle), np.where(out, middle, outside)
    return np.where(none, np.nan, outside / (1 - outside))
