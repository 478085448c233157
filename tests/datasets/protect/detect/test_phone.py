import sys

import pytest

from ratchet.datasets.protect.detect.phone import detect
from ratchet.kernel.errors import InvalidInput


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in detect(text)]


@pytest.mark.parametrize(
    "number",
    [
        "(415) 555-2671",
        "+1 415 555 2671",
        "+14155552671",
        "415.555.2671",
        "1-800-555-0199",
        "(212) 555-0142 x338",
        "212-555-0143 ext. 12",
        "020 7946 0958",
        "07700900123",
        "0044 20 7946 0958",
        "+33 (0)1 99 00 12 34",
        "4155552671",
    ],
)
def test_a_number_is_found_by_how_it_is_written(number: str) -> None:
    assert found(f"Jane Doe, {number}, London") == [number]


def test_words_beside_a_number_say_what_it_is() -> None:
    assert found("Mobile: 041-412-293") == ["041-412-293"]
    assert found("69 987 88 37 office") == ["69 987 88 37"]
    assert found("phone_number: 5550142") == ["5550142"]
    assert found("phoneNumber: 5550142") == ["5550142"]
    assert found("order 4155552671") == []
    assert found("order by phone 4155552671") == ["4155552671"]
    assert found("phone of order 4155552671") == []
    assert found("phone\x005550142") == []


@pytest.mark.parametrize(
    "text",
    [
        "1998-06-28 14:48:14",
        "12/27/1986",
        "28.06.1998",
        "978-3-16-148410-0",
        "1 234 567 890",
        "12.345.678",
        "1715091600",
        "3.14159265358979",
        "123-45-6789",
        "192.168.100.200",
        "$4155552671",
        "ab4155552671",
        "call 10 20 30 40 50 60 70",
        "100 200 300 400 500 600",
    ],
)
def test_dates_prices_and_other_numbers_are_left(text: str) -> None:
    assert found(text) == []


def test_a_number_is_found_beside_a_date_and_in_a_table_of_others() -> None:
    assert found("2024-05-01 415-555-2671") == ["415-555-2671"]
    numbers = ["415-555-2671", "(415) 555-2672", "+1 415 555 2673"]
    assert found(" ".join(numbers)) == numbers


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(InvalidInput, match=r"ratchet\[datasets\]"):
        found("at 020 7946 0958")
