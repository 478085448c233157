"""Word: a label as it is sent, on one of the scales."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Self, TypeVar

from pydantic import ConfigDict, JsonValue, StringConstraints, ValidationError, model_validator

from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.fault import first_fault
from ratchet.labels.label import BAD, GOOD, Class, Confidence, Subject
from ratchet.labels.scale import SCALES, Said, grade, named, said
from ratchet.observe.observation import AHEAD, Name, Rejection, Share

OLDEST = timedelta(days=3650)
Labeller = Annotated[str, StringConstraints(min_length=1, max_length=120)]
FeaturesRef = Annotated[str, StringConstraints(max_length=300)]


class Word(Model):
    """What somebody says of one subject of an agent: exactly one of the scales, or a class.

    `value` 0..1 goes with a class alone; a confidence 0..100 that is told counts instead of the
    scale's own.
    """

    model_config = ConfigDict(strict=True)

    agent: Name
    subject: Subject
    label: Class | None = None
    value: Share | None = None
    thumbs: JsonValue = None
    grade: JsonValue = None
    stars: JsonValue = None
    decision: JsonValue = None
    confidence: Confidence | None = None
    labeller: Labeller | None = None
    ts: Instant | None = None
    features_ref: FeaturesRef | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self._given()) != 1:
            raise ValueError(f"exactly one of {', '.join(SCALES)} is wanted")
        if self.value is not None and self.label is None:
            raise ValueError("value goes with label: a scale has its own")
        return self

    def _given(self) -> dict[str, Any]:
        scales = {name: getattr(self, name) for name in SCALES}
        return {name: raw for name, raw in scales.items() if raw is not None}

    def said(self) -> Said:
        """Return the word on the common scale.

        Raises: InvalidInput.
        """
        ((scale, raw),) = self._given().items()
        word = _named(raw, self.value) if scale == "label" else said(scale, raw)
        if self.confidence is None:
            return word
        if 0 < self.confidence < 1:
            meant = f"did you mean {100 * self.confidence:g}?"
            raise InvalidInput(f"a confidence is 0..100; {meant}", field="confidence", mend=meant)
        return word._replace(confidence=self.confidence)


def _named(label: str, value: float | None) -> Said:
    """Return a class and its value; `good` and `bad` must be written so, and be worth as much.

    Raises: InvalidInput.
    """
    plain = label.lower()
    if plain in (GOOD, BAD) and label != plain:
        raise InvalidInput(f"{label!r}: did you mean {plain}?", field="label", mend=f"say {plain}")
    if label in (GOOD, BAD) and value is not None and grade(value).label != label:
        raise InvalidInput(
            f"a value of {value:g} is not {label}",
            field="value",
            mend=f"{GOOD} is 0.5 and more; or leave the value out",
        )
    return named(label, value)


W = TypeVar("W", bound=Word)


def check_word(kind: type[W], raw: Any, index: int, *, now: datetime) -> W | Rejection:
    """Return an item's word, or why it is not one."""
    try:
        word = kind.model_validate(dict(raw) if isinstance(raw, Mapping) else raw)
        word.said()
    except ValidationError as error:
        field, reason = first_fault(error, kind)
        return Rejection(index=index, field=field, reason=reason)
    except InvalidInput as error:
        return Rejection(index=index, field=error.field, reason=error.message)
    if word.ts is not None and not now - OLDEST <= word.ts <= now + AHEAD:
        reason = "more than 10 minutes ahead of the clock, or 10 years behind it: milliseconds"
        return Rejection(index=index, field="ts", reason=reason)
    return word
