import pytest

from ratchet.datasets.protect.detect.ssn import detect


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in detect(text)]


@pytest.mark.parametrize(
    "number", ["531-21-7351", "078 05 1120", "409.52.2002", "001-01-0001", "899-99-9999"]
)
def test_a_number_in_its_groups_is_found(number: str) -> None:
    assert found(f"it is {number}.") == [number]


def test_digits_alone_count_where_the_words_say_what_they_are() -> None:
    assert found("SSN: 531217351") == ["531217351"]
    assert found("social_security number is 531217351") == ["531217351"]
    assert found("number 531217351") == []
    assert found("ssn\x00531217351") == []


@pytest.mark.parametrize(
    "text",
    [
        "000-12-3456",
        "666-12-3456",
        "900-12-3456",
        "123-00-4567",
        "123-45-0000",
        "123-45 6789",
        "1-123-45-6789",
        "123-45-6789-1",
        "123-45-67890",
        "ssn 000123456",
    ],
)
def test_numbers_that_were_never_issued_are_left(text: str) -> None:
    assert found(text) == []
