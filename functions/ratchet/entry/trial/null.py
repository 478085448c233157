"""Null: the same log with its arms' labels shuffled, where by construction no arm is better."""

from dataclasses import dataclass

import numpy as np

from ratchet.entry.trial.looks import PARTS, Looks
from ratchet.entry.trial.peek import peek
from ratchet.entry.trial.tally import bins_of
from ratchet.kernel.document import Model
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats, Ints
from ratchet.stats.resample import Hashes

MOST_SHUFFLES, LEAST_SHUFFLES, MOST_PEEKS = 200, 100, 16_800
AT_ONCE = 10
LEAST_UNITS = 100


class Null(Model):
    """What both rules find where nothing is to be found.

    `naivePeeks` is the share of all looks that say p < 0.05, `naive` and `bounded` the share of
    the shuffles in which each rule decides at some look.
    """

    shuffles: int
    looks: int
    units: int
    naive_peeks: float
    naive: float
    bounded: float


@dataclass(frozen=True)
class Deck:
    """All kept rows by cells of unit and arm, whose labels are dealt anew.

    Shapes: cell, look (rows,), sums (rows, PARTS); unit, arm, start (cells,), by unit. `start` is
    the look at which a cell is first seen.
    """

    cell: Ints
    look: Ints
    sums: Floats
    unit: Hashes
    arm: Ints
    start: Ints


def deck_of(looks: Looks, metric: str) -> Deck:
    """Return the kept rows of a metric, with their place among the looks."""
    keys = looks.sample.keys
    sums = looks.sample.sums.reshape(len(keys), -1, PARTS)[:, looks.names.index(metric)]
    look = looks.look_of(keys["slot"])
    cells, cell = np.unique(keys[["unit", "arm"]], return_inverse=True)
    start = np.full(len(cells), np.iinfo(np.int64).max)
    np.minimum.at(start, cell, look)
    return Deck(cell, look, sums, cells["unit"], cells["arm"], start)


def shuffled(
    deck: Deck, arms: tuple[int, int], looks: int, span: float | None, *, seed: int
) -> Null | None:
    """Return what both rules decide of two arms, the control first, on shuffled labels.

    A unit's rows of one arm stay together: see `deal`. None of too few units.
    """
    units = len(np.unique(deck.unit))
    if units < LEAST_UNITS or looks < 2:
        return None
    shuffles = min(MOST_SHUFFLES, max(LEAST_SHUFFLES, MOST_PEEKS // looks))
    rng = np.random.default_rng(seed)
    peeks = naive = bounded = 0.0
    for done in range(0, shuffles, AT_ONCE):
        labels = [deal(deck, rng) for _ in range(min(AT_ONCE, shuffles - done))]
        sums = [_sums(deck, label, arms, looks) for label in labels]
        binned, rows, met = (np.stack(part) for part in zip(*sums, strict=True))
        found = peek(binned, rows, met, span, 1)
        peeks += float(np.abs(found.naive).mean(-1).sum())
        naive += float((found.naive != 0).any(-1).sum())
        bounded += float((found.bounded != 0).any(-1).sum())
    return Null(
        shuffles=shuffles,
        looks=looks,
        units=units,
        naive_peeks=round(peeks / shuffles, 6),
        naive=naive / shuffles,
        bounded=bounded / shuffles,
    )


def deal(deck: Deck, rng: np.random.Generator) -> Ints:
    """Return another arm for each cell: within its unit where every unit met every arm.

    Else over all cells. Within units that met some arms only, labels would stay with the arms'
    own outcomes: what never met the better arm would still look worse. Shape: (cells,).
    """
    units, arms = len(np.unique(deck.unit)), len(np.unique(deck.arm))
    if len(deck.arm) < units * arms:
        return rng.permutation(deck.arm)
    arm = deck.arm.copy()
    arm[np.lexsort((rng.random(len(arm)), deck.unit))] = deck.arm  # cells lie by unit
    return arm


def _sums(
    deck: Deck, arm: Ints, arms: tuple[int, int], looks: int
) -> tuple[Floats, Floats, Floats]:
    """Return two arms' sums up to each look.

    Shapes: (2, looks, 2, BINS), (2, looks, 3), (looks, 2).
    """
    side = np.where(arm == arms[0], 0, np.where(arm == arms[1], 1, -1))
    mine = side[deck.cell] >= 0
    cell, sums = deck.cell[mine], deck.sums[mine]
    group = side[cell] * looks + deck.look[mine]
    place = group * BINS + bins_of(deck.unit[cell])
    binned = [np.bincount(place, sums[:, k], 2 * looks * BINS) for k in range(2)]
    rows = [np.bincount(group, sums[:, k], 2 * looks) for k in range(2, PARTS)]
    seen = side >= 0
    met = np.bincount(side[seen] * looks + deck.start[seen], minlength=2 * looks)
    return (
        np.stack([part.reshape(2, looks, BINS) for part in binned], axis=2).cumsum(1),
        np.stack([part.reshape(2, looks) for part in rows], axis=2).cumsum(1),
        met.reshape(2, looks).cumsum(1).T.astype(np.float64),
    )
