"""FeatureSpec: one feature of a model; imports no numpy, since doors read configuration."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from ratchet.kernel.document import Listed, Model

FeatureKind = Literal["numeric", "categorical", "boolean", "textLength", "hashedWords"]
FeatureName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
LARGEST = 1e15
WANTED: Mapping[FeatureKind, str] = {
    "numeric": "a finite number",
    "categorical": "text",
    "boolean": "true or false",
    "textLength": "text",
    "hashedWords": "text",
}
_NOTHING: Mapping[FeatureKind, JsonValue] = {"numeric": 0.0, "boolean": False}


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
        if self.default is not None and not fits(self.kind, self.default):
            raise ValueError(f"the default of a {self.kind} feature is {WANTED[self.kind]}")
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


def fits(kind: FeatureKind, value: Any) -> bool:
    """Say whether a value is of a kind's type."""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "numeric":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and -LARGEST <= value <= LARGEST
    return isinstance(value, str)
