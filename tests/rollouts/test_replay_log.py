"""Replaying a log of weights: values, intervals over units, chunks, seeds, memory."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.replay_log import Chunk, hashes_of, replay, replay_weights
from ratchet.rollouts.replay_rows import Rows
from tests.support.replays import FOUR, LOGGED, RATES, explored, parts, units

BETTER = {"a": 0.1, "b": 0.3, "c": 0.6}
# 0.1 * 0.2 + 0.3 * 0.6 + 0.6 * 0.9
WORTH = 0.74


def test_every_estimator_finds_what_the_weights_would_earn() -> None:
    found = replay_weights([explored(20_000)], BETTER)
    assert set(found.estimates) == {"dm", "dr", "ips", "sndr", "snips", "switch_dr"}
    for name, estimate in found.estimates.items():
        assert estimate.value == pytest.approx(WORTH, abs=0.02), name
        assert estimate.low < estimate.value < estimate.high
        if name != "dm":
            assert estimate.holds(WORTH), name


def test_the_error_of_ips_is_that_of_a_mean() -> None:
    chunk = explored(20_000)
    found = replay_weights([chunk], BETTER)
    weighted = np.array([BETTER[a] / LOGGED[a] for a in chunk.arm.tolist()]) * chunk.reward
    by_hand = weighted.std() / np.sqrt(20_000)
    assert found.estimates["ips"].error == pytest.approx(by_hand, rel=0.1)
    assert found.estimates["ips"].value == pytest.approx(weighted.mean())


def test_diagnostics_are_those_of_the_weights() -> None:
    found = replay_weights([explored(20_000)], BETTER)
    assert (found.rows, found.level, found.replicates) == (20_000, 0.95, 600)
    assert found.support == pytest.approx(1)
    assert found.mean_weight == pytest.approx(1, abs=0.03)
    assert found.largest_weight == pytest.approx(3)  # 0.6 / 0.2
    # The mean of squared weights is 0.1**2/0.5 + 0.3**2/0.3 + 0.6**2/0.2 = 2.12.
    assert found.effective_rows == pytest.approx(20_000 / 2.12, rel=0.03)
    assert found.effective_units == pytest.approx(20_000 / 2.12, rel=0.2)
    assert found.largest_share == pytest.approx(3 / 20_000, rel=0.03)
    assert found.units == pytest.approx(20_000, rel=0.2)


def test_a_log_that_says_everything_25_times_over_is_no_surer() -> None:
    once = explored(1_000)
    often = np.random.default_rng(2).permutation(np.repeat(np.arange(1_000), 25))
    propensity = once.propensity
    assert propensity is not None
    again = Chunk(once.unit[often], once.arm[often], once.reward[often], propensity[often])
    few, many = replay_weights([once], BETTER), replay_weights(list(parts(again, 9_000)), BETTER)
    for name, estimate in few.estimates.items():
        assert many.estimates[name].value == pytest.approx(estimate.value)
        assert many.estimates[name].low == pytest.approx(estimate.low)
        assert many.estimates[name].high == pytest.approx(estimate.high)
    assert many.effective_units == pytest.approx(few.effective_units)


def test_the_answer_does_not_depend_on_the_chunks() -> None:
    chunk = explored(3_000)
    whole = replay_weights([chunk], BETTER)
    cut = replay_weights(list(parts(chunk, 1, 700, 700, 2_999)), BETTER)
    assert cut.to_map()["estimates"].keys() == whole.to_map()["estimates"].keys()
    for name, estimate in whole.estimates.items():
        other = cut.estimates[name].to_map()
        assert other == {k: pytest.approx(v, abs=1e-9) for k, v in estimate.to_map().items()}


def test_seeds_decide_the_interval_and_their_spread_is_told() -> None:
    chunk = explored(3_000)
    one = replay_weights([chunk], BETTER, seeds=(7,)).estimates["ips"]
    three = replay_weights([chunk], BETTER, seeds=(7, 8, 9)).estimates["ips"]
    other = replay_weights([chunk], BETTER, seeds=(8,)).estimates["ips"]
    assert one.seed_spread == 0
    assert one.low != other.low
    assert 0 < three.seed_spread < three.high - three.low
    assert replay_weights([chunk], BETTER, seeds=(7,)).estimates["ips"] == one


def test_rewards_that_never_vary_leave_room_for_what_was_not_met() -> None:
    chunk = explored(3_000)
    never = replay_weights([replace(chunk, reward=np.zeros(3_000))], LOGGED)
    # The rule of three: none in 3,000 units leaves up to 3 / 3,000 (here of effective ones).
    assert never.estimates["snips"].high == pytest.approx(0.001, rel=0.15)
    assert never.estimates["snips"].value == 0


def test_a_reward_of_another_range_names_its_span() -> None:
    chunk = explored(3_000)
    nothing = replace(chunk, reward=np.zeros(3_000))
    wide = replay_weights([nothing], LOGGED, span=50.0).estimates["snips"]
    assert wide.high == pytest.approx(0.05, rel=0.15)


def test_an_arm_without_weight_counts_for_nothing() -> None:
    chunk = explored(6_000)
    spoiled = replace(chunk, reward=np.where(chunk.arm == "a", 1e6, chunk.reward))
    found = replay_weights([spoiled], {"b": 0.5, "c": 0.5}, span=1e6)
    assert found.estimates["ips"].value == pytest.approx(0.75, abs=0.05)
    assert found.estimates["dr"].value == pytest.approx(0.75, abs=0.05)


def test_confounded_logs_mislead_the_arms_means_and_not_the_replay() -> None:
    rng = np.random.default_rng(3)
    n = 20_000
    hard = rng.random(n) < 0.5
    strong = rng.random(n) < np.where(hard, 0.9, 0.1)  # the strong arm gets the hard requests
    reward = np.where(hard, np.where(strong, 0.5, 0.1), np.where(strong, 1.0, 0.9))
    chunk = Chunk(
        units(n),
        np.where(strong, "strong", "weak"),
        reward,
        np.where(hard == strong, 0.9, 0.1),
    )
    found = replay_weights([chunk], {"strong": 1.0})
    assert chunk.reward[strong].mean() == pytest.approx(0.55, abs=0.02)
    for name in ("ips", "snips", "dr", "sndr"):
        assert found.estimates[name].holds(0.75), name


def test_rows_with_a_model_of_their_own_are_replayed_in_one_pass() -> None:
    # Weights 0.5, 1.5, 1, 1 correct the model's 0.5 by 0.25, -0.75, 0.25 and 0.75 over four rows.
    columns = {
        "reward": [1.0, 0.0, 1.0, 1.0],
        "propensity": [0.5, 0.5, 0.5, 0.5],
        "target": [0.25, 0.75, 0.5, 0.5],
        "fitted": [0.5, 0.5, 0.75, 0.25],
        "expected": [0.6, 0.4, 0.5, 0.5],
    }
    rows = Rows(units(400), **{name: np.tile(column, 100) for name, column in columns.items()})
    found = replay(iter([rows]))
    assert found.estimates["dr"].value == pytest.approx(0.625)
    assert found.rows == 400


def test_without_a_model_the_estimators_that_want_one_are_left_out() -> None:
    chunk = explored(1_000)
    assert chunk.propensity is not None
    bare = Rows(chunk.unit, chunk.reward, chunk.propensity, chunk.propensity)
    assert set(replay([bare]).estimates) == {"ips", "snips"}


def test_chunks_with_and_without_a_model_do_not_mix() -> None:
    bare = replace(FOUR, fitted=None, expected=None)
    with pytest.raises(InvalidInput, match="some chunks have a reward model") as told:
        replay([FOUR, bare])
    assert told.value.field == "fitted"


def test_units_are_hashed_by_name_and_alike_everywhere() -> None:
    found = hashes_of(["u1", "u2", "u1"])
    assert found.dtype == np.uint64
    assert found[0] == found[2] != found[1]


@dataclass(frozen=True)
class Made:
    """A log that is made while it is read."""

    chunks: int

    def __iter__(self) -> Iterator[Chunk]:
        return (explored(2_500, seed=i) for i in range(self.chunks))


def test_memory_does_not_grow_with_the_log() -> None:
    def peak(chunks: int) -> int:
        tracemalloc.start()
        try:
            replay_weights(Made(chunks), BETTER, replicates=50)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)  # what is made once only
    assert peak(20) <= 1.2 * peak(2)


def test_rates_of_the_sample_log_are_what_the_tests_say() -> None:
    assert sum(BETTER[arm] * RATES[arm] for arm in RATES) == pytest.approx(WORTH)
