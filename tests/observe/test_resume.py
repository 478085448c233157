"""Where a reader of a growing collection goes on: behind the last, and an hour once more."""

from datetime import UTC, datetime

from ratchet.kernel.clock import EPOCH
from ratchet.observe.resume import Follower


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 10, hour, minute, tzinfo=UTC)


def test_nothing_was_read_at_first() -> None:
    assert Follower().resumed(at(12)).position == (EPOCH, "")


def test_within_an_hour_reading_goes_on_behind_the_last() -> None:
    kept = Follower(at=at(12, 29), id="r1", read_at=at(12, 30))
    found = kept.resumed(at(12, 31))
    assert (found.position, found.read_at) == ((at(12, 29), "r1"), at(12, 31))


def test_an_hour_is_read_once_more_when_it_is_over() -> None:
    kept = Follower(at=at(12, 59), id="r1", read_at=at(12, 59))
    again = kept.resumed(at(13, 1))
    assert again.position == (at(11, 55), "")
    caught_up = again.model_copy(update={"at": at(12, 59), "id": "r1"})
    assert caught_up.resumed(at(13, 2)).position == (at(12, 59), "r1")


def test_of_a_quiet_hour_nothing_is_read_again() -> None:
    kept = Follower(at=at(9), id="r1", read_at=at(12, 30))
    assert kept.resumed(at(13, 30)).position == (at(9), "r1")


def test_a_clock_that_was_set_back_is_followed_as_far_behind_it_as_the_cursor_lies_ahead() -> None:
    kept = Follower(at=at(14), id="r1", read_at=at(14))
    assert kept.resumed(at(12)).position == (at(9, 55), "")
