"""Cells: from the text of a column to numbers; NaN stands for unknown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ratchet.stats.moments import Floats

Cells = Sequence[Any]
NAN = math.nan
LARGEST = 1e15  # beyond it no sum is exact, and squares overflow
UNKNOWN = frozenset({"", "null", "none", "nan", "na", "n/a", "-", "nil", "undefined"})
_GOOD = """
    1 1.0 true t yes y ok success successful succeeded pass passed correct right good complete
    completed done resolved accepted up positive win stop
"""
_POOR = """
    0 0.0 false f no n fail failed failure error errored exception incorrect wrong bad rejected
    cancelled canceled aborted down negative loss timeout timed_out timedout deadline_exceeded
    rate_limit rate_limited ratelimited throttled
"""
SUCCESS, FAILURE = frozenset(_GOOD.split()), frozenset(_POOR.split())
NO_ERROR = UNKNOWN | {"0", "0.0", "false", "ok", "no", "200", "success"}
_SECONDS_OF = ((1e11, 1.0), (1e14, 1e-3), (1e17, 1e-6), (math.inf, 1e-9))
_LATEST = 1e20  # nanoseconds since 1970, the year 5138


@dataclass(frozen=True)
class Parsed:
    """A column of numbers, and the places of the cells that are none. Shapes: values (n,)."""

    values: Floats
    bad: tuple[int, ...]
    wanted: str


def is_unknown(cell: Any) -> bool:
    """Say whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in UNKNOWN)


def numbers(
    cells: Cells, wanted: str, least: float = -LARGEST, most: float = LARGEST, above: bool = False
) -> Parsed:
    """Return a column of finite numbers inside a range; `above` leaves out its lower end."""
    bad: list[int] = []
    try:
        values = np.array([NAN if c is None or c == "" else float(c) for c in cells])
    except (ValueError, TypeError, OverflowError):
        values, bad = _one_by_one(cells)
    with np.errstate(invalid="ignore"):
        out = (values < least) | (values > most) | np.isinf(values)
        out |= (values == least) if above else np.zeros_like(out)
    found = sorted({*bad, *np.flatnonzero(out).tolist()})
    return Parsed(np.where(out, NAN, values), tuple(found), wanted)


def _one_by_one(cells: Cells) -> tuple[Floats, list[int]]:
    values, bad = np.full(len(cells), NAN), []
    for i, cell in enumerate(cells):
        if is_unknown(cell):
            continue
        try:
            values[i] = float(cell)
        except (ValueError, TypeError, OverflowError):
            bad.append(i)
    return values, bad


def outcomes(cells: Cells, negated: bool) -> Parsed:
    """Return 1 for a success and 0 for a failure; `negated` reads a column that tells of errors."""
    known: dict[Any, float | None] = {}
    read = _no_error if negated else _outcome
    values = np.full(len(cells), NAN)
    bad = []
    for i, cell in enumerate(cells):
        text = cell if isinstance(cell, str) else _text(cell)
        if text not in known:
            known[text] = read(text)
        value = known[text]
        if value is None:
            bad.append(i)
        else:
            values[i] = value
    return Parsed(values, tuple(bad), "success or failure, true or false, or a status code")


def _outcome(text: str) -> float | None:
    word = text.strip().lower()
    if word in UNKNOWN:
        return NAN
    if word in SUCCESS or word in FAILURE:
        return float(word in SUCCESS)
    if word.isdecimal() and 100 <= int(word) <= 599:
        return float(int(word) < 400)
    return None


def _no_error(text: str) -> float | None:
    return float(text.strip().lower() in NO_ERROR)


def instants(cells: Cells) -> Parsed:
    """Return seconds since 1970 of ISO 8601 times (UTC where no zone is given) or epoch numbers."""
    wanted = "an ISO 8601 time, or seconds or milliseconds since 1970"
    first = next((cell for cell in cells if not is_unknown(cell)), None)
    if first is None or not numbers([first], "", -_LATEST, _LATEST).bad:
        raw = numbers(cells, wanted, -_LATEST, _LATEST)
        size = np.abs(raw.values)
        scale = np.select([size < limit for limit, _ in _SECONDS_OF], [s for _, s in _SECONDS_OF])
        return Parsed(raw.values * np.where(np.isfinite(size), scale, 1.0), raw.bad, wanted)
    values, bad = np.full(len(cells), NAN), []
    for i, cell in enumerate(cells):
        try:
            values[i] = _moment(str(cell))
        except (ValueError, OverflowError):
            if not is_unknown(cell):
                bad.append(i)
    return Parsed(values, tuple(bad), wanted)


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text.strip().replace("/", "-"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()  # never local


def names_in(cells: Cells) -> list[str]:
    """Return the cells as names; an unknown one is empty."""
    names = {cell: "" if is_unknown(cell) else _text(cell).strip() for cell in set(cells)}
    return [names[cell] for cell in cells]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)
