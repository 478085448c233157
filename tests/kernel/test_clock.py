from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.clock import (
    ManualClock,
    day_of,
    from_micros,
    from_millis,
    hour_label,
    hour_of,
    micros,
    millis,
    system_clock,
)

INSTANTS = st.datetimes(timezones=st.just(UTC))
THERE = datetime(2026, 1, 2, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))


@given(INSTANTS)
def test_microseconds_lose_nothing(instant: datetime) -> None:
    assert from_micros(micros(instant)) == instant


@given(INSTANTS)
def test_milliseconds_are_whole_and_never_later(instant: datetime) -> None:
    lost = instant - from_millis(millis(instant))
    assert timedelta(0) <= lost < timedelta(milliseconds=1)


def test_an_instant_before_1970_is_negative() -> None:
    assert micros(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


def test_hours_and_days_are_those_of_utc() -> None:
    assert hour_of(THERE) == datetime(2026, 1, 1, 20, tzinfo=UTC)
    assert day_of(THERE) == datetime(2026, 1, 1, tzinfo=UTC)
    assert hour_label(THERE) == "2026010120"


@given(INSTANTS, INSTANTS)
def test_hour_labels_sort_as_the_hours_do(one: datetime, two: datetime) -> None:
    early, late = sorted((one, two))
    if early.year >= 1000:
        assert hour_label(early) <= hour_label(late)
        assert (hour_label(early) == hour_label(late)) == (hour_of(early) == hour_of(late))


def test_a_naive_instant_has_no_microseconds() -> None:
    with pytest.raises(TypeError):
        micros(datetime(2026, 1, 1))  # noqa: DTZ001  # a naive instant is the point


def test_a_manual_clock_moves_only_by_hand() -> None:
    clock = ManualClock(THERE)
    assert clock() == clock() == THERE
    assert clock.advance(timedelta(hours=1)) == clock() == THERE + timedelta(hours=1)


def test_the_system_clock_is_aware_and_goes_on() -> None:
    first = system_clock()
    assert first.tzinfo is UTC
    assert first <= system_clock()
