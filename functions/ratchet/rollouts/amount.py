"""Amounts: a number with its unit in words, so that relative and absolute are never mixed up.

`2 %` is relative to the control, `5 points` is 0.05 of a score or share, `0.002 usd` is absolute.
"""

import math
import re
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

_SYNTAX = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e-?\d+)?)\s*(%|points?|usd)\s*", re.ASCII)
_SCALES = {"%": 0.01, "point": 0.01, "points": 0.01, "usd": 1.0}


class Size(NamedTuple):
    """An amount as a number: a part of the control's mean where `relative`, else absolute."""

    value: float
    relative: bool
    unit: str


def size_of(text: str) -> Size:
    """Return an amount's number and what it is of.

    >>> size_of("+2 %"), size_of("5 points"), size_of("-0.002 usd")
    (Size(value=0.02, relative=True, unit='%'), Size(value=0.05, relative=False, unit='points'), \
Size(value=-0.002, relative=False, unit='usd'))

    Raises: ValueError where the unit is missing or another.
    """
    found = _SYNTAX.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text!r} is no amount: write '2 %' (relative to the control), '5 points'"
            " (0.05 of a score or share) or '0.002 usd'"
        )
    number, unit = float(found[1]), found[2]
    if not math.isfinite(number) or abs(number) > 1e6:
        raise ValueError(f"{text!r} is out of range")
    unit = "points" if unit.startswith("point") else unit
    return Size(round(number * _SCALES[unit], 12), unit == "%", unit)


def _check(text: str) -> str:
    size_of(text)
    return text


def _check_positive(text: str) -> str:
    if size_of(text).value < 0:
        raise ValueError(f"{text!r} is below 0")
    return text


Amount = Annotated[str, AfterValidator(_check)]
Margin = Annotated[str, AfterValidator(_check_positive)]
