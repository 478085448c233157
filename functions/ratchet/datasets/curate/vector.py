"""The vector of an example: what its words are about, and what shape they have, in 64 numbers.

Of the first 32 each is the sum of the words that hash to it, with a sign of the hash; a word counts
for the root of its count times its length up to eight letters, since short words are in every text.
The next 16 are the same of runs of three characters, which tell languages and noise apart. Both
together have the length 1. The last 16 are the shape (`curate.shape`), a quarter of each.

Everything lies on a grid of 1/4096, so that distances are exact sums of whole numbers: the same in
any order and on any machine.
"""

import math
import re
import unicodedata
import zlib
from collections import Counter

import numpy as np

from ratchet.datasets.curate import FEATURES
from ratchet.datasets.curate.shape import SHAPE, shape_of
from ratchet.datasets.example import Content, Example
from ratchet.datasets.versions.prepared import Vector
from ratchet.stats.moments import Floats

GRID = 4096
SHAPE_SHARE = 0.25
MAX_CHARACTERS = 20_000  # of one example; what is beyond is more of the same
WORDS, RUNS = 32, 16
_WORD = re.compile(r"\w+")
_MIX = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D))


def vector_of(example: Example, content: Content) -> Vector:
    """Return the vector of an example by its redacted words.

    Shapes: returns (64,), float32. Units: multiples of 1/4096.
    """
    texts = (content.input, content.output, *(step.text for step in content.steps))
    text = unicodedata.normalize("NFKC", "\n".join(texts)[:MAX_CHARACTERS]).casefold()
    said = np.concatenate([0.8 * _unit(_words(text)), 0.6 * _unit(_runs(text))])
    whole = np.concatenate([said, SHAPE_SHARE * shape_of(example, content)])
    return np.asarray(np.rint(whole * GRID) / GRID, np.float32)


def shape_in(vectors: Floats) -> Floats:
    """Return the shapes that vectors hold, as `shape_of` said them, to 1/1024.

    Shapes: (n, 64) to (n, 16).
    """
    return vectors[:, FEATURES - len(SHAPE) :] / SHAPE_SHARE


def _words(text: str) -> Floats:
    """Return the sums of words by their hash."""
    sums = [0.0] * WORDS
    for word, count in Counter(_WORD.findall(text)).items():
        digest = zlib.crc32(word.encode("utf-8", "replace"))
        weight = math.sqrt(count) * min(len(word), 8)
        sums[digest % WORDS] += weight if digest & 0x80000000 else -weight
    return np.array(sums)


def _runs(text: str) -> Floats:
    """Return the sums of runs of three characters by their hash; products are modulo 2**32."""
    points = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    if len(points) < 3:
        return np.zeros(RUNS)
    a, b, c = points[:-2] * _MIX[0], points[1:-1] * _MIX[1], points[2:] * _MIX[2]
    mixed = (a ^ b ^ c) * _MIX[0]
    mixed ^= mixed >> np.uint32(15)
    place, odd = mixed % np.uint32(RUNS), (mixed >> np.uint32(16)) & np.uint32(1)
    up = np.bincount(place[odd == 1], minlength=RUNS)
    down = np.bincount(place[odd == 0], minlength=RUNS)
    return np.asarray(up - down, float)


def _unit(sums: Floats) -> Floats:
    """Return the sums at length 1, zero where all are."""
    length = math.sqrt(math.fsum(value * value for value in sums.tolist()))
    return sums / length if length else sums
