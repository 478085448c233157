"""Paired: differences on the same units, and the oracle of a full counterfactual."""

from pathlib import Path

import numpy as np
import pytest

from ratchet.entry.trial.paired import Table, compare_pairs
from tests.support.outcomes import real
from tests.support.trial_logs import lines, tried

ARMS = ["a", "b"]


def table(means: np.ndarray, rows: int = 1) -> Table:
    """Return a table of units by arm."""
    return Table(means, np.where(np.isnan(means), 0.0, rows))


def test_a_paired_difference_is_the_mean_over_units_with_students_interval() -> None:
    means = np.array([[0.0, 1.0], [1.0, 1.0]] * 50)
    found = compare_pairs(table(means), ARMS, 0, 1, 1.0)
    assert found is not None
    change = found.differences["b"]
    assert (change.value, found.pairs["b"], found.whole) == (0.5, 100, True)
    # SD of 50 zeros and 50 ones: sqrt(25 / 99); t(0.975, 99) = 1.984
    assert change.low == pytest.approx(0.5 - 1.984 * (25 / 99) ** 0.5 / 10, rel=0.001)
    assert found.oracle is not None
    assert found.oracle.value == 1.0


def test_the_best_arm_is_the_least_where_less_is_better() -> None:
    found = compare_pairs(table(np.array([[3.0, 1.0], [1.0, 3.0]] * 20)), ARMS, 0, -1, 1.0)
    assert found is not None
    assert found.oracle is not None
    assert found.oracle.value == 1.0


def test_units_that_did_not_meet_both_do_not_pair() -> None:
    means = np.array([[0.0, 1.0]] * 40 + [[np.nan, 0.0]] * 60)
    found = compare_pairs(table(means), ARMS, 0, 1, 1.0)
    assert found is not None
    assert (found.pairs["b"], found.differences["b"].value) == (40, 1.0)
    assert (found.whole, found.oracle) == (False, None)


def test_units_that_met_an_arm_several_times_have_no_oracle() -> None:
    found = compare_pairs(table(np.array([[0.0, 1.0]] * 40), rows=2), ARMS, 0, 1, 1.0)
    assert found is not None
    assert found.oracle is None


def test_too_few_pairs_are_none() -> None:
    assert compare_pairs(table(np.array([[0.0, 1.0]] * 29)), ARMS, 0, 1, 1.0) is None


def test_arms_of_the_same_units_differ_more_surely_than_arms_of_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    hard = rng.random(2000)
    rows = [
        f"{u},{arm},{int(hard[u] < rate)}"
        for u in range(2000)
        for arm, rate in (("a", 0.5), ("b", 0.53))
    ]
    report = tried(lines(tmp_path / "t.csv", "unit,arm,ok", *rows))
    assert report.paired is not None
    paired = report.paired.differences["b"]
    assert paired.low is not None
    assert paired.low > 0.015, "every unit differs by its own difficulty alone"
    apart = {a.arm: a.metrics["success"].estimate for a in report.arms}
    assert apart["a"] is not None
    assert apart["b"] is not None
    assert (apart["a"].high or 0) > (apart["b"].low or 0), "by themselves they overlap"


@pytest.mark.parametrize(
    ("name", "goal", "best", "oracle"),
    [
        ("gsm8k_two_models.csv", "success", 0.857, 0.929),
        pytest.param(
            "dcrouter_nine_models.csv.gz", "quality", 0.621, 0.802, marks=pytest.mark.slow
        ),
    ],
)
def test_the_published_oracles_are_found(name: str, goal: str, best: float, oracle: float) -> None:
    report = tried(real(name), goal=goal)
    values = [k.estimate.value for a in report.arms if (k := a.metrics[goal]).estimate]
    assert max(values) == pytest.approx(best, abs=5e-4)
    assert report.paired is not None
    assert report.paired.oracle is not None
    assert report.paired.oracle.value == pytest.approx(oracle, abs=5e-4)
