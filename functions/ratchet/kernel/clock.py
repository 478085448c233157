"""Time as an argument: verbs are handed an instant or a clock, and never ask the machine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def system_clock() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


def hour_of(instant: datetime) -> datetime:
    """Return the start of the UTC hour that holds an instant."""
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(instant: datetime) -> datetime:
    """Return the start of the UTC day that holds an instant."""
    return hour_of(instant).replace(hour=0)


def micros(instant: datetime) -> int:
    """Return whole microseconds since 1970, exactly.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (instant - EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """Return the instant of a count of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=value)


def millis(instant: datetime) -> int:
    """Return whole milliseconds since 1970, the form of an instant on the wire."""
    return micros(instant) // 1000


def from_millis(value: int) -> datetime:
    """Return the instant of a wire timestamp in milliseconds."""
    return EPOCH + timedelta(milliseconds=value)


def hour_label(instant: datetime) -> str:
    """Return the hour as it stands in document ids.

    >>> hour_label(datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    '2026010203'
    """
    return instant.astimezone(UTC).strftime("%Y%m%d%H")


class ManualClock:
    """A clock that a simulation or a test sets by hand."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        """Return the instant it was set to."""
        return self.now

    def advance(self, by: timedelta) -> datetime:
        """Move on and return the new instant."""
        self.now += by
        return self.now
