"""What a look reads: the same of shards, hours and days, to the last digit of its hash."""

from collections.abc import Sequence

import pytest

from ratchet.kernel.canonical import canonical
from ratchet.kernel.clock import DAY
from ratchet.observe.rollout_buckets import merge
from ratchet.rollouts.judge_sums import read_sums
from ratchet.rollouts.profile import Guardrail
from ratchet.rollouts.rules import Rules, Term
from ratchet.stats.bins import BINS, pack
from ratchet.stats.bucket import Level
from ratchet.stats.rollout_bucket import RolloutBucket
from tests.support.evidenced import NOON, arm_of
from tests.support.judging import PLAIN, TRIED, look, trial
from tests.support.paired import IN_TURN

PARTS = [
    arm_of(arm, 0.6, 40, seed=hour, first=1 + 40 * hour, hour=hour)
    for hour in (0, 1, 12, 13, 36)
    for arm in ("control", TRIED)
]
REWARD = Rules(goal=Term(metric="reward"))


def as_stored(buckets: Sequence[RolloutBucket], level: Level) -> list[RolloutBucket]:
    """Return hours as they are found while they are merged: the last day never is."""
    if level == "shard":
        return [b.model_copy(update={"shard": s}) for s, b in enumerate(buckets)]
    merged = merge(buckets, "hour", NOON)
    if level == "hour":
        return merged
    last = NOON.replace(hour=0) + DAY
    whole = [b for b in merged if b.hour < last]
    return [*merge(whole, "day", NOON), *(b for b in merged if b.hour >= last)]


@pytest.mark.parametrize("level", ["hour", "day"])
def test_a_look_is_the_same_byte_for_byte_however_its_hours_are_stored(level: Level) -> None:
    once = look(trial(), as_stored(PARTS, "shard"))
    again = look(trial(), as_stored(PARTS, level))
    assert canonical(again.to_map()) == canonical(once.to_map())
    assert once.buckets == (
        "router-core-r7~0~1.0.1~20260101",
        "router-core-r7~0~1.0.1~20260102",
        "router-core-r7~0~1.0.1~20260103",
        "router-core-r7~0~control~20260101",
        "router-core-r7~0~control~20260102",
        "router-core-r7~0~control~20260103",
    )


def with_code(bucket: RolloutBucket, code: str) -> RolloutBucket:
    """Return a bucket with an error of a code in half of its bins."""
    errors = {code: pack(IN_TURN.repeat(BINS // IN_TURN.size).astype(int))}
    return bucket.model_copy(update={"sums": bucket.sums.model_copy(update={"errors": errors})})


@pytest.mark.parametrize("level", ["hour", "day"])
def test_codes_that_a_day_does_not_name_are_not_judged_by_its_hours_either(level: Level) -> None:
    guarded = Guardrail(metric="error:e0", margin="5 points")
    running = trial(profile=PLAIN.model_copy(update={"guardrails": (guarded,)}))
    hours = [arm_of("control", 0.6, 20, first=1 + 20 * i, hour=i) for i in range(9)]
    named = [with_code(hour, f"e{i}") for i, hour in enumerate(hours)]
    once = look(running, as_stored([*named, *PARTS], "shard"))
    assert canonical(look(running, as_stored([*named, *PARTS], level)).to_map()) == canonical(
        once.to_map()
    )
    assert once.arms[0].terms[1].held == ("code",)


def test_the_hash_is_another_where_one_sum_or_one_unit_is() -> None:
    first, *rest = PARTS
    data = read_sums(REWARD, PARTS).data
    more = first.sums.model_copy(update={"exposures": pack(first.sums.exposures.array() + 1)})
    other = arm_of("control", 0.6, 40, seed=0, first=9_001)
    assert read_sums(REWARD, [first.model_copy(update={"sums": more}), *rest]).data != data
    assert read_sums(REWARD, [first.model_copy(update={"units": other.units}), *rest]).data != data
    assert read_sums(REWARD, [*rest, first]).data == data
    asked_nothing_of_it = first.sums.model_copy(update={"timeout": first.sums.n})
    kept = [first.model_copy(update={"sums": asked_nothing_of_it}), *rest]
    assert read_sums(REWARD, kept).data == data


def test_units_that_come_in_several_steps_count_once() -> None:
    again = [arm_of("control", 0.6, 40, first=1, step=step, hour=step) for step in (0, 1)]
    sums = read_sums(REWARD, again)
    assert (sums.units("control"), sums.total("control", "exposures")) == (40, 80)
    assert sums.units("nobody") == 0


def test_what_shadows_cost_is_added_up_for_them_alone_and_nowhere_else() -> None:
    beside = [arm_of(f"shadow:{TRIED}", 0.6, 30), arm_of(f"pair:{TRIED}", 0.6, 30)]
    assert read_sums(REWARD, beside, shadow=True).spent == pytest.approx(0.30)
    assert read_sums(REWARD, beside).spent == 0  # a component that shadows on its own
