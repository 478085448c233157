"""Judges who flatter the challenger: the people's mean is alike, and few are asked for it."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import Judged, judged
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.shapes import event
from certify.streams import tally
from certify.worlds import Requests, World, draw
from ratchet.rollouts.corrected import corrected
from ratchet.rollouts.pair import Pair
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.weigh import weigh
from ratchet.stats.moments import SCALES, Floats

EVEN = World(48, 200, shares=((0.5, 0.5),), shape=event, means=(0.6, 0.6))
CANARY = World(48, 400, shares=((0.9, 0.1), (0.5, 0.5)), shape=event, means=(0.6, 0.6))
RECURRING = World(48, 200, ((0.5, 0.5),), event, (0.6, 0.6), units=960, correlation=0.5)
NOISE = 0.2


@dataclass(frozen=True)
class Case:
    """How judges see a world, and how people are asked.

    `flattered` is what judges add to the challenger; `drawn` the probability of being asked about,
    of a grade that is near one half and of any other; `answered` the share of those that are.
    A judge who is `sharp` grades as people do, but for a share `flattered` of the challenger's bad
    answers, which he takes for good, and a share `open` of all, which he leaves in the middle.
    """

    name: str
    world: World = EVEN
    flattered: float = 0.15
    drawn: tuple[float, float] = (0.1, 0.1)
    answered: float = 1.0
    sharp: bool = False
    open: float = 0.0


CASES = (
    Case("judges alike in both arms", flattered=0.0),
    Case("judges add 0.15 to the challenger"),
    Case("judges add 0.15, a canary of 10 % and 50 %", CANARY),
    Case("judges add 0.15, units recur", RECURRING),
    Case("judges add 0.15, half of the drawn answered", CANARY, answered=0.5),
    Case("judges add 0.15, doubtful grades drawn 15 times as often", drawn=(0.3, 0.02)),
    Case("judges take 10 % of the challenger's bad for good", flattered=0.1, sharp=True),
    Case(
        "judges err where they are sure, and there are asked about 60 times less often",
        flattered=0.25,
        drawn=(0.3, 0.005),
        sharp=True,
        open=0.2,
    ),
)
# Judges give half of what people see, and here they take it back.
POWER = tuple(
    Case(
        f"+{100 * better:g} points that judges do not see",
        World(48, 400, shares=((0.5, 0.5),), shape=event, means=(0.6, 0.6 + better)),
        flattered=-better / 2,
    )
    for better in (0.05, 0.1)
)


def figures(small: bool) -> list[Figure]:
    """Measure what is decided on the corrected mean, and on the judges' own; 10 % are drawn."""
    runs = 30 if small else 1_000
    out = []
    for case in CASES:
        found = measure(case.name, partial(compared, case), runs, case.world)
        name = f"{case.name}, 48 looks"
        out.append(rate(f"falsely promoted, {name}", found["promoted"], ALPHA))
        out.append(rate(f"false decisions, {name}", found["decided"], ALPHA))
        out.append(rate(f"obvious: the judges' mean promotes; {name}", found["flattered"]))
    for case in POWER:
        found = measure(case.name, partial(compared, case), 20 if small else 500, case.world)
        out.append(rate(f"promoted: {case.name}, 48 looks", found["promoted"]))
        out.append(rate(f"obvious: the judges' mean promotes; {case.name}", found["flattered"]))
    return out


def compared(case: Case, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs were decided by the corrected mean, and promoted by the judges alone."""
    requests = draw(case.world, runs, rng)
    grades = graded(case, requests, rng)
    alone = _weighed(tally(requests, value=grades).pair(), None)
    found = _weighed(*corrections(case, requests, grades, rng))
    return {
        "promoted": np.asarray(found.promote.any(1), float),
        "decided": np.asarray(found.decided, float),
        "flattered": np.asarray(alone.promote.any(1), float),
    }


def graded(case: Case, requests: Requests, rng: np.random.Generator) -> Floats:
    """Return the judges' grades 0..1."""
    challenger = requests.arm == 1
    if case.sharp:
        taken = challenger & (rng.random(len(challenger)) < case.flattered)
        left_open = rng.random(len(challenger)) < case.open
        return np.where(left_open, 0.5, np.where(taken, 1.0, requests.value))
    noise = NOISE * rng.standard_normal(len(challenger))
    seen = 0.25 + 0.5 * requests.value + noise + case.flattered * challenger
    return np.asarray(seen.clip(0.0, 1.0))


def corrections(
    case: Case, requests: Requests, grades: Floats, rng: np.random.Generator
) -> tuple[Pair, Pair]:
    """Return the pair of the corrected mean, and that of the drawn who never answered."""
    p = np.where(np.abs(grades - 0.5) < 0.25, *case.drawn)
    drawn = rng.random(len(p)) < p
    answered = drawn & (rng.random(len(p)) < case.answered)
    said, stands_for = answered.astype(float), answered / p
    asked = tally(requests, value=(drawn & ~answered) / p).pair()
    higher = tally(requests, value=requests.value - grades, weight=stands_for)
    found = corrected(
        tally(requests, value=grades).pair(),
        tally(requests, weight=said).den,
        higher.den * SCALES["drawn"],
        higher.num * SCALES["drawn"],
    )
    return found, asked


def _weighed(pair: Pair, asked: Pair | None) -> Judged:
    unknown = {"corrected": asked} if asked else {}
    weighed = weigh({"corrected": pair}, Rules(goal=Term(metric="corrected")), unknown=unknown)
    return judged([weighed])
