"""One document that cannot be read, among others."""

import pytest

from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput, RatchetError


def load(text: str) -> int:
    if not text.isdigit():
        raise InvalidInput(f"{text} is no number")
    return int(text)


def test_what_cannot_be_read_is_told_and_the_others_are_read() -> None:
    told: list[RatchetError] = []
    assert list(each(["1", "x", "2"], load, told.append)) == [1, 2]
    assert [error.message for error in told] == ["x is no number"]


def test_where_nobody_is_told_it_is_raised() -> None:
    with pytest.raises(InvalidInput, match="x is no number"):
        list(each(["1", "x", "2"], load))
