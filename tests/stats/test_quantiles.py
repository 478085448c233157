"""Histogram: quantiles within 1 % relative of numpy's, whatever was merged in whatever order."""

import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.errors import InvalidInput
from ratchet.stats.moments import Floats, Ints
from ratchet.stats.quantiles import Histogram, histogram_of

REQUESTS = Path(__file__).parents[3] / "shared/data/serving/llm_requests.csv"
QS = (0.5, 0.95, 0.99)
POSITIVE = st.floats(1e-8, 1e9)
ROWS = st.lists(st.tuples(POSITIVE, st.integers(1, 40)), min_size=1, max_size=60)
Rows = list[tuple[float, int]]

DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "uniform": lambda rng, n: rng.uniform(0.1, 10_000, n),
    "exponential": lambda rng, n: rng.exponential(800, n) + 1e-6,
    "lognormal": lambda rng, n: rng.lognormal(6, 1.5, n),
    "pareto": lambda rng, n: 100 * (1 + rng.pareto(1.1, n)),
    "two modes far apart": lambda rng, n: np.where(rng.random(n) < 0.9, 50.0, 30_000.0),
    "constant": lambda rng, n: np.full(n, 123.4),
    "dollars": lambda rng, n: rng.gamma(2, 2e-5, n) + 1e-8,
}


def ones(n: int) -> Ints:
    return np.ones(n, np.int64)


def merged(values: Floats, weights: Ints, parts: int) -> Histogram:
    """Deal values out to some histograms, and merge these."""
    dealt = [histogram_of(values[i::parts], weights[i::parts]) for i in range(parts)]
    return sum(dealt, Histogram())


def worst(histogram: Histogram, values: Floats, qs: tuple[float, ...]) -> float:
    found = histogram.quantiles(qs)
    assert found is not None
    exact = np.quantile(values, qs)
    return float(np.max(np.abs(np.array(found) - exact) / exact))


@given(ROWS, st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_any_quantile_of_any_weighted_values_is_within_one_percent(
    rows: Rows, qs: list[float]
) -> None:
    values, weights = np.array([v for v, _ in rows]), np.array([w for _, w in rows])
    histogram = merged(values, weights, 24)
    assert worst(histogram, np.repeat(values, weights), tuple(qs)) <= 0.01
    assert histogram.total() == sum(w for _, w in rows)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("n", [2, 7, 150, 20_000])
def test_distributions_merged_from_24_parts_are_within_one_percent(name: str, n: int) -> None:
    rng = np.random.default_rng(n)
    values = DISTRIBUTIONS[name](rng, n)
    weights = rng.choice([1, 10], n)
    assert worst(merged(values, ones(n), 24), values, QS) <= 0.01
    assert worst(merged(values, weights, 24), np.repeat(values, weights), QS) <= 0.01


def real_latencies() -> dict[str, Floats]:
    """Return the latencies in milliseconds of each provider and model size."""
    found: dict[str, list[float]] = defaultdict(list)
    with REQUESTS.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["latency_s"]:
                found[f"{row['provider']} {row['size']}"].append(float(row["latency_s"]) * 1000)
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.skipif(not REQUESTS.is_file(), reason="no shared/data/serving/llm_requests.csv")
def test_real_latencies_of_every_provider_merged_from_24_parts_are_within_one_percent() -> None:
    providers = real_latencies()
    assert len(providers) >= 15
    off = {name: worst(merged(v, ones(v.size), 24), v, QS) for name, v in providers.items()}
    assert max(off.values()) <= 0.01, off


@given(ROWS, ROWS, ROWS)
def test_merging_is_associative_commutative_and_undone_by_minus(a: Rows, b: Rows, c: Rows) -> None:
    x, y, z = (histogram_of(*map(np.array, zip(*rows, strict=True))) for rows in (a, b, c))
    assert (x + y) + z == x + (y + z)
    assert x + y == y + x
    assert (x + y) - y == x
    assert x + Histogram() == x
    assert x - x == Histogram()


@given(st.permutations([1e-12, 0.0, 0.5, 3.0, 3.0, 700.0]))
def test_the_order_of_values_does_not_show(values: list[float]) -> None:
    expected = histogram_of(np.array([0.0, 1e-12, 0.5, 3.0, 3.0, 700.0]), ones(6))
    assert histogram_of(np.array(values), ones(6)) == expected


def test_zeros_count_and_are_exact() -> None:
    histogram = histogram_of(np.array([0.0, 0.0, 0.0, 8.0]), ones(4))
    assert histogram.zeros == 3
    assert histogram.quantiles([0.0, 0.5]) == [0.0, 0.0]
    assert histogram.quantiles([1.0]) == pytest.approx([8.0], rel=0.005)
    assert histogram_of(np.array([0.0]), np.array([7])).quantiles([0.5]) == [0.0]


def test_a_value_that_stands_for_k_counts_k_times() -> None:
    weighted = histogram_of(np.array([1.0, 100.0]), np.array([99, 1]))
    repeated = histogram_of(np.array([1.0] * 99 + [100.0]), ones(100))
    assert weighted == repeated


def test_nothing_has_no_quantiles() -> None:
    assert Histogram().quantiles(QS) is None
    assert Histogram().total() == 0


@pytest.mark.parametrize("q", [-0.01, 1.01, float("nan")])
def test_a_quantile_outside_0_to_1_is_refused_by_name(q: float) -> None:
    with pytest.raises(InvalidInput, match="between 0 and 1") as raised:
        histogram_of(np.array([1.0]), ones(1)).quantiles([q])
    assert raised.value.field == "q"


@pytest.mark.parametrize("values", [[5.0], [0.0]])
def test_a_histogram_does_not_take_back_what_it_does_not_hold(values: list[float]) -> None:
    held = histogram_of(np.array([1.0]), ones(1))
    with pytest.raises(InvalidInput, match="does not hold"):
        held - histogram_of(np.array(values), ones(1))


def test_a_day_of_latencies_is_about_a_kilobyte() -> None:
    values = np.random.default_rng(1).lognormal(6, 1, 100_000)
    stored: dict[str, Any] = histogram_of(values, ones(100_000)).to_map()
    assert len(stored["packed"]) < 4000
    assert Histogram.parse(stored).total() == 100_000
