import pytest

from ratchet.datasets.protect.detect.card import detect


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in detect(text)]


# What Stripe, Adyen and PayPal publish for tests, by issuer.
@pytest.mark.parametrize(
    "card",
    [
        "4242424242424242",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "6011111111111117",
        "30569309025904",
        "3530111333300000",
        "6200000000000005",
        "6759649826438453",
        "4242 4242 4242 4242",
        "3714-496353-98431",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
    ],
)
def test_a_card_of_each_issuer_is_found(card: str) -> None:
    assert found(f"pay with {card}, please") == [card]


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # its check digit is wrong
        "1234567890123452",  # the check digit holds, but nobody issues it
        "42424242424242424242",
        "A4242424242424242",
        "0.4242424242424242",
        "300 400 500 600 700 800",
    ],
)
def test_other_digits_are_left(text: str) -> None:
    assert found(text) == []


def test_a_card_is_found_among_groups_that_are_not_its_own() -> None:
    assert found("2024 4242 4242 4242 4242 123") == ["4242 4242 4242 4242"]
    assert found("4242 4242 4242 4242 4000 0000 0000 0077") == [
        "4242 4242 4242 4242",
        "4000 0000 0000 0077",
    ]
