"""Worlds: simulated requests of a rollout, many runs at once."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from certify.shapes import Shape, low_skewed, spread
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats, Ints

HOURS_A_DAY = 24
_TABLE = 1 << 16


@dataclass(frozen=True)
class World:
    """The traffic of a rollout, one look an hour.

    `shares` are the arms' by step, the control first; the steps last equally long, or so many looks
    as `lengths` says; `means` the arms' mean outcomes, which `drift` moves in a straight line from
    the first look to the last, and `daily` up and down over a day. With `units`, they recur at
    random over all hours, the active ones more often (`heavy` is the sigma of the log of a unit's
    activity); two outcomes of one unit have the given `correlation`. Without, each request is a
    unit of its own.
    """

    looks: int = 48
    per_look: int = 200
    shares: tuple[tuple[float, ...], ...] = ((0.9, 0.1),)
    shape: Shape = low_skewed
    means: tuple[float, ...] = (0.2, 0.2)
    drift: float = 0.0
    daily: float = 0.0
    units: int | None = None
    correlation: float = 0.0
    heavy: float = 0.0
    lengths: tuple[int, ...] = ()

    @property
    def requests(self) -> int:
        """The requests of a whole run."""
        return self.looks * self.per_look

    @property
    def arms(self) -> int:
        """The control and its challengers."""
        return len(self.shares[0])

    @property
    def cells(self) -> int:
        """How many numbers the sums of one metric of one run hold."""
        return self.looks * len(self.shares) * self.arms * BINS

    def step_of(self) -> Ints:
        """Return the step of each look. Shape: (looks,)."""
        if self.lengths:
            return np.repeat(np.arange(len(self.shares)), self.lengths)
        return np.arange(self.looks) * len(self.shares) // self.looks

    def level(self) -> Floats:
        """Return how far the mean outcome has moved at each look. Shape: (looks,)."""
        at = np.arange(self.looks)
        wave = np.sin(2 * np.pi * at / HOURS_A_DAY)
        return np.asarray(self.drift * at / max(self.looks - 1, 1) + self.daily * wave)

    def planned_error(self) -> float:
        """Return the standard error that a plan expects at the end, of the first challenger.

        A step counts by the information it holds; clusters by their design effect.
        """
        sizes = np.bincount(self.step_of(), minlength=len(self.shares)) * self.per_look
        share = np.array(self.shares)
        with np.errstate(divide="ignore"):
            error = (1 / share[:, 0] + 1 / share[:, 1]) / sizes
        effect = 1.0
        if self.units:
            activity = _activity(self.units, self.heavy)
            effect += self.correlation * self.requests * float((activity**2).sum())
        deviation = spread(self.shape, self.means[0])
        return deviation * float(np.sqrt(effect / (1 / error).sum()))


@dataclass(frozen=True)
class Requests:
    """The requests of many runs, flat, in the order of run and time. Shapes: (runs x requests,).

    `unit` numbers the units of all runs; `u` is the uniform number that the outcome comes from.
    """

    world: World
    runs: int
    run: Ints
    look: Ints
    step: Ints
    arm: Ints
    bin: Ints
    unit: Ints
    u: Floats
    value: Floats


def draw(world: World, runs: int, rng: np.random.Generator) -> Requests:
    """Return the requests of some runs; a unit keeps its arm, or moves to a risen challenger."""
    size = runs * world.requests
    run = np.repeat(np.arange(runs), world.requests)
    look = np.tile(np.repeat(np.arange(world.looks), world.per_look), runs)
    step = world.step_of()[look]
    u = rng.random(size)
    if world.units is None:
        unit = np.arange(size)
        bins, place = rng.integers(0, BINS, size), rng.random(size)
    else:
        unit = run * world.units + _met(world, size, rng)
        count = runs * world.units
        bins = rng.integers(0, BINS, count)[unit]
        place = rng.random(count)[unit]
        own = rng.random(count)[unit]
        # Equal to the unit's own with this chance, each: two are then equal with its square.
        u = np.where(rng.random(size) < np.sqrt(world.correlation), own, u)
    arm = _assign(world, step, place)
    return Requests(world, runs, run, look, step, arm, bins, unit, u, outcome(world, look, arm, u))


def outcome(world: World, look: Ints, arm: Ints, u: Floats) -> Floats:
    """Return the outcomes of requests. Shapes: all (n,)."""
    level = world.level()
    if not level.any() and len(set(world.means)) == 1:
        return world.shape(u, world.means[0])
    return world.shape(u, np.array(world.means)[arm] + level[look])


def _assign(world: World, step: Ints, place: Floats) -> Ints:
    """Return the arm of each request: each challenger owns a band of 0..1, the control the rest.

    With one challenger the band only grows from step to step, as the rollout's own assignment.
    """
    edges = np.cumsum(np.array(world.shares)[:, 1:], axis=1)[step]  # (n, challengers)
    band: npt.NDArray[np.int64] = (place[:, None] >= edges).sum(1)
    return np.where(band == world.arms - 1, 0, band + 1)


@lru_cache(maxsize=8)
def _activity(units: int, heavy: float) -> Floats:
    """Return each unit's share of the requests: log-normal, by its quantiles."""
    rng = np.random.default_rng(units)
    raw = np.exp(heavy * rng.standard_normal(units))
    return np.asarray(raw / raw.sum())


@lru_cache(maxsize=8)
def _table(units: int, heavy: float) -> Ints:
    """Return units, each so often as it is active, to pick from evenly."""
    at = (np.arange(_TABLE) + 0.5) / _TABLE
    return np.asarray(np.searchsorted(np.cumsum(_activity(units, heavy)), at).clip(0, units - 1))


def _met(world: World, size: int, rng: np.random.Generator) -> Ints:
    """Return which unit makes each request. Shape: (size,)."""
    assert world.units is not None
    return _table(world.units, world.heavy)[rng.integers(0, _TABLE, size)]
