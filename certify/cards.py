"""Cards: what is claimed of the components of a fleet at the 30 looks of a month, true or false."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.measure import chunked, median, rate
from ratchet.rollouts.pair import Bools
from ratchet.runs.cards.card import METRICS
from ratchet.runs.cards.card_settings import CardSettings
from ratchet.runs.cards.claims import (
    ALPHA,
    BEFORE_DAYS,
    FLEET_DAYS,
    PAST_DAYS,
    Judged,
    Limits,
    judged,
    tail_of,
)
from ratchet.runs.cards.daily import Days, fleet_of
from ratchet.stats.moments import Floats
from ratchet.stats.run_sums import LOSS

LOOKS = 30
BEFORE = PAST_DAYS + BEFORE_DAYS
WORSE = 0.05
MONTHS, FEW, AT_ONCE = 400, 4, 4
RARE = 14
_SWING = 4.0  # how much more a day moves a rate, in its logarithm
# Of the loss, the nine terms and the reward: the mean, and the standard deviation of one run; a
# deviation of 0 is of what either happens or does not.
METRIC = (
    (0.3, 0.15),
    (0.2, 0.15),
    (0.2, 0.0),
    (0.3, 0.15),
    (0.1, 0.15),
    (0.3, 0.15),
    (0.001, 0.0),
    (0.01, 0.0),
    (0.004, 0.0),
    (0.4, 0.15),
    (0.4, 0.15),
)


@dataclass(frozen=True)
class Fleet:
    """Components that are alike, but for the first, which is worse from a day on.

    `shared` is the standard deviation of what a day does to all of them, and `own` of what it does
    to each, of which a share is `kept` from the day before; with `varying`, the runs of a day vary
    by half about `runs`. A day in `RARE` is `bad` for one of them.
    """

    components: int = 20
    runs: int = 100
    shared: float = 0.0
    own: float = 0.0
    kept: float = 0.0
    varying: bool = False
    bad: float = 0.0
    worse: float = 0.0
    history: int = BEFORE


DAYS = Fleet(shared=0.05, own=0.03, varying=True)
ALIKE = (
    ("20 alike, 100 runs a day", Fleet()),
    ("20 alike, days that differ", DAYS),
    ("20 alike, 8 runs a day", replace(DAYS, runs=8)),
    ("20 alike, 1,000 runs a day, each with bad days of its own", Fleet(runs=1_000, bad=0.3)),
    ("3 alike, days that differ", replace(DAYS, components=3)),
    ("one alone at its thresholds", Fleet(components=1)),
    ("one alone, days that differ", replace(DAYS, components=1)),
)
ONE_WORSE = (
    ("20, one worse by 0.05 from the first look on", Fleet(worse=WORSE)),
    ("20, one worse by 0.05, nothing known before", Fleet(worse=WORSE, history=0)),
    ("20, one worse by 0.05, days that differ", replace(DAYS, worse=WORSE)),
)


def figures(small: bool) -> list[Figure]:
    """Measure any false claim in a month, and whether what is worse is named."""
    months = FEW if small else MONTHS
    out = []
    for name, fleet in ALIKE:
        found = chunked(name, partial(month, fleet, None), months, AT_ONCE)
        out.append(rate(f"any false claim in a month, {name}", found["false"], ALPHA))
    name, fleet = "20 alike, days that resemble the day before (0.5)", replace(DAYS, kept=0.5)
    found = chunked(name, partial(month, fleet, None), months, AT_ONCE)
    out.append(rate(f"beyond what is promised: any false claim, {name}", found["false"]))
    name, fleet = ALIKE[0]
    found = chunked(name, partial(month, fleet, ALPHA), FEW if small else 100, AT_ONCE)
    out.append(rate(f"obvious: each comparison at 0.05; {name}", found["false"]))
    for name, fleet in ONE_WORSE:
        found = chunked(name, partial(month, fleet, None), months, AT_ONCE)
        out.append(rate(f"named a weakness of loss, {name}", found["named"], 0.8, "higher"))
        out.append(rate(f"any false claim, {name}", found["false"], ALPHA))
        out.append(median(f"looks until it is named, {name}", found["looks"]))
    return out


def month(
    fleet: Fleet, tail: float | None, rng: np.random.Generator, months: int
) -> dict[str, Floats]:
    """Return in which months anything false was claimed, and what is worse was named.

    Each comparison takes its share of the chance of a month, or the tail that is given.
    """
    days = runs_of(fleet, rng, months)
    limits = at_its_means(fleet)
    false, looks = np.zeros(months, np.bool_), np.full(months, np.inf)
    for look in range(1, LOOKS + 1):
        until = days.n.shape[-1] - LOOKS + look
        window = Days(*(part[..., max(0, until - BEFORE) : until] for part in parts(days)))
        others = fleet_of(window.last(FLEET_DAYS))
        for found in judged(window, others, limits, tail or tail_of(fleet.components)):
            is_true = truth(fleet, found)
            false |= (found.claimed & ~is_true).any((0, 2))
            named = (found.claimed & is_true).any((0, 2))
            looks = np.where(named, np.minimum(looks, look), looks)
    return {
        "false": np.asarray(false, float),
        "named": np.asarray(np.isfinite(looks), float),
        "looks": looks,
    }


def truth(fleet: Fleet, found: Judged) -> Bools:
    """Return which claims would be true. Shape: (components, 1, metrics)."""
    out = np.zeros((fleet.components, 1, len(METRICS)), np.bool_)
    out[0, 0, METRICS.index(LOSS)] = bool(fleet.worse) and found.side == "weakness"
    return out


def parts(days: Days) -> tuple[Floats, Floats, Floats]:
    """Return the sums of days."""
    return days.n, days.x, days.xx


def at_its_means(fleet: Fleet) -> Limits:
    """Return thresholds that the components are just at, on either side."""
    swing = np.exp(_SWING**2 * (fleet.shared**2 + fleet.own**2) / 2)
    means = np.array([mean * (1.0 if sd else swing) for mean, sd in METRIC])
    return Limits(means, means, CardSettings().least_difference)


def runs_of(fleet: Fleet, rng: np.random.Generator, months: int) -> Days:
    """Return the daily sums of all components. Shapes: (components, months, metrics, days)."""
    size = (fleet.components, months, len(METRICS), BEFORE + LOOKS)
    mean, sd = (np.array(column)[:, None] for column in zip(*METRIC, strict=True))
    bad = fleet.bad * (rng.random(size) < 1 / RARE) if fleet.bad else 0.0
    moved = fleet.shared * rng.standard_normal(size[1:]) + fleet.own * _own(fleet, rng, size)
    low, high = (fleet.runs // 2, fleet.runs * 3 // 2) if fleet.varying else (fleet.runs,) * 2
    n = rng.integers(low, high + 1, (*size[:2], 1, size[3])) * np.ones(size)
    n[..., : BEFORE - fleet.history] = 0
    # What happens or does not, and what varies about its mean: the exact distribution of both sums.
    often = rng.binomial(n.astype(int), np.minimum(1.0, mean * np.exp(_SWING * moved)))
    level = mean + moved + bad
    level[0, :, METRICS.index(LOSS), BEFORE:] += fleet.worse
    x = np.where(sd > 0, n * level + sd * np.sqrt(n) * rng.standard_normal(size), often)
    apart = sd**2 * 2 * rng.standard_gamma(np.maximum(n - 1, 0) / 2)
    return Days(n, x, np.where(sd > 0, apart + x**2 / np.maximum(n, 1), often))


def _own(fleet: Fleet, rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
    """Return what each day does to each component, of variance 1."""
    out = rng.standard_normal(size)
    for day in range(1, size[-1] if fleet.kept else 0):
        out[..., day] *= np.sqrt(1 - fleet.kept**2)
        out[..., day] += fleet.kept * out[..., day - 1]
    return out
