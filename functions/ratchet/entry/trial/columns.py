"""Columns: which column of a log plays which part, as told or guessed, and how it is read."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ratchet.entry.trial.cells import Cells, Parsed, instants, names_in, numbers, outcomes
from ratchet.entry.trial.names import PARTS, UNITS, candidates, is_negated, unit_of, words
from ratchet.entry.trial.plausible import is_plausible
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput

NONE = "none"
MAX_ARMS = 100
SCALES_OF_GRADES = ((0.0, 1.0), (1.0, 5.0), (0.0, 5.0), (1.0, 10.0), (0.0, 10.0), (0.0, 100.0))
THUMBS = (-1.0, 1.0)
SLOWEST_SECONDS = 30.0
WANTED = {
    **{"quality": "a grade", "propensity": "a probability above 0, at most 1"},
    **dict.fromkeys(("reward", "latency", "cost"), "a number"),
}
PLAIN = {
    **{1.0: "milliseconds", 1000.0: "seconds", 60_000.0: "minutes"},
    **{1e-3: "microseconds", 1e-6: "nanoseconds"},
}


class Column(Model):
    """One part of a row: the column it is read from, and how, in words."""

    part: str
    column: str
    reading: str = ""
    guessed: bool = True
    scale: float = 1.0
    least: float = 0.0
    most: float = 1.0
    negated: bool = False


@dataclass(frozen=True)
class Told:
    """What a person said about the columns; what is not said is guessed, `none` is left out."""

    parts: Mapping[str, str] = field(default_factory=dict)
    arms: tuple[str, ...] = ()
    quality_range: tuple[float, float] | None = None
    latency_unit: str = ""


@dataclass(frozen=True)
class Columns:
    """The columns that are read. `wide` are the arms, where each has a column of its own."""

    parts: Mapping[str, Column]
    wide: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def wanted(self) -> tuple[str, ...]:
        """The names of all columns that are read; an arm may be of several."""
        told = (name for part in self.parts.values() for name in split_names(part.column))
        return tuple(dict.fromkeys((*told, *self.wide)))

    def has(self, part: str) -> bool:
        """Say whether a part is read."""
        return part in self.parts


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def find_columns(sample: Mapping[str, Cells], told: Told) -> Columns:
    """Return which column plays which part, from their names and their first cells.

    Raises: InvalidInput.
    """
    found: dict[str, Column] = {}
    taken = {n for text in told.parts.values() if text != NONE for n in split_names(text)}
    _check_named(sample, {"arms": ",".join(told.arms), **told.parts})
    for part in PARTS:
        said = told.parts.get(part)
        if said == NONE or (part == "arm" and told.arms):
            continue
        free = [name for name in sample if name not in taken and name not in told.arms]
        column = _told(part, said, sample, told) if said else _guess(part, free, sample, told)
        if column:
            found[part] = column
            taken |= set(split_names(column.column))
    wide = told.arms
    if "arm" not in found:
        wide = wide or _wide(sample, taken)
        _check_arms(wide, sample)
        found = {p: c for p, c in found.items() if p not in ("outcome", "propensity", "reward")}
        first = found.get("quality")
        cells = [cell for name in wide for cell in sample[name]]
        if first is None or first.guessed:
            found["quality"] = _quality("", cells, told) or _misfit("quality", wide[0], "a grade")
    used = {n for column in found.values() for n in split_names(column.column)} | set(wide)
    return Columns(found, wide, tuple(name for name in sample if name and name not in used))


def _check_named(sample: Mapping[str, Cells], said: Mapping[str, str]) -> None:
    for part, text in said.items():
        for name in split_names(text) if text != NONE else ():
            if name not in sample:
                raise InvalidInput(
                    f"the log has no column {name}",
                    field=part,
                    mend="one of: " + ", ".join(filter(None, sample)),
                )


def _check_arms(wide: Sequence[str], sample: Mapping[str, Cells]) -> None:
    if len(wide) < 2:
        raise InvalidInput(
            f"no column looks like the arm; the columns are: {', '.join(filter(None, sample))}",
            field="arm",
            mend="--arm COLUMN, or --arms COLUMN,COLUMN where each arm has a column of its own",
        )


def _told(part: str, name: str, sample: Mapping[str, Cells], told: Told) -> Column:
    """Return the column a person named; how it is read is guessed all the same."""
    if part == "arm":
        return Column(part=part, column=name, guessed=False)
    read = _read(part, name, sample[name], told)
    read = read or _misfit(part, name, WANTED.get(part, "its kind"))
    return read.model_copy(update={"guessed": False})


def _misfit(part: str, name: str, wanted: str) -> Column:
    raise InvalidInput(
        f"column {name} does not read as {part}: {wanted} is wanted",
        field=part,
        mend="--quality-range LOW..HIGH" if part == "quality" else "name another column",
    )


def _guess(
    part: str, free: Sequence[str], sample: Mapping[str, Cells], told: Told
) -> Column | None:
    fitting = [n for n in candidates(part, free) if is_plausible(part, n, sample[n])]
    if part == "arm":
        by_count = {name: len(set(names_in(sample[name])) - {""}) for name in fitting}
        several = [name for name in fitting if 2 <= by_count[name] <= MAX_ARMS]
        single = [name for name in fitting if by_count[name] == 1]
        return next((Column(part=part, column=name) for name in (*several, *single)), None)
    found = (_read(part, name, sample[name], told) for name in fitting)
    return next((column for column in found if column), None)


def _read(part: str, name: str, cells: Cells, told: Told) -> Column | None:
    """Return how a column would be read as a part, or None where its cells do not fit."""
    if part == "outcome":
        negated = is_negated(name)
        parsed = outcomes(cells, negated)
        if not _mostly(parsed) or not _known(parsed.values).size:
            return None
        reading = "an empty cell is a success" if negated else ""
        return Column(part=part, column=name, reading=reading, negated=negated)
    if part == "quality":
        return _quality(name, cells, told)
    if part in UNITS:
        return _measured(part, name, cells, told)
    if part == "ts":
        return Column(part=part, column=name) if _mostly(instants(cells)) else None
    if part == "unit":
        return Column(part=part, column=name)
    least, most = (0.0, 1.0) if part == "propensity" else (-math.inf, math.inf)
    parsed = numbers(cells, "", least, most, above=part == "propensity")
    return Column(part=part, column=name) if _mostly(parsed) else None


def _mostly(parsed: Parsed) -> bool:
    """Say whether half of the known cells fit; the others are told of, each with its line."""
    return bool(len(parsed.bad) <= _known(parsed.values).size)


def _quality(name: str, cells: Cells, told: Told) -> Column | None:
    parsed = numbers(cells, "")
    known = _known(parsed.values)
    if told.quality_range:
        low, high = told.quality_range
    elif not _mostly(parsed):
        return None
    else:
        low, high = _grades(known)
    if high <= low:
        return None
    reading = "" if (low, high) == (0.0, 1.0) else f"graded {low:g}..{high:g}"
    return Column(part="quality", column=name, reading=reading, least=low, most=high)


def _grades(known: Any) -> tuple[float, float]:
    """Return the scale of some grades: the smallest usual one that holds them all."""
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if (low, high) == THUMBS or (low < 0 and set(known.tolist()) <= {-1.0, 0.0, 1.0}):
        return THUMBS
    return next(((a, b) for a, b in SCALES_OF_GRADES if a <= low and high <= b), (0.0, 0.0))


def _measured(part: str, name: str, cells: Cells, told: Told) -> Column | None:
    parsed = numbers(cells, "", least=0.0)
    if not _mostly(parsed):
        return None
    unit = unit_of(part, name)
    if part == "cost":
        scale = UNITS[part].get(unit, 1.0)
        return Column(part=part, column=name, reading=unit if scale != 1 else "US $", scale=scale)
    known = _known(parsed.values)
    seen = "" if told.latency_unit or unit else ", guessed from its size"
    small = known.size > 0 and float(np.median(known)) < SLOWEST_SECONDS
    unit = told.latency_unit or unit or ("s" if small else "ms")
    scale = UNITS[part][unit]
    return Column(part=part, column=name, reading=PLAIN[scale] + seen, scale=scale)


def _wide(sample: Mapping[str, Cells], taken: set[str]) -> tuple[str, ...]:
    """Return the columns that look like an arm's grades each: none, or two and more."""
    free = [name for name in sample if name and name not in taken]
    groups: dict[str, list[str]] = {}
    for name in free:
        inside = re.match(r"(.+?)\.", name)
        groups.setdefault(inside[1] if inside else "", []).append(name)
    for _, names in sorted(groups.items(), reverse=True):  # a group by name before the loose ones
        graded = tuple(name for name in names if _is_grade(name, sample[name]))
        if len(graded) >= 2:
            return graded
    return ()


def _is_grade(name: str, cells: Cells) -> bool:
    parsed = numbers(cells, "", least=0.0, most=1.0)
    return not parsed.bad and bool(_known(parsed.values).size) and words(name)[-1:] != ("id",)


def _known(values: Any) -> Any:
    return values[~np.isnan(values)]
