"""Feature: how what a component knows becomes numbers, alike in training and in the client.

Columns come in order of the features' names, since a store keeps no order.
"""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue, StringConstraints, model_validator

from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.profile import Listed

Floats = NDArray[np.float64]
FeatureKind = Literal["numeric", "categorical", "boolean", "textLength", "hashedWords"]
FeatureName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
LONGEST_TEXT = 20_000  # characters that are read, so that a decision takes a bounded time
LARGEST = 1e15
_WORD = re.compile(r"\w+")
_WANTED: dict[FeatureKind, str] = {
    "numeric": "a finite number",
    "categorical": "text",
    "boolean": "true or false",
    "textLength": "text",
    "hashedWords": "text",
}
_NOTHING: dict[FeatureKind, JsonValue] = {"numeric": 0.0, "boolean": False}


class FeatureSpec(Model):
    """One feature: its type, its default, and where in the observation it comes from.

    `at` is a dotted path like `tokensIn` or `meta.question`. `categories` are those of a
    categorical one (others are none of them), `buckets` the columns of hashed words. Without a
    default, what is absent is 0, false, or empty text.
    """

    kind: FeatureKind
    at: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]{0,200}$")]
    default: JsonValue = None
    categories: Annotated[tuple[str, ...], Listed, Field(max_length=200)] = ()
    buckets: Annotated[int, Field(ge=2, le=4096)] = 256
    about: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.kind == "categorical") != bool(self.categories):
            raise ValueError("categories are those of a categorical feature, which has some")
        if len(set(self.categories)) < len(self.categories):
            raise ValueError("a category stands twice")
        if self.default is not None and not _fits(self.kind, self.default):
            raise ValueError(f"the default of a {self.kind} feature is {_WANTED[self.kind]}")
        return self

    @property
    def width(self) -> int:
        """How many columns it has."""
        return {"categorical": len(self.categories), "hashedWords": self.buckets}.get(self.kind, 1)

    @property
    def scaled(self) -> bool:
        """Whether its column has a unit of its own, which training takes out."""
        return self.kind in ("numeric", "textLength")

    @property
    def missing(self) -> JsonValue:
        """What stands for an absent value."""
        return self.default if self.default is not None else _NOTHING.get(self.kind, "")

    def columns(self, value: Any) -> Floats:
        """Return the columns of a value of its type."""
        if self.kind == "categorical":
            return np.array([float(value == category) for category in self.categories])
        if self.kind == "textLength":
            return np.array([math.log1p(len(value))])
        if self.kind == "hashedWords":
            return hashed_words(value, self.buckets)
        return np.array([float(value)])


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
    return np.concatenate([specs[n].columns(_value(n, specs[n], raw)) for n in sorted(specs)])


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
    if not _fits(spec.kind, value):
        raise InvalidInput(
            f"feature {name} is {_WANTED[spec.kind]}, not {type(value).__name__}",
            field=name,
            mend=f"give {name} as {_WANTED[spec.kind]}, or leave it out",
        )
    return value


def _fits(kind: FeatureKind, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "numeric":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and -LARGEST <= value <= LARGEST
    return isinstance(value, str)


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(part)
    return document
