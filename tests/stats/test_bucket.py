"""Buckets: merging equals bucketing everything at once, exactly, and minus undoes plus."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.document import INT64_MAX
from ratchet.stats.bucket import MAX_ERROR_CODES, OTHER, Bucket, Sums, Tally, cap_errors, sum_sums
from ratchet.stats.moments import Moments
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON
from tests.support.rows import ROWS, Row, sums, total

DAY = timedelta(days=1)


def bucket(held: Sums | None = None, **fields: Any) -> Bucket:
    known: dict[str, Any] = {"component": "router", "version": "p@1.0.0", "epoch": 1, "hour": NOON}
    known |= {"sums": held or Sums(), "updated_at": NOON, "expire_at": NOON + DAY}
    return Bucket(**(known | fields))


@given(ROWS, st.lists(st.integers(0, 4), min_size=25, max_size=25))
def test_any_partition_over_shards_and_chunks_merges_to_the_whole(
    rows: list[Row], dealt: list[int]
) -> None:
    whole = sums(rows)
    merged: dict[object, Sums] = {}
    for part in range(5):
        chosen = [row for row, shard in zip(rows, dealt, strict=False) if shard == part]
        for series, found in sums(chosen).items():
            merged[series] = merged.get(series, Sums()) + found
    assert merged == whole


@given(ROWS, ROWS, ROWS)
def test_merging_is_associative_and_commutative(a: list[Row], b: list[Row], c: list[Row]) -> None:
    x, y, z = total(a), total(b), total(c)
    assert (x + y) + z == x + (y + z)
    assert x + y == y + x
    assert x + Sums() == x


@given(st.lists(ROWS, max_size=4))
def test_many_are_summed_at_once_as_they_are_one_by_one(parts: list[list[Row]]) -> None:
    held = [total(rows) for rows in parts]
    assert sum_sums(held) == sum(held, Sums())


@given(ROWS, ROWS)
def test_minus_undoes_plus_and_leaves_no_trace(a: list[Row], b: list[Row]) -> None:
    x, y = total(a), total(b)
    assert (x + y) - y == x
    assert y - y == Sums()


@given(ROWS)
def test_a_bucket_comes_back_from_the_store_as_it_went(rows: list[Row]) -> None:
    store = SqliteStore()
    kept = bucket(total(rows))
    store.set(Ref("ops_buckets", kept.key()), kept.to_map())
    found = store.get(Ref("ops_buckets", kept.key()))
    assert found is not None
    assert Bucket.from_store(found.data) == kept
    store.close()


def test_sums_beyond_64_bits_survive_the_store_and_go_on_adding(embedded: SqliteStore) -> None:
    wide = Moments(n=1, w=1000, wx=10**16, wxx=10**29, w2=10**6, w2x=10**19, w2xx=10**32)
    kept = bucket(Sums(cost=wide, tokens_in=INT64_MAX + 1))
    embedded.set(Ref("ops_buckets", "b"), kept.to_map())
    found = embedded.get(Ref("ops_buckets", "b"))
    assert found is not None
    back = Bucket.from_store(found.data).sums
    assert (back + back).cost.w2xx == 2 * 10**32
    assert (back + back).tokens_in == 2**64


def test_the_total_is_over_all_outcomes() -> None:
    held = Sums(outcomes={"success": Tally(n=2, w=20, w2=200), "failure": Tally(n=1, w=1, w2=1)})
    assert held.total == Tally(n=3, w=21, w2=201)
    assert Sums().total == Tally()


def test_rewards_of_another_epoch_are_left_out_and_the_rest_stays() -> None:
    some = Moments(n=1, w=1, wx=5, wxx=25, w2=1, w2x=5, w2xx=25)
    held = Sums(outcomes={"success": Tally(n=1, w=1, w2=1)}, reward=some, drawn=some, latency=some)
    left = held.without_reward()
    assert (left.reward, left.drawn, left.reward_bins.total()) == (Moments(), Moments(), 0)
    assert (left.latency, left.total.n) == (some, 1)


def many_codes(n: int) -> Counter[str]:
    """Return codes e000, e001, ... that were seen n, n - 1, ... times."""
    return Counter({f"e{i:03d}": n - i for i in range(n)})


def test_error_codes_beyond_the_cap_count_as_other_and_none_is_lost() -> None:
    codes = many_codes(80)
    capped = cap_errors(Sums(errors=dict(codes))).errors
    assert len(capped) == MAX_ERROR_CODES
    assert {code: capped[code] for code in ("e000", "e048")} == {"e000": 80, "e048": 32}
    assert "e049" not in capped
    assert sum(capped.values()) == sum(codes.values())


def test_fifty_codes_are_kept_by_name() -> None:
    codes = dict(many_codes(50))
    assert cap_errors(Sums(errors=codes)).errors == codes


def test_capping_twice_changes_nothing_and_other_grows() -> None:
    once = cap_errors(Sums(errors=dict(many_codes(80))))
    assert cap_errors(once) == once
    again = cap_errors(once + Sums(errors={"new": 1, OTHER: 3}))
    assert again.errors[OTHER] == once.errors[OTHER] + 4
    assert sum(again.errors.values()) == sum(once.errors.values()) + 4


def test_a_code_that_went_into_other_is_taken_back_from_there() -> None:
    rare = Sums(errors={"e079": 1})
    capped = bucket().changed(Sums(errors=dict(many_codes(80))), Sums(), NOON)
    left = capped.changed(Sums(), rare, NOON).sums.errors
    assert left[OTHER] == capped.sums.errors[OTHER] - 1
    assert min(left.values()) > 0
    assert sum(left.values()) == sum(many_codes(80).values()) - 1


def test_a_change_adds_then_takes_back_and_never_turns_its_clock_back() -> None:
    one = Sums(outcomes={"success": Tally(n=1, w=1, w2=1)})
    changed = bucket(one).changed(one + one, one, NOON - DAY)
    assert changed.sums == one + one
    assert changed.updated_at == NOON
    assert changed.changed(one, Sums(), NOON + DAY).updated_at == NOON + DAY


@pytest.mark.parametrize(
    ("fields", "last"),
    [({"shard": 3}, "3"), ({"level": "hour"}, "hour"), ({"level": "day"}, "day")],
)
def test_a_key_ends_in_the_shard_or_in_the_level(fields: dict[str, Any], last: str) -> None:
    assert bucket(**fields).key() == f"router~p@1.0.0~1~2026031012~{last}"
