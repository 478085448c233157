"""Columns and sums: what the vectorised code adds up equals plain loops."""

from datetime import timedelta
from typing import Any

import numpy as np
from hypothesis import given

from ratchet.observe.reward import Override, RewardConfig
from ratchet.observe.tally import Series, columns_of, score_columns, sums_of
from ratchet.stats.bucket import Bucket, Tally
from tests.support.observing import NOON
from tests.support.recount import counted, held_in, plain
from tests.support.rows import ROWS, Row, sums

ITEM: dict[str, Any] = {"ts": NOON + timedelta(minutes=59), "component": "a", "outcome": "success"}


def as_bucket(series: Series, found: Any) -> Bucket:
    return Bucket(
        component=series.component,
        version=series.version,
        epoch=1,
        hour=series.hour,
        sums=found,
        updated_at=NOON,
        expire_at=NOON,
    )


@given(ROWS)
def test_sums_equal_a_recount_in_plain_loops(rows: list[Row]) -> None:
    found = held_in(as_bucket(series, part) for series, part in sums(rows).items())
    expected = counted((item, {"score": score}, 1) for item, score in rows)
    assert plain(found) == plain(expected)


def test_an_observation_counts_in_the_hour_and_version_it_names() -> None:
    columns = columns_of([ITEM, ITEM | {"policyVersion": "p@1.0.0", "ts": NOON}])
    assert columns.series == [Series("a", "none", NOON), Series("a", "p@1.0.0", NOON)]


def test_what_is_unknown_is_nan_and_not_zero() -> None:
    columns = columns_of([ITEM, ITEM | {"durationMs": 0.0, "costUsd": 0.0, "quality": 0.0}])
    for column in (columns.latency_ms, columns.cost_usd, columns.quality):
        assert np.isnan(column).tolist() == [True, False]


def test_shadow_observations_are_not_counted_and_fallbacks_are_not_drawn() -> None:
    rows = [ITEM, ITEM | {"shadow": True}, ITEM | {"fallbackFrom": "b"}]
    (found,) = sums_of(columns_of(rows), np.array([0.5, 0.5, 0.25])).values()
    assert found.total == Tally(n=2, w=2, w2=2)
    assert (found.reward.n, found.drawn.n, found.drawn.wx) == (2, 1, 500_000)
    assert sums_of(columns_of(rows[1:2]), np.array([0.5])) == {}


def test_each_component_is_scored_under_its_own_configuration_in_the_order_given() -> None:
    config = RewardConfig(overrides={"b": Override(weights={"success": 0.1})})
    rows = [ITEM | {"component": name} for name in ("b", "a", "b", "c")]
    assert score_columns(columns_of(rows), config).score.tolist() == [0.35, 0.85, 0.35, 0.85]
