"""Feature: how what a component knows becomes numbers, alike in training and in the client.

Columns come in order of the features' names, since a store keeps no order.
"""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratchet.kernel.errors import InvalidInput
from ratchet.policies.feature_spec import WANTED, FeatureSpec, fits

Floats = NDArray[np.float64]
LONGEST_TEXT = 20_000  # characters that are read, so that a decision takes a bounded time
_WORD = re.compile(r"\w+")

Features = Mapping[str, FeatureSpec]


def width_of(specs: Features) -> int:
    """Return how many columns some features have."""
    return sum(spec.width for spec in specs.values())


def spans_of(specs: Features) -> dict[str, slice]:
    """Return the columns of each feature, in order of name."""
    found, start = {}, 0
    for name in sorted(specs):
        found[name] = slice(start, start + specs[name].width)
        start += specs[name].width
    return found


def features_of(specs: Features, raw: Mapping[str, Any]) -> Floats:
    """Return the columns of what is known, by name of feature; what is absent has its default.

    Shapes: (width,). Units: text length as log(1 + characters); the others as given.
    Raises: InvalidInput that names the feature that is unknown, or of another type.

    >>> specs = {"urgent": FeatureSpec(kind="boolean", at="meta.urgent"),
    ...          "model": FeatureSpec(kind="categorical", at="arm", categories=("a", "b"))}
    >>> features_of(specs, {"urgent": True, "model": "b"}).tolist()
    [0.0, 1.0, 1.0]
    """
    for name in raw:
        if name not in specs:
            raise InvalidInput(
                f"{name[:80]!r} is no feature",
                field=name,
                mend="one of " + ", ".join(sorted(specs)),
            )
    return np.concatenate([_columns(specs[n], _value(n, specs[n], raw)) for n in sorted(specs)])


def matrix_of(specs: Features, raws: Sequence[Mapping[str, Any]]) -> Floats:
    """Return the columns of many, a row each.

    Shapes: (n, width). Units: as `features_of`.
    Raises: InvalidInput that names the feature.
    """
    out = np.zeros((len(raws), width_of(specs)))
    for row, raw in zip(out, raws, strict=True):
        row[:] = features_of(specs, raw)
    return out


def found_in(specs: Features, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an observation, or another document, holds of some features; absent left out.

    >>> specs = {"words": FeatureSpec(kind="hashedWords", at="meta.goal")}
    >>> found_in(specs, {"meta": {"goal": "tidy up"}}), found_in(specs, {"meta": None})
    ({'words': 'tidy up'}, {})
    """
    found = {name: _at(document, spec.at) for name, spec in specs.items()}
    return {name: value for name, value in found.items() if value is not None}


def hashed_words(text: str, buckets: int) -> Floats:
    """Return the words of a text as a vector of length 1: log(1 + count) in the bucket of each.

    Shapes: (buckets,). A word's bucket is its BLAKE2b hash, unsigned, the same everywhere.
    Source: Weinberger et al., ICML 2009, without the signs.

    >>> hashed_words("Ask, then ask again", 4).round(3).tolist()
    [0.894, 0.0, 0.447, 0.0]
    """
    words = _WORD.findall(text[:LONGEST_TEXT].lower())
    counts = np.bincount([_hash(word) % buckets for word in words] or [0], minlength=buckets)
    if not words:
        return np.zeros(buckets)
    logged = np.log1p(counts.astype(np.float64))
    unit: Floats = logged / math.sqrt(float(logged @ logged))
    return unit


@lru_cache(maxsize=65_536)
def _hash(word: str) -> int:
    digest = hashlib.blake2b(word.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _value(name: str, spec: FeatureSpec, raw: Mapping[str, Any]) -> Any:
    value = raw.get(name)
    if value is None:
        return spec.missing
    if not fits(spec.kind, value):
        raise InvalidInput(
            f"feature {name} is {WANTED[spec.kind]}, not {type(value).__name__}",
            field=name,
            mend=f"give {name} as {WANTED[spec.kind]}, or leave it out",
        )
    return value


def _columns(spec: FeatureSpec, value: Any) -> Floats:
    """Return the columns of a value of the feature's type."""
    if spec.kind == "categorical":
        return np.array([float(value == category) for category in spec.categories])
    if spec.kind == "textLength":
        return np.array([math.log1p(len(value))])
    if spec.kind == "hashedWords":
        return hashed_words(value, spec.buckets)
    return np.array([float(value)])


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(part)
    return document
