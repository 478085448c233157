"""Mixture sequences for rates: valid at small counts, from sums alone; 1 % failures included.

Three bounds that hold together, each on a part of the error: the ratio of the two rates, from the
challenger's part of the events (whatever the base rate does meanwhile); each arm's own rate (which
says something where there is no event at all); and the asymptotic sequence, the sharpest one once
events are many. The tightest counts.
"""

from dataclasses import replace

import numpy as np

from ratchet.rollouts.evidence import asymptotic
from ratchet.rollouts.pair import CHALLENGER, CONTROL, Bools, Bounds, Pair, Question
from ratchet.rollouts.rates import log_ratio, own_rate, split_events, trials_of
from ratchet.rollouts.strata import combine
from ratchet.rollouts.worth import valued
from ratchet.stats.moments import Floats

RATIO, OWN, MANY = 0.4, 0.1, 0.5  # parts of the error


def compare(pair: Pair, question: Question) -> Bounds:
    """Return bounds of the difference of rates that hold at every look.

    The rarer of event and non-event is counted, so a success rate is as sharp as its failures.

    Source: the split of events is the sequential test of Lindon & Malek (NeurIPS 2022) with a
    normal mixture over the log ratio; an arm's own rate has Robbins' beta-binomial mixture.
    """
    often = _often(pair)
    rare = replace(pair, num=np.where(often[..., None, None, None], pair.den - pair.num, pair.num))
    strata = combine(rare)
    low_error = np.where(often, question.high_error, question.low_error)
    high_error = np.where(often, question.low_error, question.high_error)
    low, high = _exact(rare, low_error, high_error, question.planned_events)
    low, high = np.where(often, -high, low), np.where(often, -low, high)
    part = replace(
        question, low_error=MANY * question.low_error, high_error=MANY * question.high_error
    )
    many = asymptotic.compare(pair, part)
    units = valued(pair)
    known = np.isfinite(strata.estimate) & (units >= question.least_units).all(-1)
    estimate = np.where(often, -strata.estimate, strata.estimate)
    return Bounds(
        estimate,
        np.where(known, np.sqrt(strata.variance), np.inf),
        np.where(known, np.minimum(np.maximum(low, many.low), estimate), -np.inf),
        np.where(known, np.maximum(np.minimum(high, many.high), estimate), np.inf),
        known,
        units.min(-1),
    )


def _often(pair: Pair) -> Bools:
    """Say where the event happened more often than not. Shape: (...)."""
    num, den = (np.nan_to_num(x).sum((-3, -2, -1)) for x in (pair.num, pair.den))
    return np.asarray(num > den / 2)


def _exact(pair: Pair, low_error: Floats, high_error: Floats, planned: float) -> tuple[Floats, ...]:
    """Return bounds of the difference from the ratio of the rates and from each arm's own."""
    strata = combine(pair)
    split = split_events(pair)
    ratio_low = np.exp(log_ratio(split, RATIO * low_error, planned).low)
    ratio_high = np.exp(log_ratio(split, RATIO * high_error, planned).high)
    least = np.minimum(low_error, high_error) * OWN / 2
    control = own_rate(trials_of(pair, strata, CONTROL), least)
    challenger = own_rate(trials_of(pair, strata, CHALLENGER), least)
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
