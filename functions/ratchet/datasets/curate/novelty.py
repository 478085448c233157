"""Diversity and informativeness: how unlike its neighbours an example is, how rare its kind.

Its cell is its domain, task type and band of difficulty. Diversity is 100 times the mean distance
to its five nearest neighbours among what is kept in its cell, where the distance of unrelated
texts, the root of 2, and more is 1; what has no neighbour is wholly new. Of a cell with more than
2,000 those with the smallest ids stand for all: ids are hashes, so they are a sample, and the same
in any order. Informativeness is 100 x ln(n / cell) / ln(n) of n examples: 100 for the only one of
its cell, 0 where all are of one.
"""

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ratchet.datasets.curate.vector import GRID
from ratchet.datasets.example import Example
from ratchet.datasets.versions.prepared import Prepared
from ratchet.stats.moments import Floats, Ints

NEIGHBOURS = 5
REFERENCE = 2000
PLACES = 6  # decimals that are kept: beyond them platforms may differ
_ROWS = 500  # that are compared at once: 8 MB of distances


def cell_of(example: Example) -> str:
    """Return an example's cell: domain, task type and band."""
    return f"{example.domain}/{example.task_type}/{example.band}"


def distances(prepared: Sequence[Prepared]) -> Floats:
    """Return each one's mean distance to its nearest neighbours in its cell.

    Shapes: returns (n,). Units: 0..1, where 1 is the distance of unrelated texts and more.
    """
    found = np.ones(len(prepared))
    for members in _cells(prepared).values():
        found[members] = _in_cell(prepared, members)
    return found


def rarity(prepared: Sequence[Prepared]) -> Floats:
    """Return how rare each one's cell is.

    Shapes: returns (n,). Units: 0..1.
    """
    n, found = len(prepared), np.ones(len(prepared))
    for members in _cells(prepared).values():
        found[members] = math.log(n / len(members)) / math.log(n) if n > 1 else 1.0
    return np.asarray(found.round(PLACES))


def _cells(prepared: Sequence[Prepared]) -> dict[str, Ints]:
    cells: defaultdict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(prepared):
        cells[cell_of(one.example)].append(i)
    return {name: np.array(members, np.int64) for name, members in cells.items()}


def _in_cell(prepared: Sequence[Prepared], members: Ints) -> Floats:
    """Return the mean distance of a cell's members to the nearest of those that stand for it."""
    stand = sorted(members.tolist(), key=lambda i: prepared[i].example.id)[:REFERENCE]
    # Whole numbers below 2**53 have one sum, whatever order a machine adds them in.
    reference = np.rint(np.stack([prepared[i].vector for i in stand]).astype(float) * GRID)
    squares = np.einsum("ij,ij->i", reference, reference)
    at = {i: column for column, i in enumerate(stand)}
    near = min(NEIGHBOURS, len(stand) - 1)
    found = np.ones(len(members))
    for start in range(0, len(members) if near > 0 else 0, _ROWS):
        rows = members[start : start + _ROWS]
        own = np.rint(np.stack([prepared[i].vector for i in rows]).astype(float) * GRID)
        apart = np.einsum("ij,ij->i", own, own)[:, None] + squares - 2 * (own @ reference.T)
        for row, i in enumerate(rows.tolist()):
            if i in at:
                apart[row, at[i]] = np.inf  # nobody is his own neighbour
        nearest = np.sort(np.partition(apart, near - 1, axis=1)[:, :near], axis=1)
        mean = np.sqrt(nearest / 2).sum(axis=1) / (near * GRID)
        found[start : start + _ROWS] = np.minimum(1.0, mean).round(PLACES)
    return found
