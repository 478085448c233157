"""Window: the statistics of merged sums, worked out by hand."""

from datetime import timedelta

import numpy as np
import pytest

from ratchet.stats.bucket import Sums, Tally
from ratchet.stats.moments import SCALES, Moments, grouped_moments, to_units
from ratchet.stats.quantiles import histogram_of
from ratchet.stats.window import Stats, stats_key, stats_of
from tests.support.observing import NOON

HOUR = timedelta(hours=1)


def moments(metric: str, values: list[float], weights: list[int]) -> Moments:
    units = to_units(np.array(values), SCALES[metric])
    groups = np.zeros(len(values), np.int64)
    return grouped_moments(units, np.array(weights), groups, 1)[0]


def stats(sums: Sums, since_hours: float = 1) -> Stats:
    return stats_of(
        sums,
        component="router",
        version="p@1.0.0",
        window="1h",
        since=NOON - since_hours * HOUR,
        ts=NOON,
        epoch=3,
    )


# Two successes that stand for ten each, one of them without a cost; one failure, one timeout.
SUMS = Sums(
    outcomes={
        "success": Tally(n=2, w=20, w2=200),
        "failure": Tally(n=1, w=1, w2=1),
        "timeout": Tally(n=1, w=1, w2=1),
    },
    errors={"429": 1},
    known_success={"latency": 20, "cost": 10, "quality": 10},
    reward=moments("reward", [0.8, 0.6, 0.0, 0.1], [10, 10, 1, 1]),
    quality=moments("quality", [0.9], [10]),
    latency=moments("latency", [100.0, 300.0, 4000.0], [10, 10, 1]),
    cost=moments("cost", [0.01], [10]),
    latency_bins=histogram_of(np.array([100.0, 300.0, 4000.0]), np.array([10, 10, 1])),
    reward_bins=histogram_of(np.array([0.8, 0.6, 0.0, 0.1]), np.array([10, 10, 1, 1])),
    tokens_in=500,
    tokens_out=70,
    retries=2,
)


def test_counts_are_raw_and_weighted_and_shares_are_weighted() -> None:
    found = stats(SUMS)
    assert (found.n, found.weighted) == (4, 22)
    assert found.success_rate == pytest.approx(20 / 22)
    assert found.outcomes == pytest.approx(
        {"failure": 1 / 22, "success": 20 / 22, "timeout": 1 / 22}
    )
    assert found.errors == pytest.approx({"429": 1 / 22})
    assert found.success_rate_interval is not None
    assert found.success_rate_interval.holds(20 / 22)


def test_means_are_weighted_over_what_is_known() -> None:
    found = stats(SUMS)
    assert found.avg_reward == pytest.approx((10 * 0.8 + 10 * 0.6 + 0.1) / 22)
    assert found.avg_latency == pytest.approx((1000 + 3000 + 4000) / 21)
    assert found.avg_cost_usd == pytest.approx(0.01)
    assert found.avg_quality == pytest.approx(0.9)
    assert found.reward_n == 4
    assert found.avg_cost_usd_interval is None  # one known cost says nothing of its spread


def test_quantiles_are_those_of_the_repeated_values() -> None:
    found = stats(SUMS)
    latencies = np.repeat([100.0, 300.0, 4000.0], [10, 10, 1])
    for q, value in (
        (0.5, found.p50_latency),
        (0.95, found.p95_latency),
        (0.99, found.p99_latency),
    ):
        assert value == pytest.approx(np.quantile(latencies, q), rel=0.01)
    rewards = np.repeat([0.0, 0.1, 0.6, 0.8], [1, 1, 10, 10])
    assert found.p50_reward == pytest.approx(np.quantile(rewards, 0.5), rel=0.01)
    assert found.p95_reward == pytest.approx(np.quantile(rewards, 0.95), rel=0.01)


def test_what_is_unknown_is_a_share_and_never_a_zero() -> None:
    found = stats(SUMS)
    assert found.unknown is not None
    assert found.unknown.latency == pytest.approx(1 / 22)
    assert found.unknown.cost == pytest.approx(12 / 22)
    assert found.unknown.quality == pytest.approx(0.5)  # of the successes
    blind = stats(Sums(outcomes={"failure": Tally(n=3, w=3, w2=3)}))
    assert blind.unknown is not None
    assert (blind.unknown.latency, blind.unknown.cost, blind.unknown.quality) == (1, 1, 1)
    assert (blind.p50_latency, blind.avg_cost_usd, blind.avg_quality) == (None, None, None)
    assert blind.success_rate == 0


def test_observations_per_minute_are_what_they_stand_for_over_the_time_covered() -> None:
    assert stats(SUMS, since_hours=1).per_minute == pytest.approx(22 / 60)
    assert stats(SUMS, since_hours=1.5).per_minute == pytest.approx(22 / 90)
    assert stats(SUMS, since_hours=0).per_minute == 22


def test_nothing_is_n_0_and_the_rest_is_absent() -> None:
    found = stats(Sums())
    assert (found.n, found.weighted) == (0, 0)
    stored = found.to_map()
    for name in ("successRate", "avgReward", "p50Latency", "avgCostUsd", "unknown"):
        assert name not in stored


def test_statistics_come_back_from_their_map_under_their_key() -> None:
    found = stats(SUMS)
    assert Stats.from_store(found.to_map()) == found
    assert found.key() == stats_key("router", "p@1.0.0", "1h") == "router~p@1.0.0~1h"
