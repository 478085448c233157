"""Mixture sequences for rates: valid at small counts, from sums alone; 1 % failures included.

Three bounds that hold together, each on a part of the error: the ratio of the two rates, from the
challenger's part of the events (whatever the base rate does meanwhile); each arm's own rate (which
says something where there is no event at all); and the asymptotic sequence, the sharpest one once
events are many. The tightest counts.
"""

from dataclasses import dataclass, replace

import numpy as np

from ratchet.rollouts.evidence import asymptotic
from ratchet.rollouts.pair import CHALLENGER, CONTROL, Bools, Bounds, Pair, Question
from ratchet.rollouts.rates import Ratio, Trials, own_rate, ratio_of, split_events, trials_of
from ratchet.rollouts.strata import Strata, combine
from ratchet.rollouts.worth import valued
from ratchet.stats.moments import Floats

RATIO, OWN, MANY = 0.4, 0.1, 0.5  # parts of the error


@dataclass(frozen=True)
class Rare:
    """The rarer of event and non-event in both arms; `often` says where it is the non-event."""

    often: Bools
    strata: Strata
    ratio: Ratio
    control: Trials
    challenger: Trials

    def errors(self, question: Question) -> tuple[Floats, Floats]:
        """Return the errors of the lower and the upper bound of what is rare."""
        low, high = question.low_error, question.high_error
        return np.where(self.often, high, low), np.where(self.often, low, high)


def rare_of(pair: Pair) -> Rare:
    """Return what is rare in a pair: so a success rate is told as sharply as its failures."""
    num, den = (np.nan_to_num(x).sum((-3, -2, -1)) for x in (pair.num, pair.den))
    often = np.asarray(num > den / 2)
    rare = replace(pair, num=np.where(often[..., None, None, None], pair.den - pair.num, pair.num))
    strata = combine(rare)
    ratio = ratio_of(split_events(rare))
    arms = (trials_of(rare, strata, arm) for arm in (CONTROL, CHALLENGER))
    return Rare(often, strata, ratio, *arms)


def compare(pair: Pair, question: Question) -> Bounds:
    """Return bounds of the difference of rates that hold at every look.

    The rarer of event and non-event is counted, so a success rate is as sharp as its failures.

    Source: the split of events is the sequential test of Lindon & Malek (NeurIPS 2022) with a
    normal mixture over the log ratio; an arm's own rate has Robbins' beta-binomial mixture.
    """
    rare, units = rare_of(pair), valued(pair)
    low, high = _exact(rare, question)
    low, high = np.where(rare.often, -high, low), np.where(rare.often, -low, high)
    many = asymptotic.compare(pair, of_many(question))
    known = np.isfinite(rare.strata.estimate) & (units >= question.least_units).all(-1)
    estimate = np.where(rare.often, -rare.strata.estimate, rare.strata.estimate)
    return Bounds(
        estimate,
        np.where(known, np.sqrt(rare.strata.variance), np.inf),
        np.where(known, np.minimum(np.maximum(low, many.low), estimate), -np.inf),
        np.where(known, np.maximum(np.minimum(high, many.high), estimate), np.inf),
        known,
        units.min(-1),
    )


def of_many(question: Question) -> Question:
    """Return what is asked of the asymptotic sequence: its part of the error."""
    low, high = MANY * question.low_error, MANY * question.high_error
    return replace(question, low_error=low, high_error=high)


def of_own(question: Question) -> float:
    """Return the error of both bounds of one arm's own rate together."""
    return min(question.low_error, question.high_error) * OWN / 2


def _exact(rare: Rare, question: Question) -> tuple[Floats, ...]:
    """Return bounds of the difference from the ratio of the rates and from each arm's own."""
    low_error, high_error = rare.errors(question)
    ratio_low = np.exp(rare.ratio.low(RATIO * low_error, question.planned_events))
    ratio_high = np.exp(rare.ratio.high(RATIO * high_error, question.planned_events))
    least = np.asarray(of_own(question))
    control, challenger = own_rate(rare.control, least), own_rate(rare.challenger, least)
    low = (ratio_low - 1) * np.where(ratio_low > 1, control.low, control.high)
    high = (ratio_high - 1) * np.where(ratio_high > 1, control.high, control.low)
    # The same of the challenger's rate: it says something where the control has no event at all.
    part_low, part_high = (1 - 1 / np.maximum(r, 1e-300) for r in (ratio_low, ratio_high))
    low_too = part_low * np.where(ratio_low > 1, challenger.low, challenger.high)
    high_too = part_high * np.where(ratio_high > 1, challenger.high, challenger.low)
    return (
        np.maximum(np.maximum(low, low_too), challenger.low - control.high),
        np.minimum(np.minimum(high, high_too), challenger.high - control.low),
    )
