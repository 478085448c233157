"""How diverse a version is, 0..1, and the alert when a version is far less so than its parent."""

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from ratchet.datasets.versions.prepared import Vector
from ratchet.datasets.versions.version import dataset_key
from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.store.port import Store

FELL = "dataset-diversity"
BLOCK = 10_000  # vectors at once
DIGITS = 6  # what no machine's linear algebra rounds otherwise


def diversity_of(vectors: Sequence[Vector]) -> float:
    """Return in how many directions the vectors point: 0 all in one, 1 evenly in as many as can be.

    It is the entropy of the eigenvalues of their cosines over n (the logarithm of the Vendi score),
    as a part of the largest that n vectors of d numbers can have, log min(n, d). All of them twice
    over is no more than once. Vectors of zero length have no direction, and do not count.
    Shapes: n of (d,). Growth: n d**2. Source: Friedman & Dieng, TMLR 2023.

    >>> diversity_of([np.array([1, 0], np.float32), np.array([0, 1], np.float32)])
    1.0
    """
    # The eigenvalues of the n cosines' matrix are those of this smaller one, and zeros.
    products, n = np.zeros((1, 1)), 0
    for start in range(0, len(vectors), BLOCK):
        rows = np.array(vectors[start : start + BLOCK], np.float64)
        lengths = np.linalg.norm(rows, axis=1)
        rows = rows[lengths > 0] / lengths[lengths > 0, None]
        products, n = products + rows.T @ rows, n + len(rows)
    most = min(n, len(products))
    if most < 2:
        return 0.0
    shares = np.linalg.eigvalsh(products / n)
    shares = shares[shares > 1e-12]
    entropy = -float((shares * np.log(shares)).sum())
    return round(min(1.0, max(0.0, entropy / math.log(most))), DIGITS)


def tell_diversity(
    store: Store,
    dataset: str,
    version: str,
    diversity: float,
    *,
    parent: float | None,
    fall_by: float,
    now: datetime,
) -> bool:
    """Raise the alert where a version lost over `fallBy` of its parent's diversity, else clear it.

    Returns whether it fell.
    """
    fell = parent is not None and diversity < parent * (1 - fall_by)
    if not fell:
        clear_alert(store, FELL, dataset, now=now, note=f"{version} is diverse enough")
        return False
    key = dataset_key(dataset, version)
    text = f"{key} has a diversity of {diversity:.3f}, its parent had {parent:.3f}"
    about = alert(
        FELL,
        dataset,
        "warning",
        text,
        now=now,
        command=f"ratchet dataset show {key}",
        evidence={"version": version, "diversity": diversity, "parent": parent, "fallBy": fall_by},
    )
    raise_alert(store, about)
    return True
