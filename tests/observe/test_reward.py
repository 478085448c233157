"""Reward: the formula, its bounds, and a configuration that is checked strictly."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.errors import InvalidInput
from ratchet.observe.reward import Bounds, Override, RewardConfig, Thresholds, Weights
from ratchet.observe.scores import Scores, details, score

DEFAULT = RewardConfig()
UNKNOWN = float("nan")
Row = tuple[bool, float, float, float]

LATENCY = st.one_of(st.just(UNKNOWN), st.floats(0, 10**9))
COST = st.one_of(st.just(UNKNOWN), st.floats(0, 10**4))
QUALITY = st.one_of(st.just(UNKNOWN), st.floats(0, 1))
ROWS = st.lists(st.tuples(st.booleans(), QUALITY, LATENCY, COST), min_size=1, max_size=20)
CONFIGS = st.builds(
    RewardConfig,
    weights=st.builds(
        Weights,
        latency=st.floats(0, 10),
        cost=st.floats(0, 10),
        success=st.floats(0, 10),
        error=st.floats(0, 10),
        baseline=st.floats(-1, 1),
    ),
    bounds=st.builds(
        Bounds, max_latency_ms=st.floats(1e-3, 1e7), max_cost_usd=st.floats(1e-6, 1e3)
    ),
)


def scored(config: RewardConfig, rows: list[Row]) -> Scores:
    success, quality, latency, cost = (np.array(column) for column in zip(*rows, strict=True))
    return score(config, success=success, quality=quality, latency_ms=latency, cost_usd=cost)


def one(
    success: bool = True,
    quality: float = UNKNOWN,
    latency: float = UNKNOWN,
    cost: float = UNKNOWN,
    config: RewardConfig = DEFAULT,
) -> float:
    return float(scored(config, [(success, quality, latency, cost)]).score[0])


def test_terms_of_060_005_002_and_0_give_078() -> None:
    found = scored(DEFAULT, [(True, 1.0, 800.0, 0.01)])
    assert found.score.tolist() == [0.78]
    assert details(found) == [
        {"successBoost": 0.6, "latencyPenalty": 0.05, "costPenalty": 0.02, "errorPenalty": 0.0}
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((True, UNKNOWN, UNKNOWN, UNKNOWN), 0.85),  # ungraded counts as quality 1
        ((True, 0.5, UNKNOWN, UNKNOWN), 0.55),
        ((True, 0.0, UNKNOWN, UNKNOWN), 0.25),
        ((True, 1.0, 4000.0, 0.10), 0.40),  # both penalties full
        ((True, 1.0, 1e9, 9999.0), 0.40),  # and not more than full
        ((False, UNKNOWN, UNKNOWN, UNKNOWN), 0.0),  # 0.25 - 0.6, clamped
        ((False, 1.0, 0.0, 0.0), 0.0),  # a failure earns nothing by its grade
    ],
)
def test_scores_worked_out_by_hand(row: Row, expected: float) -> None:
    assert scored(DEFAULT, [row]).score.tolist() == [pytest.approx(expected, abs=1e-9)]


@given(CONFIGS, ROWS)
def test_a_score_is_between_0_and_1(config: RewardConfig, rows: list[Row]) -> None:
    found = scored(config, rows).score
    assert ((found >= 0) & (found <= 1)).all()


@given(CONFIGS, ROWS, st.randoms())
def test_the_order_of_a_batch_is_irrelevant(
    config: RewardConfig, rows: list[Row], random: Any
) -> None:
    places = list(range(len(rows)))
    random.shuffle(places)
    straight = scored(config, rows).score.tolist()
    shuffled = scored(config, [rows[i] for i in places]).score.tolist()
    assert shuffled == [straight[i] for i in places]


@given(CONFIGS, QUALITY, LATENCY, COST, st.floats(0, 10**6), st.floats(0, 1))
def test_a_score_is_monotone_in_each_term(
    config: RewardConfig, quality: float, latency: float, cost: float, more: float, grade: float
) -> None:
    base = one(True, quality, latency, cost, config)
    assert one(False, quality, latency, cost, config) <= base
    assert one(False, quality, latency, cost, config) <= one(True, 1.0, latency, cost, config)
    if np.isfinite(latency):
        assert one(True, quality, latency + more, cost, config) <= base
    if np.isfinite(cost):
        assert one(True, quality, latency, cost + more, config) <= base
    if np.isfinite(quality):
        better = one(True, max(quality, grade), latency, cost, config)
        assert better >= base


@given(CONFIGS, st.booleans(), QUALITY, LATENCY, COST)
def test_what_is_unknown_gives_no_penalty(
    config: RewardConfig, success: bool, quality: float, latency: float, cost: float
) -> None:
    assert one(success, quality, UNKNOWN, cost, config) == one(success, quality, 0, cost, config)
    assert one(success, quality, latency, UNKNOWN, config) == one(
        success, quality, latency, 0, config
    )


def test_a_longer_pattern_wins_over_a_shorter_one_field_by_field() -> None:
    config = RewardConfig(
        overrides={
            "*": Override(weights={"baseline": 0.1}),
            "router:*": Override(bounds={"maxLatencyMs": 1000}, weights={"success": 0.3}),
            "router:gpt-5": Override(weights={"success": 0.9}),
        }
    )
    exact, routed, other = map(config.for_component, ("router:gpt-5", "router:x", "planner"))
    assert (exact.weights.success, exact.bounds.max_latency_ms) == (0.9, 1000)
    assert (routed.weights.success, routed.weights.baseline) == (0.3, 0.1)
    assert (other.weights.success, other.weights.baseline) == (0.6, 0.1)
    assert other.bounds == DEFAULT.bounds
    assert DEFAULT.for_component("router:gpt-5") == DEFAULT


def test_thresholds_are_overridden_too() -> None:
    config = RewardConfig(overrides={"planner": Override(thresholds={"retrain": 0.2})})
    assert config.for_component("planner").thresholds.retrain == 0.2
    assert config.for_component("planner").thresholds.min_acceptable == 0.55


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"weights": {"latency": -1}}, "weights.latency"),
        ({"weights": {"latency": float("nan")}}, "weights.latency"),
        ({"weights": {"speed": 1}}, "weights.speed"),
        ({"bounds": {"maxLatencyMs": 0}}, "bounds.maxLatencyMs"),
        ({"bounds": {"maxCostUsd": float("inf")}}, "bounds.maxCostUsd"),
        ({"thresholds": {"retrain": 1.5}}, "thresholds.retrain"),
        ({"weigths": {}}, "weigths"),
        (
            {"overrides": {"router:*": {"weights": {"succes": 1}}}},
            "overrides.router:*.weights.succes",
        ),
        ({"overrides": {"router:*": {"bound": {}}}}, "overrides.router:*.bound"),
        (
            {"overrides": {"router:*": {"bounds": {"maxCostUsd": 0}}}},
            "overrides.router:*.bounds.maxCostUsd",
        ),
    ],
)
def test_a_configuration_that_is_wrong_is_refused_by_the_name_of_the_field(
    config: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        RewardConfig.parse(config)
    assert raised.value.field.endswith(field)


def test_only_what_scoring_depends_on_changes_its_hash() -> None:
    assert RewardConfig(version="2").scoring_hash() == DEFAULT.scoring_hash()
    thresholds = Thresholds(retrain=0.3)
    assert RewardConfig(thresholds=thresholds).scoring_hash() == DEFAULT.scoring_hash()
    assert RewardConfig(weights=Weights(cost=0.21)).scoring_hash() != DEFAULT.scoring_hash()
    assert RewardConfig(bounds=Bounds(max_cost_usd=0.2)).scoring_hash() != DEFAULT.scoring_hash()
