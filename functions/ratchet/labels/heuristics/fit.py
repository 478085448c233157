"""Fit: logistic regression or a decision tree, chosen by cross-validation and calibrated.

It runs in a job: scikit-learn is imported inside. A row worth y counts as y of a yes and 1 - y of a
no, and yes and no weigh the same (class-balanced); calibration takes the balance out again.
"""

from typing import Literal, NamedTuple

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.heuristics.feature import Features, Floats
from ratchet.labels.heuristics.fit_model import (
    Candidate,
    expanded,
    fit_model,
    ready,
    wanted_packages,
)
from ratchet.labels.heuristics.fit_report import FitReport, log_loss, report_of
from ratchet.labels.heuristics.importances import importances
from ratchet.labels.heuristics.samples import Samples
from ratchet.labels.heuristics.score import scores_of, sigmoid
from ratchet.labels.heuristics.threshold import Fold
from ratchet.policies.heuristic import ErrorCosts, Scorer

FOLDS = 5
STRENGTHS = (0.1, 0.3, 1.0, 3.0)  # scikit-learn's C
DEPTHS = (2, 4, 6)
_CERTAIN = 1e6  # C of a calibration: its two numbers need no holding back

Kind = Literal["auto", "logistic", "tree"]


class Fitted(NamedTuple):
    """A calibrated model, and what it promises."""

    scorer: Scorer
    report: FitReport


def fit(samples: Samples, specs: Features, costs: ErrorCosts, *, kind: Kind, seed: int) -> Fitted:
    """Fit the candidate with the least log loss on rows that it did not see.

    Shapes: samples (n, width). Deterministic for equal rows, in any order.
    Raises: InvalidInput with fewer than 5 rows of a class, or without scikit-learn.
    """
    folds = _folds(samples, seed)
    has_unit = np.concatenate([np.full(specs[n].width, specs[n].scaled) for n in sorted(specs)])
    rows, y, weight = ready(samples.x, has_unit), samples.y, samples.weight
    tried: dict[Candidate, Floats] = {}
    for candidate in candidates(kind):
        raw = np.empty(len(samples))
        for train, test in folds:
            model = fit_model(candidate, rows, y, weight, train, seed)
            raw[test] = scores_of(model, samples.x[test])
        tried[candidate] = raw
    losses = {c: _calibrated_loss(raw, samples) for c, raw in tried.items()}
    best = min(losses, key=lambda c: losses[c])
    raw = tried[best]
    left_out = _left_out(raw, samples, folds)
    model = fit_model(best, rows, y, weight, np.arange(len(y)), seed)
    slope, offset = calibrate(raw, y, weight)
    weights = importances(model, samples.x, specs)
    report = report_of(samples, left_out, folds, costs, model=str(best), importances=weights)
    return Fitted(Scorer(model=model, slope=slope, offset=offset), report)


def candidates(kind: Kind) -> list[Candidate]:
    """Return what is tried, the simplest first."""
    linear = [Candidate("logistic", c) for c in STRENGTHS if kind != "tree"]
    return linear + [Candidate("tree", depth) for depth in DEPTHS if kind != "logistic"]


def calibrate(scores: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Return the slope and offset of Platt's calibration; scores that point the wrong way get 0.

    Shapes: all (n,). Units: scores as a model gives them; y 0..1.
    Source: Platt, Advances in Large Margin Classifiers 1999, with his targets.
    """
    with wanted_packages():
        from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    yes, no = float((weight * y).sum()), float((weight * (1 - y)).sum())
    target = (y * (yes + 1) / (yes + 2)) + (1 - y) / (no + 2)
    prior = float(np.average(target, weights=weight))
    middle, scale = float(scores.mean()), float(scores.std())
    if scale < 1e-12:
        return 0.0, float(np.log(prior / (1 - prior)))
    rows, classes, counts = expanded(target, weight)
    column = ((scores - middle) / scale)[rows, None]
    solver = LogisticRegression(C=_CERTAIN, solver="newton-cholesky", tol=1e-8, max_iter=200)
    solver.fit(column, classes, sample_weight=counts)
    slope = float(solver.coef_[0, 0]) / scale
    if slope <= 0:
        return 0.0, float(np.log(prior / (1 - prior)))
    return slope, float(solver.intercept_[0]) - slope * middle


def _folds(samples: Samples, seed: int) -> list[Fold]:
    with wanted_packages():
        from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]
    few = min(samples.positives, len(samples) - samples.positives)
    if few < FOLDS:
        which = "positive" if samples.positives == few else "negative"
        raise InvalidInput(
            f"{few} of {len(samples)} labels are {which}, {FOLDS} of each class are wanted",
            field="labels",
            mend="label more subjects of that class",
        )
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return list(splitter.split(samples.x, samples.y >= 0.5))


def _calibrated_loss(raw: Floats, samples: Samples) -> float:
    slope, offset = calibrate(raw, samples.y, samples.weight)
    return log_loss(sigmoid(slope * raw + offset), samples.y, samples.weight)


def _left_out(raw: Floats, samples: Samples, folds: list[Fold]) -> Floats:
    """Return each row's probability by models and a calibration that saw other rows alone."""
    out = np.empty(len(raw))
    for train, test in folds:
        slope, offset = calibrate(raw[train], samples.y[train], samples.weight[train])
        out[test] = sigmoid(slope * raw[test] + offset)
    return out
