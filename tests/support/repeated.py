"""Texts for tests of near duplicates: some that share nothing, and edits of them."""

import random
from collections.abc import Sequence

from ratchet.datasets.dedupe.near import signature_of
from ratchet.datasets.versions.prepared import Signature

WORDS = 4000


def text(seed: int, words: int = 60) -> str:
    """Return words of a seed; two seeds have nearly nothing in common."""
    rng = random.Random(seed)
    return " ".join(f"w{rng.randrange(WORDS):x}{rng.randrange(WORDS):x}" for _ in range(words))


def edited(said: str, changes: int, seed: int = 0) -> str:
    """Return a text with some of its words replaced."""
    rng, words = random.Random(seed), said.split()
    for at in rng.sample(range(len(words)), changes):
        words[at] = f"x{rng.randrange(10**6)}"
    return " ".join(words)


def shingle_jaccard(one: str, other: str) -> float:
    """Return the Jaccard of five-character shingles, the plain way."""
    a, b = ({said[i : i + 5] for i in range(len(said) - 4)} for said in (one, other))
    return len(a & b) / len(a | b)


def signed_texts(texts: dict[str, str]) -> tuple[list[str], list[Signature]]:
    """Return ids and signatures of texts."""
    return list(texts), signatures(list(texts.values()))


def signatures(texts: Sequence[str]) -> list[Signature]:
    """Return the signatures of texts."""
    return [signature_of(said) for said in texts]
