"""Rollout buckets: merging equals bucketing everything at once, minus undoes plus, 120 KB hold."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.clock import HOUR
from ratchet.observe.reward import RewardConfig
from ratchet.observe.rollout_tally import Cell, Row, tally_rollouts
from ratchet.observe.watched import Watched
from ratchet.stats.bins import BINS, Bins, pack
from ratchet.stats.bucket import OTHER
from ratchet.stats.loss_terms import LOSS, TERMS
from ratchet.stats.quantiles import histogram_of
from ratchet.stats.rollout_bucket import (
    BINNED,
    MAX_CODES,
    RolloutBucket,
    RolloutSums,
    cap_codes,
    sum_rollouts,
)
from ratchet.stats.units import Units, unit_hash, units_of
from ratchet.store.limits import check_document
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON
from tests.support.rollout_recount import NEW, watch

DAY = timedelta(days=1)
LIMIT = 120 * 1024
WATCHED = {"r1": Watched(watch(), RewardConfig())}


def _row(known: dict[str, Any], hour: int) -> Row:
    item = {"ts": NOON + hour * HOUR, "rolloutId": "r1", "rolloutStep": 0} | known
    return Row({"component": "router"} | item, f"o{known['unit']}", NOON + hour * HOUR)


ROWS = st.lists(
    st.builds(
        _row,
        st.fixed_dictionaries(
            {
                "outcome": st.sampled_from(["success", "failure", "timeout"]),
                "rolloutArm": st.sampled_from(["control", NEW]),
                "unit": st.integers(0, 9).map(str),
            },
            optional={
                "durationMs": st.integers(0, 600_000).map(float),
                "costUsd": st.integers(0, 10_000_000).map(lambda n: n / 1000),
                "quality": st.integers(0, 100).map(lambda n: n / 100),
                "errorCode": st.sampled_from(["429", "boom"]),
                "weight": st.sampled_from([1, 10, 1000]),
                "shadow": st.just(True),
                "judged": st.integers(0, 100).map(lambda n: n / 100),
                "person": st.sampled_from([0.0, 0.5, 1.0]),
                "drawn": st.sampled_from([1e-9, 0.1, 0.3, 1.0]),
                "asked": st.just(True),
            },
        ),
        st.integers(0, 1),
    ),
    max_size=25,
)


def tallied(rows: list[Row]) -> tuple[dict[Cell, RolloutSums], dict[Cell, Units]]:
    found = tally_rollouts(rows, [], WATCHED)
    return dict(found.sums), dict(found.units)


def total(rows: list[Row]) -> RolloutSums:
    return sum_rollouts(tallied(rows)[0].values())


@given(ROWS, st.lists(st.integers(0, 4), min_size=25, max_size=25))
def test_any_partition_over_shards_and_chunks_merges_to_the_whole(
    rows: list[Row], dealt: list[int]
) -> None:
    whole, met = tallied(rows)
    merged: dict[Cell, RolloutSums] = {}
    units: dict[Cell, Units] = {}
    for part in range(5):
        chosen = [row for row, shard in zip(rows, dealt, strict=False) if shard == part]
        sums, seen = tallied(chosen)
        for cell, found in sums.items():
            merged[cell] = merged.get(cell, RolloutSums()) + found
            units[cell] = units.get(cell, Units()) + seen[cell]
    assert (merged, units) == (whole, met)


@given(ROWS, ROWS, ROWS)
def test_merging_is_associative_and_commutative(a: list[Row], b: list[Row], c: list[Row]) -> None:
    x, y, z = total(a), total(b), total(c)
    assert (x + y) + z == x + (y + z) == sum_rollouts([z, x, y])
    assert x + y == y + x
    assert x + RolloutSums() == x


@given(ROWS, ROWS)
def test_minus_undoes_plus_and_leaves_no_trace(a: list[Row], b: list[Row]) -> None:
    x, y = total(a), total(b)
    assert (x + y) - y == x
    assert y - y == RolloutSums()


def bucket(**fields: Any) -> RolloutBucket:
    known: dict[str, Any] = {"rollout": "r1", "step": 0, "arm": "control", "epoch": 1}
    known |= {"hour": NOON, "updated_at": NOON, "expire_at": NOON + DAY}
    return RolloutBucket(**(known | fields))


@given(ROWS)
def test_a_bucket_comes_back_from_the_store_as_it_went(rows: list[Row]) -> None:
    store = SqliteStore()
    kept = bucket(sums=total(rows), units=units_of(unit_hash(row.unit) for row in rows))
    store.set(Ref(kept.collection, kept.key()), kept.to_map())
    found = store.get(Ref(kept.collection, kept.key()))
    assert found is not None
    assert RolloutBucket.from_store(found.data) == kept
    store.close()


def test_a_bucket_that_was_stored_before_there_were_runs_is_read_as_one_without() -> None:
    told = bucket().to_map()
    told["sums"] = {k: v for k, v in told["sums"].items() if not k.startswith("run")}
    assert RolloutBucket.from_store(told) == bucket()


def test_sums_of_runs_add_and_take_back_by_name() -> None:
    one = RolloutSums(runs=ones(2, 7), run_w={"loss": ones(2, 7)}, run_wx={"loss": ones(900, 7)})
    two = RolloutSums(runs=ones(1, 7), run_w={"grounding": ones(1, 7)}, run_wx={})
    both = one + two
    assert both == sum_rollouts([two, one])
    assert (both.runs.total(), both.run_w["loss"].total(), both.run_wx["loss"].total()) == (
        3, 2, 900,
    )  # fmt: skip
    assert both - two == one
    assert one - one == RolloutSums()


def ones(weight: int, *bins: int) -> Bins:
    return pack(np.array([weight if i in bins else 0 for i in range(BINS)]))


def many_codes(n: int) -> RolloutSums:
    """Return codes e00, e01, ... that were seen n, n - 1, ... times in bin 0, once in bin 1."""
    return RolloutSums(errors={f"e{i:02d}": ones(n - i, 0) + ones(1, 1) for i in range(n)})


def test_codes_beyond_the_cap_count_as_other_in_their_bins() -> None:
    capped = cap_codes(many_codes(20)).errors
    assert sorted(capped) == [f"e{i:02d}" for i in range(MAX_CODES - 1)] + [OTHER]
    assert capped["e00"].array()[:2].tolist() == [20, 1]
    assert capped[OTHER].array()[:2].tolist() == [sum(range(1, 14)), 13]


def test_eight_codes_are_kept_by_name_and_capping_twice_changes_nothing() -> None:
    assert cap_codes(many_codes(8)) == many_codes(8)
    once = cap_codes(many_codes(20))
    assert cap_codes(once) == once


def test_a_code_that_went_into_other_is_taken_back_from_there_in_its_bin() -> None:
    full = bucket().changed(many_codes(20), RolloutSums(), Units(), NOON)
    rare = RolloutSums(errors={"e19": ones(1, 1)})
    left = full.changed(RolloutSums(), rare, Units(), NOON).sums.errors
    assert "e19" not in left
    assert left[OTHER].array()[:2].tolist() == [sum(range(1, 14)), 12]
    assert left["e00"] == full.sums.errors["e00"]


def test_it_is_taken_back_from_there_though_a_named_code_vanishes_with_it() -> None:
    full = bucket().changed(many_codes(9), RolloutSums(), Units(), NOON)
    assert full.sums.errors[OTHER].array()[:2].tolist() == [2 + 1, 2]
    gone = RolloutSums(errors={"e00": ones(9, 0) + ones(1, 1), "e08": ones(1, 0)})
    left = full.changed(RolloutSums(), gone, Units(), NOON).sums.errors
    assert sorted(left) == [f"e{i:02d}" for i in range(1, 7)] + [OTHER]
    assert left[OTHER].array()[:2].tolist() == [2, 2]


def test_a_change_adds_takes_back_and_keeps_who_was_met() -> None:
    one = RolloutSums(n=ones(1, 7), latency_bins=histogram_of(np.array([5.0]), np.array([1])))
    met = units_of([unit_hash("u1")])
    changed = bucket(sums=one, units=met).changed(one + one, one, Units(), NOON - DAY)
    assert changed.sums == one + one
    assert changed.units == met
    assert changed.updated_at == NOON


@pytest.mark.parametrize(
    ("fields", "last"),
    [({"shard": 3}, "3"), ({"level": "hour"}, "hour"), ({"level": "day"}, "day")],
)
def test_a_key_ends_in_the_shard_or_in_the_level(fields: dict[str, Any], last: str) -> None:
    held = bucket(arm="pair:1.0.1", rollout="a/b~c", **fields)
    assert held.key() == f"a%2Fb%7Ec~0~pair:1.0.1~2026031012~{last}"


def adversarial(most: int) -> RolloutBucket:
    """Return a bucket with noise up to `most` in every bin of every sum, and the longest names."""
    rng = np.random.default_rng(4)
    noise: dict[str, Any] = {name: pack(rng.integers(0, most, BINS)) for name in BINNED}
    scales = dict.fromkeys(("reward_wx", "quality_wx", "judged_wx", "drawn_w", "drawn_wx"), 10**6)
    for name, scale in (scales | {"cost_wx": 10**13}).items():
        wide = [int(n) * scale + 7 for n in rng.integers(0, most, BINS)]
        noise[name] = pack(np.array(wide, dtype=object))
    latency = np.rint(np.exp(rng.uniform(np.log(0.001), np.log(6.048e8), 300_000)) * 1e3) / 1e3
    of_runs = {name: pack(rng.integers(0, 10**9, BINS)) for name in (LOSS, *TERMS)}
    losses = {name: pack(bins.array() * 10**6) for name, bins in of_runs.items()}
    return bucket(
        rollout="r" * 120,
        arm="pair:" + "a" * 120,
        step=99,
        sums=RolloutSums(
            errors={f"{i:03d}".ljust(64, "é"): pack(rng.integers(0, most, BINS)) for i in range(8)},
            latency_bins=histogram_of(latency, rng.integers(1, most, latency.size)),
            run_w=of_runs,
            run_wx=losses,
            **noise,
        ),
        units=units_of(unit_hash(f"unit-{i}") for i in range(1000)),
    )


@pytest.mark.parametrize("most", [1000, 10**6, 2**40])
def test_a_bucket_has_at_most_120_kb_whatever_is_in_it(most: int) -> None:
    # 2**40: a million observations a second for a month, in each bin, each standing for hundreds.
    full = adversarial(most)
    assert min(full.sums.cost_wx.array()) > 0
    assert check_document(full.collection, full.key(), full.to_map()) <= LIMIT
    assert RolloutBucket.from_store(full.to_map()) == full
