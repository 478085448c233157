"""Prepared: what a build knows of one example once its words were read, redacted and measured."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratchet.datasets.example import Example

Signature = NDArray[np.uint64]
Vector = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Prepared:
    """One example without its words: small enough to hold 100,000 of them.

    Shapes: `signature` (permutations,), `vector` (features,), both of the redacted words.
    `content` is the blob of the redacted words, `normal` the hash of their normalised form.
    """

    example: Example
    content: str
    normal: str
    signature: Signature
    vector: Vector
    redactions: dict[str, int]
    tokens: int
