"""Difficulty: by hand, and that length of the work and its outcome are no part of it."""

import pytest

from ratchet.datasets.example import Content, Step
from ratchet.datasets.extract.classify import difficulty_of
from ratchet.datasets.extract.classify.difficulty import difficulty_of_ask


def call(name: str) -> Step:
    return Step(kind="call", name=name)


def test_the_parts_add_up_as_the_table_says() -> None:
    # Two conditions (only, under): 0.4 * 2/6. One sentence: 0.2 * 1/7. 40 characters, 10 tokens:
    # 0.1 * 10/110. Two tools, one of which changes something: 0.3 * 3/7.
    ask = "Find me only seats under 40 euro, please"
    assert len(ask) == 40
    content = Content(input=ask, output="x", steps=(call("search"), call("book_seat")))
    assert difficulty_of_ask(content) == pytest.approx(0.133333 + 0.028571 + 0.009091, abs=2e-6)
    assert difficulty_of(content) == pytest.approx(0.170995 + 0.128571, abs=2e-6)


def test_repeats_answers_and_what_tools_return_change_nothing() -> None:
    steps = (call("search"), call("book_seat"))
    short = Content(input="A seat.", output="Yes.", steps=steps)
    result = Step(kind="result", name="search", text="x" * 5000, ok=False)
    long = Content(input="A seat.", output="No." * 500, steps=(*steps, result) * 9)
    assert difficulty_of(long) == difficulty_of(short)


def test_it_grows_with_conditions_and_stays_below_1() -> None:
    found = [
        difficulty_of(Content(input="Only this. " * n, output="", steps=(call("pay"),) * n))
        for n in (0, 1, 5, 50)
    ]
    assert found == sorted(set(found))
    assert 0 <= found[0] < found[-1] < 1
