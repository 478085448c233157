"""Near copies of texts, those that share four fifths of their word pairs, in near-linear time."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ratchet.stats.moments import Ints

HASHES = 64
ALIKE = 52  # of 64 hashes: pairs that share half of their word pairs pass once in 4 million
_ROWS = 4  # hashes a band: texts that share four fifths miss all 16 bands once in 4000
_NEXT = 8  # in a band, each is compared with so many that follow: this keeps the time linear
_PRIME = (1 << 31) - 1
_MIX = np.uint64(0x9E3779B97F4A7C15)  # of splitmix64; products are modulo 2**64
_WORDS = re.compile(r"\w+|[^\w\s]")
_random = np.random.Generator(np.random.PCG64(20261121))
_SCALE = _random.integers(1, _PRIME, HASHES, np.uint64)
_SHIFT = _random.integers(0, _PRIME, HASHES, np.uint64)

Signature = npt.NDArray[np.uint32]


def words_of(text: str) -> list[str]:
    """Return a text's words and signs, whatever their case and the space between them.

    >>> words_of("Is  2+2\\tFOUR?")
    ['is', '2', '+', '2', 'four', '?']
    """
    return _WORDS.findall(unicodedata.normalize("NFKC", text).casefold())


def fingerprint(text: str) -> str:
    """Return what a text and its copies in another case or spacing share: 16 hex digits."""
    return hashlib.blake2b(" ".join(words_of(text)).encode(), digest_size=8).hexdigest()


def signature(text: str) -> Signature:
    """Return the least of each of 64 hashes over a text's word pairs.

    Two texts agree in as large a part of them as they share of all their word pairs.
    Shapes: returns (64,). Source: Broder 1997.
    """
    words = words_of(text)
    pairs = {f"{a} {b}" for a, b in pairwise(words)} or {" ".join(words)}
    digests = (hashlib.blake2b(p.encode("utf-8", "replace"), digest_size=4).digest() for p in pairs)
    base = np.frombuffer(b"".join(digests), np.uint32).astype(np.uint64)
    return np.asarray(_least(base), np.uint32)


def groups(signatures: Sequence[Signature]) -> Ints:
    """Return the group of each text: the index of the first one that it is a near copy of.

    A text that is like several is put to the earliest; likeness is to that first one itself, so a
    chain of small changes does not join two texts that differ.
    Shapes: returns (texts,). Source: bands of hashes, Leskovec, Rajaraman & Ullman, chapter 3.
    """
    if not signatures:
        return np.zeros(0, np.int64)
    stacked = np.stack(signatures)
    _, first, whose = np.unique(_key(stacked), return_index=True, return_inverse=True)
    leader = np.arange(len(stacked))
    for early, late in _pairs(stacked, np.sort(first)):
        if leader[early] == early and leader[late] == late:
            leader[late] = early
    return np.asarray(leader[first[whose]], np.int64)


def _least(base: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the least of (a x + b) mod p of each hash; the products stay within 63 bits."""
    hashed = (base[:, None] % _PRIME * _SCALE + _SHIFT) % _PRIME
    return np.asarray(hashed.min(axis=0))


def _key(columns: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """Return 64 bits that rows share which are equal in these columns, and hardly any others."""
    key = np.zeros(len(columns), np.uint64)
    for column in columns.T:
        key = (key ^ column) * _MIX
        key ^= key >> np.uint64(29)
    return key


def _pairs(stacked: npt.NDArray[np.uint32], distinct: Ints) -> list[tuple[int, int]]:
    """Return the pairs (early, late) of distinct texts that are alike, by late and then early."""
    own = stacked[distinct]
    found: set[tuple[int, int]] = set()
    for band in range(0, HASHES, _ROWS):
        key = _key(own[:, band : band + _ROWS])
        after = own[:, (band + _ROWS) % HASHES]  # in a large band, the likeliest stand together
        order = np.lexsort((after, key))
        key = key[order]
        for step in range(1, _NEXT + 1):
            near = np.flatnonzero(key[:-step] == key[step:])
            a, b = order[near], order[near + step]
            alike = (own[a] == own[b]).sum(axis=1) >= ALIKE
            low, high = np.minimum(a, b)[alike], np.maximum(a, b)[alike]
            found.update(zip(distinct[low].tolist(), distinct[high].tolist(), strict=True))
            if not len(near):
                break  # nor has any band more members than steps
    return sorted(found, key=lambda pair: (pair[1], pair[0]))
