"""Two maps of weights on one log: their difference, and how sure it is."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.rollouts.replay_difference import replay_against
from ratchet.rollouts.replay_log import Chunk, replay_weights
from tests.support.replays import LOGGED, explored, units

NEAR = {"a": 0.4, "b": 0.3, "c": 0.3}  # 0.1 of the traffic moves from 0.2 to 0.9
GAIN = 0.07


def test_each_side_is_what_a_replay_by_itself_says() -> None:
    log = [explored(400)]
    found = replay_against(log, NEAR, LOGGED)
    assert found.target == replay_weights(log, NEAR)
    assert found.champion == replay_weights(log, LOGGED)


def test_the_difference_is_that_of_the_values_by_every_estimator() -> None:
    found = replay_against([explored(2000)], NEAR, LOGGED)
    assert list(found.difference)[-2:] == ["dm", "switch_dr"]
    for name, difference in found.difference.items():
        apart = found.target.estimates[name].value - found.champion.estimates[name].value
        assert difference.value == pytest.approx(apart)
        assert difference.value == pytest.approx(GAIN, abs=0.02)


def test_what_both_have_in_common_cancels_so_a_small_step_is_known_far_better() -> None:
    found = replay_against([explored(2000)], NEAR, LOGGED)
    value, difference = found.target.estimates["sndr"], found.difference["sndr"]
    assert difference.high - difference.low < (value.high - value.low) / 2


def test_the_same_weights_differ_by_nothing() -> None:
    for difference in replay_against([explored(300)], LOGGED, LOGGED).difference.values():
        assert (difference.low, difference.value, difference.high) == (0, 0, 0)


def test_exchanging_the_two_turns_the_sign() -> None:
    log = [explored(500)]
    one = replay_against(log, NEAR, LOGGED).difference["sndr"]
    other = replay_against(log, LOGGED, NEAR).difference["sndr"]
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    found = (
        replay_against([explored(300, seed)], NEAR, LOGGED, seeds=(0,), replicates=100)
        for seed in range(100)
    )
    held = sum(one.difference["sndr"].holds(GAIN) for one in found)
    assert held >= 90


def test_a_log_without_a_failure_leaves_room_for_those_it_may_not_have_met() -> None:
    perfect = replace(explored(300), reward=np.ones(300))
    difference = replay_against([perfect], NEAR, LOGGED).difference["sndr"]
    # One of three missing rows of c moves it by (0.3 - 0.2) / 0.2 / 300.
    assert (difference.low, difference.high) == pytest.approx((-0.005, 0.005))


def test_rows_of_one_unit_leave_more_room_than_rows_of_many() -> None:
    chunk = replace(explored(600), reward=np.ones(600))
    by_ten = replace(chunk, unit=np.repeat(units(60), 10))
    many, few = (
        replay_against([one], NEAR, LOGGED).difference["sndr"].high for one in (chunk, by_ten)
    )
    assert few > 5 * many


def test_a_row_that_stands_for_ten_leaves_room_for_ten() -> None:
    chunk = replace(explored(2000), reward=np.ones(2000))
    sampled = replace(chunk, count=np.tile([10.0, 1.0], 1000))
    plain, ten = (
        replay_against([one], NEAR, LOGGED).difference["sndr"].high for one in (chunk, sampled)
    )
    # Of 11,000 observations a row of c may stand for ten: 10 / 11,000 against 1 / 2,000.
    assert ten / plain == pytest.approx(20 / 11, rel=0.2)


@pytest.mark.parametrize("weights", [{"a": 0.7}, {"a": 0.5, "b": 0.3, "z": 0.2}])
def test_what_one_side_alone_cannot_be_replayed_with_is_refused(weights: dict[str, float]) -> None:
    log: list[Chunk] = [explored(300)]
    for pair in ((weights, LOGGED), (LOGGED, weights)):
        with pytest.raises((InvalidInput, Refused)) as told:
            replay_against(log, *pair)
        assert told.value.field == "weights"
