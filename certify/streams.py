"""Streams: what every look of a run sees of its requests, as the product's pairs."""

from dataclasses import dataclass, replace

import numpy as np

from certify.worlds import Requests
from ratchet.rollouts.pair import Pair
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats, Ints


@dataclass(frozen=True)
class Stream:
    """The sums of one metric up to each look.

    Shapes: num, den (runs, looks, steps, arms, bins); squares (runs, looks, steps, arms), of
    single observations, which only the obvious rules read; units (runs, looks, arms), distinct;
    shares (steps, arms).
    """

    num: Floats
    den: Floats
    squares: Floats
    units: Floats
    shares: Floats

    def pair(self, arm: int = 1, *, span: float | None = 1.0) -> Pair:
        """Return the pair of the control and one challenger."""
        two = [0, arm]
        share = self.shares[:, arm] / self.shares[:, two].sum(1)
        num, den = self.num[..., two, :], self.den[..., two, :]
        return Pair(num, den, share, self.units[..., two], span)

    def delayed(self, closed: Ints) -> "Stream":
        """Return what is seen where look i may read the hours before `closed[i]` only."""
        parts = {
            name: _until(getattr(self, name), closed) for name in ("num", "den", "squares", "units")
        }
        return replace(self, **parts)


def tally(
    requests: Requests,
    *,
    value: Floats | None = None,
    weight: Floats | None = None,
    look: Ints | None = None,
) -> Stream:
    """Return the stream of some requests; each counts `weight` times, first at `look`.

    Units count when they are met, whatever their weight: exposures come before outcomes.
    """
    world = requests.world
    value = requests.value if value is None else value
    weight = np.ones_like(value) if weight is None else weight
    seen = requests.look if look is None else look
    steps = len(world.shares)
    cell = ((requests.run * world.looks + seen) * steps + requests.step) * world.arms + requests.arm
    shape = (requests.runs, world.looks, steps, world.arms)
    place, size = cell * BINS + requests.bin, int(np.prod(shape))

    def summed(weights: Floats, at: Ints, *last: int) -> Floats:
        flat = np.bincount(at, weights=weights, minlength=size * int(np.prod(last)))
        return np.asarray(flat.reshape(*shape, *last).cumsum(1))

    return Stream(
        num=summed(weight * value, place, BINS),
        den=summed(weight, place, BINS),
        squares=summed(weight * value**2, cell),
        units=_units(requests),
        shares=np.array(world.shares),
    )


def _units(requests: Requests) -> Floats:
    """Return how many distinct units each arm has met. Shape: (runs, looks, arms)."""
    world = requests.world
    shape = (requests.runs, world.looks, world.arms)
    at = (requests.run * world.looks + requests.look) * world.arms + requests.arm
    if world.units is not None:
        first = np.full(requests.runs * world.units * world.arms, -1)
        key = requests.unit * world.arms + requests.arm
        first[key[::-1]] = at[::-1]  # of equal keys the last written stays: the earliest
        at = first[first >= 0]
    met = np.bincount(at, minlength=int(np.prod(shape))).reshape(shape)
    return np.asarray(met.cumsum(1), float)


def _until(sums: Floats, closed: Ints) -> Floats:
    """Return the sums before the given look. Shapes: sums (runs, looks, ...), closed (looks,)."""
    before = np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)
    return np.asarray(before[:, closed])
