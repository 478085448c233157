"""Index: what was measured of examples, kept in blobs so that it is not measured again.

A blob holds a JSON head of one line, and then the numbers of its rows: all signatures, all vectors.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ratchet.datasets.example import Example
from ratchet.datasets.versions.prepared import Prepared, Signature, Vector
from ratchet.kernel.canonical import canonical
from ratchet.kernel.clock import micros
from ratchet.kernel.errors import NotFound, NotWhole
from ratchet.store.blobs import Blobs

ROWS = 10_000  # in one blob: some 15 MB


class Measured(NamedTuple):
    """What a build measures of one example: as in `Prepared`, without the example."""

    content: str
    normal: str
    signature: Signature
    vector: Vector
    redactions: dict[str, int]
    tokens: int


Known = dict[tuple[str, str, int], Measured]


def known_key(example: Example) -> tuple[str, str, int]:
    """Return what the measures of an example hang on: itself, its words, and when it changed."""
    return example.id, example.content, micros(example.changed_at)


def index_bytes(prepared: Sequence[Prepared], codes: str) -> bytes:
    """Return the blob of some examples' measures by the code of a version."""
    rows = [
        [*known_key(one.example), one.content, one.normal, one.redactions, one.tokens]
        for one in prepared
    ]
    signatures = np.array([one.signature for one in prepared], dtype="<u8")
    vectors = np.array([one.vector for one in prepared], dtype="<f4")
    shape = [list(signatures.shape), list(vectors.shape)]
    head = canonical({"codes": codes, "rows": rows, "shape": shape})
    return head + b"\n" + signatures.tobytes() + vectors.tobytes()


def write_index(blobs: Blobs, prepared: Sequence[Prepared], codes: str) -> tuple[str, ...]:
    """Put the measures of examples, sorted by id, a part at a time."""
    rows = sorted(prepared, key=lambda one: one.example.id)
    starts = range(0, len(rows), ROWS)
    return tuple(blobs.put(index_bytes(rows[i : i + ROWS], codes)) for i in starts)


def read_index(blobs: Blobs, parts: Iterable[str], codes: str) -> Known:
    """Return what the parts hold that the same code measured.

    A part that is gone or broken only costs the measuring.
    """
    known: Known = {}
    for part in parts:
        try:
            known |= _rows(blobs.get(part), codes)
        except (NotFound, NotWhole):
            continue
    return known


def _rows(data: bytes, codes: str) -> Known:
    end = data.index(b"\n")
    head: dict[str, Any] = json.loads(data[:end])
    if head["codes"] != codes:
        return {}
    (n, width), (_, features) = head["shape"]
    signatures = np.frombuffer(data, "<u8", n * width, end + 1).reshape(n, width)
    start = end + 1 + signatures.nbytes
    vectors = np.frombuffer(data, "<f4", n * features, start).reshape(n, features)
    return {
        (name, of, changed): Measured(content, normal, signature, vector, redactions, tokens)
        for (name, of, changed, content, normal, redactions, tokens), signature, vector in zip(
            head["rows"], signatures, vectors, strict=True
        )
    }
