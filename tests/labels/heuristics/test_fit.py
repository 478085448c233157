"""Fitting: the better kind is chosen, probabilities are calibrated, and order changes nothing."""

import builtins
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import _SigmoidCalibration  # type: ignore[import-untyped]

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.heuristics.build import build
from ratchet.labels.heuristics.fit import Fitted, Kind, calibrate, fit
from ratchet.labels.heuristics.fit_report import auc, brier, log_loss
from ratchet.labels.heuristics.samples import Row, samples_of
from ratchet.labels.heuristics.score import probabilities
from ratchet.labels.heuristics.settings import AgentHeuristic
from ratchet.policies.feature_spec import FeatureSpec
from ratchet.policies.heuristic import ErrorCosts, Logistic, Tree

SPECS = {name: FeatureSpec(kind="numeric", at=f"meta.{name}") for name in ("a", "b", "c")}
COSTS = ErrorCosts()


def rows(kind: str, n: int = 400, share: float = 0.5, seed: int = 1) -> list[Row]:
    """Draw rows of which a yes depends on `a` and `b`: on their sum, or on both being alike."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(n):
        a, b, c = rng.normal(size=3)
        says = a + b > rng.normal() * 0.5 if kind == "sum" else (a > 0) == (b > 0)
        if not says and share < 0.5 and rng.random() > share:
            a = -abs(a)
        found.append(Row(f"s{i:04d}", {"a": a, "b": b, "c": c}, float(says)))
    return found


def fitted(some: list[Row], kind: Kind = "auto", specs: Mapping[str, Any] = SPECS) -> Fitted:
    return fit(samples_of(specs, some), specs, COSTS, kind=kind, seed=0)


def test_a_sum_is_fitted_by_logistic_regression_and_an_interaction_by_a_tree() -> None:
    linear, grown = fitted(rows("sum")), fitted(rows("alike"))
    assert isinstance(linear.scorer.model, Logistic)
    assert isinstance(grown.scorer.model, Tree)
    assert linear.report.auc > 0.9
    assert grown.report.log_loss < 0.3 < grown.report.baseline_log_loss
    assert list(linear.report.importances)[2] == "c"
    assert sum(grown.report.importances.values()) == pytest.approx(1)


def test_the_same_rows_in_any_order_give_the_same_numbers() -> None:
    some = rows("sum", 120)
    assert fitted(some) == fitted(some[::-1])


def test_a_rare_class_is_heard_and_its_probabilities_are_those_of_the_rows() -> None:
    some = [row for i, row in enumerate(rows("sum", 1500)) if row.y == 0 or i % 10 == 0]
    samples = samples_of(SPECS, some)
    found = fit(samples, SPECS, COSTS, kind="logistic", seed=0)
    p = probabilities(found.scorer, samples.x)
    assert p.mean() == pytest.approx(samples.y.mean(), abs=0.01)
    high = p > 0.3
    assert samples.y[high].mean() == pytest.approx(p[high].mean(), abs=0.12)
    assert found.report.log_loss < 0.8 * found.report.baseline_log_loss


def test_a_row_of_half_a_yes_counts_as_half_of_each() -> None:
    halves = [Row(f"h{i}", {"a": float(i % 3)}, 0.5) for i in range(60)]
    ends = [Row(f"e{i}", {"a": float(i % 3)}, float(i % 2)) for i in range(60)]
    found = fitted([*halves, *ends], "logistic")
    samples = samples_of(SPECS, halves)
    assert probabilities(found.scorer, samples.x) == pytest.approx(np.full(60, 0.5), abs=0.02)


def test_calibration_is_platts() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=300) * 4
    y = (rng.random(300) < 1 / (1 + np.exp(-(0.6 * scores + 1)))).astype(float)
    slope, offset = calibrate(scores, y, np.ones(300))
    peer = _SigmoidCalibration().fit(scores, y)
    assert (slope, offset) == pytest.approx((-peer.a_, -peer.b_), rel=1e-3)


def test_scores_that_point_the_wrong_way_say_no_more_than_the_share() -> None:
    y = np.array([1.0, 0.0] * 30 + [1.0] * 20)
    slope, offset = calibrate(-y, y, np.ones(80))
    assert slope == 0
    assert 1 / (1 + np.exp(-offset)) == pytest.approx(50 / 80, abs=0.01)


def test_figures_of_a_report_are_scikit_learns() -> None:
    from sklearn import metrics  # type: ignore[import-untyped]

    rng = np.random.default_rng(2)
    p, weight = np.round(rng.random(200), 1) * 0.9 + 0.05, rng.random(200) + 0.1
    y = (rng.random(200) < p).astype(float)
    assert log_loss(p, y, weight) == pytest.approx(metrics.log_loss(y, p, sample_weight=weight))
    peer = metrics.brier_score_loss(y, p, sample_weight=weight)
    assert brier(p, y, weight) == pytest.approx(peer)
    peer = metrics.roc_auc_score(y, p, sample_weight=weight)
    assert auc(p, y >= 0.5, weight) == pytest.approx(peer)


def test_one_class_alone_is_refused_with_the_count() -> None:
    some = [Row(f"s{i}", {"a": float(i)}, float(i >= 3)) for i in range(60)]
    with pytest.raises(InvalidInput, match="3 of 60 labels are negative"):
        fitted(some)


def test_fewer_labels_than_wanted_are_refused_with_the_count() -> None:
    wanted = AgentHeuristic.parse(
        {"policy": "p", "features": {n: s.to_map() for n, s in SPECS.items()}, "model": "logistic"}
    )
    some = rows("sum", 50)
    assert (
        build("x", wanted, {"good": samples_of(SPECS, some)}, seed=0).reports["good"].labels == 50
    )
    with pytest.raises(InvalidInput, match="x has 49 labels"):
        build("x", wanted, {"good": samples_of(SPECS, some[:49])}, seed=0)


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name.startswith("sklearn"):
            raise ModuleNotFoundError("no sklearn", name="sklearn")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InvalidInput, match="sklearn") as refused:
        fitted(rows("sum", 60))
    assert refused.value.mend == "pip install 'ratchet[train]'"
