"""The shape of an example: sixteen numbers 0..1 of how it looks, whatever its words mean.

Lengths are fourth roots, which grow like logarithms and are the same to the last bit everywhere.
"""

import re
from collections import Counter
from math import sqrt

import numpy as np

from ratchet.datasets.example import Content, Example
from ratchet.stats.moments import Floats

SHAPE = (
    "inputLength",
    "outputLength",
    "difficulty",
    "steps",
    "stepLength",
    "callShare",  # of the steps
    "failedShare",  # of the steps
    "variety",  # distinct words among the words of the answer
    "repetition",  # probability that two characters of the answer are the same
    "wordLength",
    "longestWord",
    "letterShare",  # of the answer's characters, as are the next three
    "digitShare",
    "capitalShare",
    "foreignShare",  # beyond ASCII
    "echo",  # how many of the answer's words are in the question or in the steps
)
_MOST = 20_000  # characters of a text that are looked at
_WORD = re.compile(r"\w+")


def shape_of(example: Example, content: Content) -> Floats:
    """Return the shape of an example.

    Shapes: returns (16,), by the names of `SHAPE`. Units: each 0..1.
    """
    steps, answer = content.steps, content.output[:_MOST]
    asked = " ".join((content.input, *(step.text for step in steps)))[: 4 * _MOST]
    length = len(answer)
    words = _WORD.findall(answer.casefold())
    distinct = set(words)
    counts = Counter(answer)
    return np.array(
        [
            _long(len(content.input)),
            _long(len(content.output)),
            example.difficulty,
            _long(len(steps)),
            _long(sum(len(step.text) for step in steps)),
            _share(sum(step.kind == "call" for step in steps), len(steps)),
            _share(sum(step.ok is False for step in steps), len(steps)),
            _share(len(distinct), len(words)),
            _share(sum(n * n for n in counts.values()), length * length),
            min(1.0, _share(sum(map(len, words)), len(words)) / 16),
            _long(max(map(len, words), default=0)),
            _share(sum(n for c, n in counts.items() if c.isalpha()), length),
            _share(sum(n for c, n in counts.items() if c.isdigit()), length),
            _share(sum(n for c, n in counts.items() if c.isupper()), length),
            _share(sum(n for c, n in counts.items() if not c.isascii()), length),
            _share(len(distinct & set(_WORD.findall(asked.casefold()))), len(distinct)),
        ]
    )


def _long(length: int) -> float:
    """Return a length on 0..1, where a million characters are 1."""
    return min(1.0, sqrt(sqrt(length / 1_000_000)))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
