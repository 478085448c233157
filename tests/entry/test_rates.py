from datetime import UTC, datetime, timedelta

import pytest

from ratchet.entry.rates import Rates
from ratchet.kernel.errors import Throttled

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def taken(rates: Rates, name: str, per_minute: int, now: datetime, most: int = 10_000) -> int:
    """Return how many requests pass at one instant."""
    for n in range(most):
        try:
            rates.take(name, per_minute, now)
        except Throttled:
            return n
    return most


@pytest.mark.parametrize(("per_minute", "burst"), [(1, 10), (60, 10), (120, 20), (6000, 1000)])
def test_a_caller_may_burst_for_ten_seconds_and_at_least_ten_requests(
    per_minute: int, burst: int
) -> None:
    assert taken(Rates(), "a", per_minute, NOON) == burst


def test_what_was_spent_comes_back_at_the_rate_and_no_further_than_the_burst() -> None:
    rates = Rates()
    taken(rates, "a", 60, NOON)
    assert taken(rates, "a", 60, NOON + 3 * SECOND) == 3
    assert taken(rates, "a", 60, NOON + 3600 * SECOND) == 10


def test_a_throttled_caller_is_told_when_the_next_request_passes() -> None:
    rates = Rates()
    taken(rates, "a", 60, NOON)
    with pytest.raises(Throttled) as caught:
        rates.take("a", 60, NOON + SECOND / 4)
    assert caught.value.retry_after == pytest.approx(0.75)
    rates.take("a", 60, NOON + SECOND)


def test_asking_while_throttled_costs_nothing() -> None:
    rates = Rates()
    taken(rates, "a", 60, NOON)
    for i in range(100):
        with pytest.raises(Throttled):
            rates.take("a", 60, NOON + i * SECOND / 200)
    rates.take("a", 60, NOON + SECOND)


def test_callers_do_not_spend_each_others_requests() -> None:
    rates = Rates()
    taken(rates, "a", 60, NOON)
    assert taken(rates, "b", 60, NOON) == 10


def test_a_clock_that_is_set_back_gives_nothing_away() -> None:
    rates = Rates()
    taken(rates, "a", 60, NOON)
    assert taken(rates, "a", 60, NOON - 3600 * SECOND) == 0


def test_memory_is_bounded_and_the_caller_of_longest_ago_is_forgotten() -> None:
    rates = Rates(callers=2)
    taken(rates, "a", 60, NOON)
    taken(rates, "b", 60, NOON)
    assert taken(rates, "a", 60, NOON) == 0
    taken(rates, "c", 60, NOON)  # b asked longest ago
    assert taken(rates, "a", 60, NOON) == 0
    assert taken(rates, "b", 60, NOON) == 10
