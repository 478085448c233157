"""The vector of an example: the same everywhere, near for near words, on a grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.curate.vector import GRID, shape_in, vector_of
from ratchet.datasets.example import Content, Step
from tests.support.curated import an_example

FLIGHT = Content(
    input="Which flight goes from Basel to Porto on Friday?",
    output="Flight 1234 leaves Basel on Friday at nine and reaches Porto at noon.",
)
SAME_FLIGHT = Content(
    input="Which flight goes from Basel to Porto on Sunday?",
    output="Flight 5678 leaves Basel on Sunday at seven and reaches Porto at noon.",
)
SORTING = Content(
    input="How is a list sorted in place without recursion?",
    output="Use a bottom-up merge with a buffer of half the size, or an explicit stack.",
)


def apart(a: Content, b: Content) -> float:
    """Return the distance between the vectors of two contents."""
    example = an_example()
    return float(np.linalg.norm(vector_of(example, a) - vector_of(example, b)))


def test_the_same_words_have_the_same_vector_and_like_words_a_near_one() -> None:
    assert apart(FLIGHT, FLIGHT) == 0
    assert 0 < apart(FLIGHT, SAME_FLIGHT) < 0.7 < 0.9 < apart(FLIGHT, SORTING)


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=50))
def test_any_text_has_64_finite_numbers_on_the_grid(asked: str, said: str, did: str) -> None:
    content = Content(input=asked, output=said, steps=(Step(kind="plan", text=did),))
    vector = vector_of(an_example(), content)
    assert (vector.shape, vector.dtype) == ((64,), np.dtype(np.float32))
    assert (np.rint(vector * GRID) == vector * GRID).all()
    # Words make 0.8 of the length and runs of characters 0.6; a short text lacks either or both.
    length = float(np.linalg.norm(vector[:48].astype(float)))
    assert min(abs(length - whole) for whole in (0, 0.6, 0.8, 1)) < 0.01


def test_a_vector_holds_the_shape_of_its_example() -> None:
    shape = shape_in(vector_of(an_example(difficulty=0.5), FLIGHT)[None, :].astype(float))
    assert shape[0, 2] == 0.5
    assert shape[0, 7] == pytest.approx(12 / 13, abs=0.001)  # of 13 words "at" is there twice


def test_the_numbers_are_those_of_any_other_machine_and_day() -> None:
    # Taken once. Another number here makes another version of every dataset: raise CURATION.
    grid = np.rint(vector_of(an_example(), FLIGHT)[:10] * GRID)
    assert grid.tolist() == [1202, 0, 1002, 567, 283, 0, 567, 0, -401, 0]
