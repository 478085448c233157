"""Scores in numpy equal scikit-learn's, for both kinds and the calibration, to 1e-9."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.tree import DecisionTreeClassifier  # type: ignore[import-untyped]

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.heuristics.feature import Floats
from ratchet.labels.heuristics.fit_model import logistic_numbers, tree_numbers
from ratchet.labels.heuristics.say import said_of
from ratchet.labels.heuristics.score import Scoring, base, explain, probabilities, scores_of
from ratchet.policies.heuristic import Heuristic, Logistic, Scorer, Tree
from tests.support.taught import heuristic, router

few = settings(max_examples=25)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Draw columns of very different sizes, and classes that depend on them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, width = draw(st.integers(20, 120)), draw(st.integers(1, 6))
    x = rng.normal(size=(n, width)) * 10.0 ** rng.integers(-3, 4, size=width)
    if draw(st.booleans()):
        x = np.round(x, 1)  # ties, and thresholds that rows sit on
    y = (x[:, 0] + rng.normal(size=n) * np.abs(x[:, 0]).mean() > 0).astype(float)
    y[:2] = 0.0, 1.0
    return x, y


@few
@given(problems(), st.floats(1e-3, 1e3))
def test_logistic_regression_on_standardised_columns_is_the_same_on_raw_ones(
    problem: tuple[Floats, Floats], c: float
) -> None:
    x, y = problem
    middle, scale = x.mean(axis=0), x.std(axis=0) + 1e-3
    solver = LogisticRegression(C=c, max_iter=2000).fit((x - middle) / scale, y)
    scorer = Scorer(model=logistic_numbers(solver, middle, scale), slope=1.0, offset=0.0)
    expected = solver.predict_proba((x - middle) / scale)[:, 1]
    assert probabilities(scorer, x) == pytest.approx(expected, abs=1e-9)


@few
@given(problems(), st.integers(1, 8), st.booleans())
def test_a_tree_is_the_same_where_rows_sit_on_its_thresholds_too(
    problem: tuple[Floats, Floats], depth: int, balanced: bool
) -> None:
    x, y = problem
    weighed = "balanced" if balanced else None
    solver = DecisionTreeClassifier(max_depth=depth, class_weight=weighed, random_state=0)
    model = tree_numbers(solver.fit(x, y))
    there = np.concatenate([x, solver.tree_.threshold[:, None] * np.ones(x.shape[1])])
    assert scores_of(model, there) == pytest.approx(solver.predict_proba(there)[:, 1], abs=1e-9)


@few
@given(problems(), st.floats(0.01, 50), st.floats(-20, 20))
def test_all_scorers_at_once_are_the_scorers_one_by_one(
    problem: tuple[Floats, Floats], slope: float, offset: float
) -> None:
    x, y = problem
    zeros, ones = np.zeros(x.shape[1]), np.ones(x.shape[1])
    linear = logistic_numbers(LogisticRegression(max_iter=5000).fit(x, y), zeros, ones)
    grown = tree_numbers(DecisionTreeClassifier(max_depth=3, random_state=0).fit(x, y))
    models: dict[str, Logistic | Tree] = {"b": linear, "a": grown, "c": linear}
    scorers = {n: Scorer(model=m, slope=slope, offset=offset) for n, m in models.items()}
    features = {f"x{i}": {"kind": "numeric", "at": "meta.x"} for i in range(x.shape[1])}
    plain = {n: s.to_map() for n, s in scorers.items()}
    whole = Heuristic.parse(
        router(features=features, scorers=plain, arms=dict.fromkeys("abc", 0.0))
    )
    found = Scoring(whole).values(x)
    assert found == pytest.approx(np.column_stack([probabilities(scorers[n], x) for n in "abc"]))


def test_a_classifier_says_yes_from_its_threshold_on() -> None:
    scoring = Scoring(Heuristic.parse(heuristic(threshold=0.25)))
    assert [scoring.ranked(np.array([p]))[0] for p in (0.24, 0.25, 0.9)] == ["bad", "good", "good"]


def test_a_router_takes_the_best_value_less_cost_and_of_equals_the_first() -> None:
    values = np.array([0.6, 0.8])
    chosen = {
        weight: Scoring(Heuristic.parse(router(costWeight=weight))).ranked(values)
        for weight in (0.0, 0.25, 1.0)
    }
    assert chosen == {0.0: ["b", "a"], 0.25: ["b", "a"], 1.0: ["a", "b"]}
    assert Scoring(Heuristic.parse(router())).ranked(np.array([0.5, 0.5])) == ["a", "b"]


def test_many_rows_are_decided_at_once() -> None:
    scoring = Scoring(Heuristic.parse(router()))
    assert scoring.chosen(np.array([[0.0, 0.0], [0.0, 1.0]])) == ["a", "b"]


def test_what_each_feature_adds_sums_to_the_logit() -> None:
    whole = Heuristic.parse(heuristic(scorers={"good": LINEAR}))
    assert explain(whole, whole.scorers["good"], np.array([3.0, 1.0])) == {
        "size": pytest.approx(-6.0),
        "urgent": pytest.approx(8.0),
    }
    assert base(whole.scorers["good"]) == -1.5  # with the two a logit of 0.5


LINEAR = {
    "model": {"kind": "logistic", "intercept": -1.0, "coefficients": [-1.0, 4.0]},
    "slope": 2.0,
    "offset": 0.5,
}


def test_a_trees_path_is_told_by_what_each_node_changes() -> None:
    # size <= 2 ? 0.2 : (urgent <= 0.5 ? 0.4 : 0.9), from 0.5.
    tree = Tree(
        column=(0, -1, 1, -1, -1),
        threshold=(2.0, 0.0, 0.5, 0.0, 0.0),
        left=(1, -1, 3, -1, -1),
        right=(2, -1, 4, -1, -1),
        value=(0.5, 0.2, 0.6, 0.4, 0.9),
    )
    scorers = {"good": Scorer(model=tree, slope=10.0, offset=-5.0).to_map()}
    said = said_of(Heuristic.parse(heuristic(scorers=scorers)), {"size": 5, "urgent": True})
    assert said.decision == "good"
    assert said.values == {"good": pytest.approx(0.9820137900)}  # 1 / (1 + exp(-4))
    assert said.bases == {"good": pytest.approx(0.0)}
    assert said.contributions["good"] == {"size": pytest.approx(1.0), "urgent": pytest.approx(3.0)}


def test_features_of_a_wrong_type_are_not_scored() -> None:
    with pytest.raises(InvalidInput, match="urgent"):
        said_of(Heuristic.parse(heuristic()), {"urgent": "yes"})
