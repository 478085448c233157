"""Amounts: relative or absolute is in the text, never guessed."""

import pytest

from ratchet.rollouts.amount import size_of


@pytest.mark.parametrize(
    ("text", "value", "relative"),
    [
        ("2 %", 0.02, True),
        ("-5%", -0.05, True),
        ("+5 points", 0.05, False),
        ("1 point", 0.01, False),
        (".5 points", 0.005, False),
        ("0.002 usd", 0.002, False),
        ("2e-4 usd", 0.0002, False),
    ],
)
def test_an_amount_says_how_much_and_of_what(text: str, value: float, relative: bool) -> None:
    size = size_of(text)
    assert (size.value, size.relative) == (value, relative)


@pytest.mark.parametrize(
    "text", ["0.05", "5", "5 percent", "% 5", "points", "1e9 usd", "", "\u0665 %"]
)
def test_an_amount_without_a_unit_that_is_known_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|out of range"):
        size_of(text)
