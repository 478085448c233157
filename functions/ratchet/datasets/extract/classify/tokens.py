"""Tokens: how many an example has, as far as can be said without anybody's tokeniser."""

from ratchet.datasets.example import Content

CHARACTERS_A_TOKEN = 4  # what English text comes to with the tokenisers in use


def tokens_of(content: Content) -> int:
    """Return the tokens of all words of an example: a token is 4 characters, rounded up.

    >>> tokens_of(Content(input="12345678", output="9"))
    3
    """
    characters = sum(len(text) for text in content.texts())
    characters += sum(len(step.name) for step in content.steps)
    return -(-characters // CHARACTERS_A_TOKEN)
