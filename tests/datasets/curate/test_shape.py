"""The shape of an example, counted by hand."""

import pytest

from ratchet.datasets.curate.shape import SHAPE, shape_of
from ratchet.datasets.example import Content, Step
from tests.support.curated import an_example


def shape(content: Content, difficulty: float = 0.25) -> dict[str, float]:
    """Return a shape by its names."""
    found = shape_of(an_example(difficulty=difficulty), content).tolist()
    return dict(zip(SHAPE, found, strict=True))


def test_each_number_is_what_its_name_says() -> None:
    steps = (
        Step(kind="call", name="find", text="AB 12"),
        Step(kind="result", name="find", text="é" * 11, ok=False),
    )
    found = shape(Content(input="x" * 16, output="AB ab 12é?", steps=steps))
    assert found == pytest.approx(
        {
            "inputLength": 2 / 10**1.5,  # the fourth root of 16 in a million
            "outputLength": (10 / 10**6) ** 0.25,
            "difficulty": 0.25,
            "steps": (2 / 10**6) ** 0.25,
            "stepLength": 2 / 10**1.5,
            "callShare": 0.5,
            "failedShare": 0.5,
            "variety": 2 / 3,  # ab, ab, 12é
            "repetition": 0.12,  # two spaces and eight other signs: (4 + 8) / 100
            "wordLength": 7 / 3 / 16,
            "longestWord": (3 / 10**6) ** 0.25,
            "letterShare": 0.5,
            "digitShare": 0.2,
            "capitalShare": 0.2,
            "foreignShare": 0.1,
            "echo": 0.5,  # ab was said before, 12é was not
        }
    )


@pytest.mark.parametrize(
    "content",
    [
        Content(input="", output=""),
        Content(input="?" * 2_000_000, output="é" * 2_000_000),
        Content(input="a", output="\u202e\u200b \ufffd"),
    ],
)
def test_every_number_lies_between_0_and_1(content: Content) -> None:
    assert all(0 <= value <= 1 for value in shape(content).values())
