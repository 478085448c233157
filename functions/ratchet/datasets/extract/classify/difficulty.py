"""Difficulty 0..1: the mean of four parts, each growing to 1 and halfway there at its half.

| part | weight | counts | half |
|---|---|---|---|
| constraints | 0.4 | words of condition (only, at most, unless, before) that the user said | 4 |
| pieces | 0.2 | sentences and words of sequence in what the user said | 6 |
| length | 0.1 | tokens of the ask | 100 |
| work | 0.3 | different tools called, twice those that change something | 4 |

The first three are of what was wanted and known before anybody answered, but for what the user
added on the way; `difficulty_of_ask` is of the ask alone. How long the work took is left out: who
fails goes round in circles, so that length would tell the outcome.
"""

import re

from ratchet.datasets.example import Content
from ratchet.datasets.extract.classify.ask import ask_of, parts_of, said_by_user
from ratchet.datasets.extract.classify.tokens import CHARACTERS_A_TOKEN

# (weight, half) of each part.
CONSTRAINTS, PIECES, LENGTH, WORK = (0.4, 4.0), (0.2, 6.0), (0.1, 100.0), (0.3, 4.0)
_CONDITION = re.compile(
    r"\b(?:only|must|at most|at least|no more than|no less than|without|unless|except|instead of"
    r"|before|after|until|within|but|if|prefer(?:ably|red)?|rather|cheap(?:er|est)|exactly|under"
    r"|over|less than|more than|not|never|no|both|each|every|either|neither|same|whose|such that"
    r"|so that|as long as|provided)\b|n['\u2019]t\b|[<>\u2264\u2265]"
)
_SENTENCE = re.compile(r"[^\s.?!][^.?!]{3,}")
_CHANGES = re.compile(
    r"(?i)(?:^|_|\b)(?:book|cancel|update|modify|change|delete|remove|create|add|send|write|edit"
    r"|insert|set|pay|refund|return|exchange|transfer|deploy|push|merge|commit|put|post|patch)"
)


def difficulty_of(content: Content) -> float:
    """Return how hard an example is, 0..1.

    >>> difficulty_of(Content(input="What is the capital of Peru?", output="Lima."))
    0.035113
    """
    said = [ask_of(content), *said_by_user(content)]
    tools = {step.name for step in content.steps if step.kind == "call"}
    work = len(tools) + sum(_CHANGES.search(name) is not None for name in tools)
    return _mean(said, len(content.input), work)


def difficulty_of_ask(content: Content) -> float:
    """Return how hard an example looks before anybody answered, 0..1."""
    return _mean([ask_of(content)], len(content.input), 0)


def _mean(said: list[str], characters: int, work: int) -> float:
    conditions = sum(len(_CONDITION.findall(text)) for text in said)
    pieces = sum(len(_SENTENCE.findall(text)) + parts_of(text) - 1 for text in said)
    counted = (conditions, pieces, characters / CHARACTERS_A_TOKEN, work)
    parts = zip(counted, (CONSTRAINTS, PIECES, LENGTH, WORK), strict=True)
    return round(sum(w * count / (count + half) for count, (w, half) in parts), 6)
