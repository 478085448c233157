"""When what is waited for should be over."""

from datetime import timedelta

import pytest

from ratchet.rollouts.rollout import Plan
from tests.support.evidenced import HOUR, NOON
from tests.support.judging import SAME, TRIED, look, met, trial, two_steps

CLOSES = 2 * HOUR  # after an hour, its outcome window


def test_a_bound_clears_as_the_root_of_what_is_there() -> None:
    # A gain of about 0.02, of which the bounds are still about as wide: some days, not months.
    near = [met("control", 0.6), met(TRIED, 0.625)]
    found = look(trial(deadline=NOON + timedelta(days=60)), near)
    (term,) = found.arms[0].terms
    assert term.interval is not None
    assert term.delta is not None
    reach = term.delta - term.interval.low
    more = 48 * ((reach / term.delta) ** 2 - 1)
    assert found.expected is not None
    assert timedelta() <= found.expected - CLOSES - (NOON + timedelta(hours=48 + more)) <= HOUR


def test_a_step_that_shares_the_traffic_evenly_brings_more_an_hour() -> None:
    # The same evidence, of which a tenth's day holds 0.09 parts, an even half's 0.25.
    near = [met("control", 0.6), met(TRIED, 0.625)]
    slow = look(trial(deadline=NOON + timedelta(days=90)), near)
    ramp = trial(
        steps=({TRIED: 0.1}, {TRIED: 0.5}), step=1, opened=(NOON, NOON + 24 * HOUR),
        deadline=NOON + timedelta(days=90),
    )  # fmt: skip
    moved = [bucket.model_copy(update={"step": 1}) for bucket in near]
    fast = look(ramp, moved)
    assert slow.expected is not None
    assert fast.expected is not None
    ratio = (fast.expected - fast.until - CLOSES) / (slow.expected - slow.until - CLOSES)
    assert ratio == pytest.approx((0.09 + 0.25) / 2 / 0.25, abs=0.1)


def test_where_the_challenger_does_not_look_better_no_time_is_named() -> None:
    worse = [met("control", 0.6), met(TRIED, 0.599)]
    assert look(trial(), worse).expected is None


def test_nothing_is_expected_after_the_deadline() -> None:
    near = [met("control", 0.6), met(TRIED, 0.625)]
    assert look(trial(deadline=NOON + 60 * HOUR), near).expected == NOON + 60 * HOUR


def test_before_a_bound_can_be_trusted_the_plan_says_when() -> None:
    few = [met("control", 0.6, 40), met(TRIED, 0.6, 40)]
    planned = trial(plan=Plan(units=900, hours=90.5))
    assert look(planned, few, hours=30).expected == NOON + 91 * HOUR
    sooner = trial(plan=Plan(units=900, hours=20.0))
    assert look(sooner, few, hours=30).expected == NOON + 75 * HOUR + CLOSES  # 100 units by then
    assert look(trial(), few, hours=30).expected is None


def test_a_soak_counts_from_when_its_step_was_opened() -> None:
    found = look(two_steps(step=1), SAME, hours=30)
    assert found.reasons[0] == "soak: 6 of 24 hours in step 2 of 2"
    later = trial(opened=(NOON,), started_at=NOON - timedelta(minutes=20))
    assert look(later, SAME, hours=23.9).reasons[0] == "soak: 23.9 of 24 hours in step 1 of 1"
