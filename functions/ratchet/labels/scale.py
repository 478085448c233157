"""Scales: the one place where what was said becomes a class, a value 0..1 and a confidence."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.registry import pick
from ratchet.labels.label import BAD, GOOD
from ratchet.observe.observation import Outcome

# That something ran through, or did not, says less than somebody's word on what came out of it.
OUTCOME_CONFIDENCE = 50.0
_THUMBS = {"up": True, "true": True, "1": True, "+1": True} | dict.fromkeys(
    ("down", "false", "0", "-1"), False
)
_DECISIONS = {"approved": True, "rejected": False}


class Said(NamedTuple):
    """A word on the common scale: a class, its value 0..1 if any, and a confidence 0..100."""

    label: str
    value: float | None
    confidence: float


def thumbs(raw: object) -> Said:
    """Return a thumb, `up` or `down`, true or false, +1 or -1: wholly good or bad, confidence 100.

    Raises: InvalidInput.

    >>> tuple(thumbs("up")), tuple(thumbs(-1))
    (('good', 1.0, 100.0), ('bad', 0.0, 100.0))
    """
    up = None if isinstance(raw, float) else _THUMBS.get(str(raw).strip().lower())
    if up is None:
        raise _wrong("thumbs", raw, "up or down, true or false, +1 or -1")
    return _sure(up)


def grade(raw: object) -> Said:
    """Return a grade 0..1: good from the middle up, and the surer the further from the middle.

    The confidence is 100 x |2 x grade - 1|, so the middle itself says nothing.

    Raises: InvalidInput.

    >>> tuple(grade(0.5)), tuple(grade(0.2))
    (('good', 0.5, 0.0), ('bad', 0.2, 60.0))
    """
    value = _number("grade", raw, 0, 1)
    return Said(GOOD if value >= 0.5 else BAD, value, round(100 * abs(2 * value - 1), 6))


def stars(raw: object) -> Said:
    """Return 1 to 5 stars, halves too: the grade (stars - 1) / 4, so 3 of 5 has confidence 0.

    Raises: InvalidInput.

    >>> tuple(stars(3)), tuple(stars(4)), tuple(stars(1))
    (('good', 0.5, 0.0), ('good', 0.75, 50.0), ('bad', 0.0, 100.0))
    """
    return grade((_number("stars", raw, 1, 5) - 1) / 4)


def decision(raw: object) -> Said:
    """Return a decision, `approved` or `rejected`: wholly good or bad, confidence 100.

    Raises: InvalidInput.
    """
    if str(raw) not in _DECISIONS:
        raise _wrong("decision", raw, "approved or rejected")
    return _sure(_DECISIONS[str(raw)])


def outcome(raw: Outcome) -> Said:
    """Return an outcome by itself: good for a success, else bad, with confidence 50.

    >>> outcome("timeout")
    Said(label='bad', value=0.0, confidence=50.0)
    """
    return _sure(raw == "success")._replace(confidence=OUTCOME_CONFIDENCE)


def named(label: str, value: float | None = None) -> Said:
    """Return a class by its name, confidence 100; `good` is worth 1, `bad` 0, others what is told.

    >>> tuple(named("bad")), tuple(named("spam"))
    (('bad', 0.0, 100.0), ('spam', None, 100.0))
    """
    worth = {GOOD: 1.0, BAD: 0.0}.get(label) if value is None else value
    return Said(label, worth, 100.0)


SCALES: Mapping[str, Callable[[Any], Said]] = {
    "thumbs": thumbs,
    "grade": grade,
    "stars": stars,
    "decision": decision,
    "label": named,
}


def said(scale: str, raw: Any) -> Said:
    """Return what was said on a scale by its name.

    Raises: InvalidInput.
    """
    return pick(SCALES, scale, field="scale")(raw)


def _sure(good: bool) -> Said:
    return Said(GOOD, 1.0, 100.0) if good else Said(BAD, 0.0, 100.0)


def _number(scale: str, raw: object, low: int, high: int) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not low <= raw <= high:
        raise _wrong(scale, raw, f"a number {low}..{high}")
    return float(raw)


def _wrong(scale: str, raw: object, wanted: str) -> InvalidInput:
    shown = repr(raw)[:40]
    return InvalidInput(
        f"{scale} is {shown}, wanted is {wanted}", field=scale, mend=f"say {wanted}"
    )
