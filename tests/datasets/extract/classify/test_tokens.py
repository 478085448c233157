"""Tokens: a token is 4 characters, of all words and of the names of tools."""

from ratchet.datasets.example import Content, Step
from ratchet.datasets.extract.classify import tokens_of


def test_all_words_count_and_a_part_of_a_token_is_one() -> None:
    steps = (Step(kind="call", name="book", text="{}"), Step(kind="result", text="ok"))
    assert tokens_of(Content(input="12345678", output="1234", steps=steps)) == 5
    assert tokens_of(Content(input="1", output="")) == 1
