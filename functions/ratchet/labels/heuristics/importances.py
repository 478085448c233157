"""Importances: how much each feature matters to a model, as shares that sum to 1."""

import numpy as np

from ratchet.labels.heuristics.feature import Features, Floats, spans_of
from ratchet.policies.heuristic import LEAF, Logistic, Tree


def importances(model: Logistic | Tree, x: Floats, specs: Features) -> dict[str, float]:
    """Return each feature's share, the largest first; all 0 where the model asks none.

    Logistic: |coefficient| x standard deviation, over its columns. Tree: the squared change of the
    share of a yes at its splits, times the rows that were split.

    Shapes: x (n, width).
    """
    moved = _moved(model, x) if isinstance(model, Logistic) else _split(model, x)
    found = {name: float(moved[span].sum()) for name, span in spans_of(specs).items()}
    total = sum(found.values()) or 1.0
    return {name: found[name] / total for name in sorted(found, key=lambda name: -found[name])}


def _moved(model: Logistic, x: Floats) -> Floats:
    variance = np.einsum("ij,ij->j", x, x) / len(x) - x.mean(axis=0) ** 2  # in one pass each
    moved: Floats = np.abs(np.array(model.coefficients)) * np.sqrt(np.maximum(variance, 0.0))
    return moved


def _split(tree: Tree, x: Floats) -> Floats:
    out, rows = np.zeros(x.shape[1]), {0: np.arange(len(x))}
    narrow = x.astype(np.float32)
    for node, column in enumerate(tree.column):
        here = rows.pop(node)
        if column == LEAF:
            continue
        goes_left = narrow[here, column] <= tree.threshold[node]
        for child, part in ((tree.left[node], goes_left), (tree.right[node], ~goes_left)):
            rows[child] = here[part]
            out[column] += part.sum() * (tree.value[child] - tree.value[node]) ** 2
    return out
