import pytest

from ratchet.datasets.protect.detect.iban import LENGTHS, detect


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in detect(text)]


# Examples of the registry of IBANs that SWIFT publishes.
@pytest.mark.parametrize(
    "number",
    [
        "AL47212110090000000235698741",
        "BR1800360305000010009795493C1",
        "DE89370400440532013000",
        "FR1420041010050500013M02606",
        "GB29 NWBK 6016 1331 9268 19",
        "KW81CBKU0000000000001234560101",
        "LC55HEMM000100010012001200023015",
        "MT84MALT011000012345MTLCAST001S",
        "NO9386011117947",
        "gb29-nwbk-6016-1331-9268-19",
    ],
)
def test_a_number_is_found_up_to_its_countrys_length(number: str) -> None:
    assert found(f"to {number} and on") == [number]


@pytest.mark.parametrize(
    "text",
    [
        "GB28NWBK60161331926819",
        "GB29NWBK6016133192681",
        "XX29NWBK60161331926819",
        "AGB29NWBK60161331926819",
        "GB29NWBK60161331926819X",
    ],
)
def test_what_fails_its_check_or_length_is_left(text: str) -> None:
    assert found(text) == []


def test_no_number_is_shorter_than_norways_or_longer_than_the_standard_allows() -> None:
    assert min(LENGTHS.values()) == LENGTHS["NO"] == 15
    assert max(LENGTHS.values()) <= 34
