"""Likelihood: of events among trials by log odds; its peak, and where it falls to a level."""

from dataclasses import dataclass

import numpy as np

from ratchet.stats.moments import Floats

FAR = 35.0  # log odds at which a rate is 0 or 1
LEAST = 1e-300
_STEPS, _NEAR = 100, 1e-12


@dataclass(frozen=True)
class Curve:
    """The likelihood of a log ratio of odds; concave. Shapes: x, y (..., steps), odds alike.

    `x` events among `x + y` of each step, where a ratio of 1 has the given log `odds`.
    """

    x: Floats
    y: Floats
    odds: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """The leading axes."""
        return self.x.shape[:-1]

    def at(self, theta: Floats) -> Floats:
        """Return its logarithm. Shapes: theta and the result (...)."""
        place = theta[..., None] + self.odds
        return np.asarray((self.x * place - (self.x + self.y) * np.logaddexp(0.0, place)).sum(-1))

    def along(self, theta: Floats) -> Floats:
        """Return its logarithm. Shapes: theta and the result (..., k)."""
        place = theta[..., None, :] + self.odds[..., None]
        x, n = self.x[..., None], (self.x + self.y)[..., None]
        return np.asarray((x * place - n * np.logaddexp(0.0, place)).sum(-2))

    def slope(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return how it rises, and how fast it bends down. Shapes: all (...)."""
        part = 1 / (1 + np.exp(-(theta[..., None] + self.odds)))
        n = self.x + self.y
        return (self.x - n * part).sum(-1), (n * part * (1 - part)).sum(-1)


def peak(curve: Curve) -> Floats:
    """Return where a likelihood is greatest, within -35..35: Newton's steps, halved if astray."""
    low, high = (np.full(curve.shape, end) for end in (-FAR, FAR))
    falls, rises = curve.slope(low)[0] <= 0, curve.slope(high)[0] >= 0
    at = np.zeros(curve.shape)
    for _ in range(_STEPS):
        slope, bend = curve.slope(at)
        low, high = np.where(slope > 0, at, low), np.where(slope > 0, high, at)
        new = at + slope / np.maximum(bend, LEAST)
        new = np.where((new > low) & (new < high), new, (low + high) / 2)
        moved, at = np.abs(new - at), new
        if not (moved > _NEAR).any():
            break
    return np.where(falls, -FAR, np.where(rises, FAR, at))


def cross(curve: Curve, level: Floats, end: float, beyond: float) -> Floats:
    """Return where a likelihood falls below a level on the way to an end, `beyond` if nowhere.

    From an end below the level Newton's steps come near a concave curve's crossing from outside.
    """
    at = np.full(curve.shape, end)
    above = curve.at(at) >= level
    for _ in range(_STEPS):
        slope, _ = curve.slope(at)
        steep = np.where(above | (slope == 0), 1.0, slope)
        new = np.where(above, at, at + (level - curve.at(at)) / steep)
        moved, at = np.abs(new - at), new
        if not (moved > _NEAR).any():
            break
    return np.where(above, beyond, at)


def area(heights: Floats, nodes: Floats) -> Floats:
    """Return the integral by the trapezoid rule over the last axis. Shapes: (..., k), alike."""
    return np.asarray(((heights[..., 1:] + heights[..., :-1]) / 2 * np.diff(nodes)).sum(-1))
