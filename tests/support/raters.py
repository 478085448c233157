"""Votes for the tests of aggregates: small ones made here, and the real ones where they lie."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from ratchet.labels.aggregate.votes import UNKNOWN, Votes
from ratchet.stats.moments import Ints

RATERS = Path(__file__).parents[3] / "shared" / "data" / "raters"


def real_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of raters; a test that wants it is skipped where it is missing.

    It lies in `../shared/data/raters`, seen from the project's root.
    """
    path = RATERS / name
    if not path.exists():
        pytest.skip(f"../shared/data/raters/{name} is not here")
    raw = path.read_bytes()
    text = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return list(csv.DictReader(text.decode().splitlines()))


def voted(
    skills: tuple[float, ...], items: int = 300, classes: int = 2, labels: int = 0, seed: int = 1
) -> tuple[Votes, Ints]:
    """Return votes of raters that are right with these probabilities, and the truth.

    Every rater votes on every item, wrong votes are spread evenly, and so many items are known.
    """
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, items)
    right = rng.random((items, len(skills))) < np.array(skills)
    wrong = (truth[:, None] + rng.integers(1, classes, right.shape)) % classes
    known = np.full(items, UNKNOWN)
    known[:labels] = truth[:labels]
    votes = Votes(
        item=np.repeat(np.arange(items), len(skills)),
        rater=np.tile(np.arange(len(skills)), items),
        label=np.where(right, truth[:, None], wrong).ravel(),
        items=items,
        raters=len(skills),
        classes=classes,
        known=known if labels else None,
    )
    return votes, truth


def rows(*votes: tuple[int, int, int], classes: int = 2) -> Votes:
    """Return votes of rows (item, rater, label)."""
    item, rater, label = np.array(votes, np.int64).T
    return Votes(item, rater, label, int(item.max()) + 1, int(rater.max()) + 1, classes)
