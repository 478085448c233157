"""P-value: how surprising a difference is if there is none, at any look; akin to the bounds."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from ratchet.rollouts.boundary import tuning
from ratchet.rollouts.evidence import mixture
from ratchet.rollouts.evidence.asymptotic import Standing, standing
from ratchet.rollouts.pair import Bools, Pair, Question
from ratchet.rollouts.rates import apart
from ratchet.rollouts.worth import valued
from ratchet.stats.moments import Floats


class _Tested(Protocol):
    def __call__(self, pair: Pair, question: Question) -> Floats: ...


def p_value(pair: Pair, question: Question, kind: str) -> Floats:
    """Return a two-sided p-value of no difference that holds over all looks together.

    It is as the bounds of `EVIDENCE[kind]` are tuned for the question: at most twice the error of a
    bound exactly where that bound leaves 0 out. Where no bound is trusted it is 1. Shape: (...).

    Source: the mixture martingales behind the bounds, as always-valid p-values (Johari, Koomen,
    Pekelis and Walsh, Operations Research 2022).
    """
    return _KINDS[kind](pair, question)


def _of_means(pair: Pair, question: Question) -> Floats:
    at = standing(pair, question)
    return _of_standing(at, _side(at.strata.estimate, question))


def _of_standing(at: Standing, error: Floats) -> Floats:
    """Return the p-value whose boundary is `reach` of twice the error; 1 where it is not trusted.

    Source: boundary.reach, solved for alpha.
    """
    tau = np.maximum(at.information, 1e-12) * tuning(2 * error)
    z = np.where(at.trusted, at.strata.estimate / np.where(at.error > 0, at.error, 1.0), 0.0)
    log_p = np.where(at.trusted, 0.5 * np.log1p(tau) - z**2 * tau / (2 * (1 + tau)), 0.0)
    return np.asarray(np.exp(np.minimum(log_p, 0.0)))


def _of_rates(pair: Pair, question: Question) -> Floats:
    """Return the least of the three parts' p-values, each with its part of the error."""
    rare = mixture.rare_of(pair)
    more = rare.strata.estimate > 0  # of what is rare
    side = _side(rare.strata.estimate, question, turned=rare.often)
    ratio = rare.ratio.p_value(mixture.RATIO * side, question.planned_events) / mixture.RATIO
    agrees = np.where(more, rare.ratio.best > 0, rare.ratio.best < 0)
    own = apart(rare.control, rare.challenger) * 2 * side / mixture.of_own(question)
    at = standing(pair, mixture.of_many(question))
    many = _of_standing(at, mixture.MANY * side) / mixture.MANY
    least = np.minimum(np.minimum(np.where(agrees, ratio, 1.0), own), many)
    known = (valued(pair) >= question.least_units).all(-1) & (rare.strata.estimate != 0)
    known &= np.isfinite(rare.strata.estimate)
    return np.where(known, np.minimum(least, 1.0), 1.0)


def _side(estimate: Floats, question: Question, turned: Bools | None = None) -> Floats:
    """Return the error of the bound on the estimate's side of 0; `turned` ones have the other."""
    low = estimate > 0 if turned is None else (estimate > 0) ^ turned
    return np.where(low, question.low_error, question.high_error)


_KINDS: Mapping[str, _Tested] = {"asymptotic": _of_means, "mixture": _of_rates}
