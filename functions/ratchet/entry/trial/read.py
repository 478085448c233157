"""Read: a log in chunks of columns, of one row for each thing that an arm did."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ratchet.entry.trial.cells import Parsed, instants, names_in, numbers, outcomes
from ratchet.entry.trial.columns import (
    MAX_ARMS,
    Column,
    Columns,
    Told,
    find_columns,
    split_names,
)
from ratchet.entry.trial.records import Block, Layout, blocks, look_into
from ratchet.kernel.errors import InvalidInput
from ratchet.stats.moments import Floats, Ints
from ratchet.stats.resample import Hashes, mix
from ratchet.stats.units import unit_hash

METRICS = ("reward", "success", "quality", "latency", "cost")
SHOWN = 10
Bools = npt.NDArray[np.bool_]
OnRead = Callable[[int, int], None]


@dataclass(frozen=True)
class Chunk:
    """Rows by column; NaN stands for unknown. Shapes: all (n,).

    `arm` is a place in the log's arms; `metrics` has what is read of METRICS; `ts` is in seconds
    since 1970; a row without a unit is a unit of its own.
    """

    arm: Ints
    unit: Hashes
    ts: Floats
    propensity: Floats
    weight: Floats
    metrics: Mapping[str, Floats]
    nameless: int


@dataclass
class Log:
    """A log that can be read again and again: its layout, its columns, and what was met so far."""

    layout: Layout
    columns: Columns
    skip_bad: bool
    sample: Mapping[str, Any]
    arms: list[str] = field(default_factory=list)
    rows: int = 0
    armless: int = 0
    bad: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that some column holds."""
        held = {"success": "outcome"}
        return tuple(m for m in METRICS if self.columns.has(held.get(m, m)))


def open_log(path: Path, told: Told, *, skip_bad: bool = False, shown: str = "") -> Log:
    """Return a log whose columns have been found; its rows are read by `chunks`.

    Messages call it `shown`, or else its path.

    Raises: NotFound, InvalidInput.
    """
    layout, block = look_into(path, shown)
    return Log(layout, find_columns(block.cells, told), skip_bad, block.cells)


def chunks(log: Log, on_read: OnRead = lambda rows, at: None) -> Iterator[Chunk]:
    """Yield a log from its beginning; `on_read` is told the rows and the bytes read.

    Raises: InvalidInput that names the line and the column of a bad cell.
    """
    log.rows = log.armless = log.bad = 0
    log.told.clear()
    first = 0
    for block in blocks(log.layout, log.columns.wanted):
        chunk = _chunk(log, block, first)
        first += len(block.lines)
        log.rows += len(chunk.arm)
        on_read(log.rows, block.at)
        yield chunk


def _chunk(log: Log, block: Block, first: int) -> Chunk:
    parsed = {name: _parse(part, block) for name, part in log.columns.parts.items()}
    wide = {name: _grades(log, block, name) for name in log.columns.wide}
    keep = _kept(log, block, {**parsed, **wide})
    nan = np.full(len(block.lines), np.nan)
    values = {name: column.values for name, column in parsed.items() if column}
    unit, nameless = _units(log, block, first)
    arm = _arms(log, block, keep)
    if wide:
        values = {k: np.tile(v, len(wide)) for k, v in values.items() if k != "quality"}
        values["quality"] = np.concatenate([column.values for column in wide.values()])
        unit, keep, nan = (np.tile(x, len(wide)) for x in (unit, keep, nan))
    log.armless += int((keep & (arm < 0)).sum())
    keep = keep & (arm >= 0)
    named = {"success" if k == "outcome" else k: v[keep] for k, v in values.items()}
    return Chunk(
        arm=arm[keep],
        unit=unit[keep],
        ts=named.get("ts", nan[keep]),
        propensity=named.get("propensity", nan[keep]),
        weight=np.nan_to_num(named.get("weight", nan[keep]), nan=1.0),
        metrics={m: named[m] for m in METRICS if m in named},
        nameless=nameless,
    )


def _parse(column: Column, block: Block) -> Parsed | None:
    """Return a column's numbers; names, and grades in columns of their own, are read elsewhere."""
    cells = block.cells.get(column.column)
    if column.part in ("arm", "unit") or cells is None:
        return None
    if column.part == "outcome":
        return outcomes(cells, column.negated)
    if column.part == "quality":
        return _scaled(column, cells)
    if column.part == "ts":
        return instants(cells)
    if column.part == "propensity":
        return numbers(cells, "a probability above 0, at most 1", 0.0, 1.0, above=True)
    if column.part == "reward":
        return numbers(cells, "a number")
    if column.part == "weight":
        return numbers(cells, "a number from 1 up", 1.0)
    raw = numbers(cells, "a number from 0 up", 0.0)
    return Parsed(raw.values * column.scale, raw.bad, raw.wanted)


def _scaled(column: Column, cells: Any) -> Parsed:
    low, high = column.least, column.most
    wanted = f"a grade {low:g}..{high:g}, or another --quality-range"
    raw = numbers(cells, wanted, low, high)
    return Parsed((raw.values - low) / (high - low), raw.bad, wanted)


def _grades(log: Log, block: Block, name: str) -> Parsed:
    return _scaled(log.columns.parts["quality"], block.cells[name])


def _kept(log: Log, block: Block, parsed: Mapping[str, Parsed | None]) -> Bools:
    """Return which rows are good; counts and tells of the others where they may be skipped.

    Raises: InvalidInput.
    """
    keep = np.ones(len(block.lines), dtype=np.bool_)
    faults = {line: ("(whole)", told) for line, told in block.faults}
    for name, column in parsed.items():
        if column is None:
            continue
        for i in column.bad:
            part = log.columns.parts.get(name)
            where = part.column if part else name
            seen = f"{where} is {str(block.cells[where][i])[:60]!r}"
            faults.setdefault(block.lines[i], (where, f"{seen}, {column.wanted} is wanted"))
            keep[i] = False
    for line in sorted(faults):
        where, reason = faults[line]
        told = f"{log.layout.shown} line {line}: {reason}"
        if not log.skip_bad:
            raise InvalidInput(
                told, field=where, mend="mend it, or leave such rows out with --skip-bad"
            )
        log.bad += 1
        if len(log.told) < SHOWN:
            log.told.append(told)
    return keep


def _units(log: Log, block: Block, first: int) -> tuple[Hashes, int]:
    """Return the units' hashes, and how many rows have none: each is a unit of its own."""
    n = len(block.lines)
    own = mix(np.arange(first, first + n, dtype=np.uint64))
    column = log.columns.parts.get("unit")
    if column is None:
        return own, n
    names = names_in(block.cells[column.column])
    known = {name: unit_hash(name) for name in set(names) - {""}}
    hashes = np.array([known.get(name, 0) for name in names], dtype=np.uint64)
    missing = np.array([not name for name in names], dtype=np.bool_)
    return np.where(missing, own, hashes), int(missing.sum())


def _arms(log: Log, block: Block, keep: Bools) -> Ints:
    """Return each row's place in the log's arms, -1 where it names none."""
    n = len(block.lines)
    if log.columns.wide:
        log.arms[:] = [short_name(name, log.columns.wide) for name in log.columns.wide]
        return np.repeat(np.arange(len(log.arms)), n)
    columns = split_names(log.columns.parts["arm"].column)
    parts = [names_in(block.cells[name]) for name in columns]
    names = ["/".join(filter(None, row)) for row in zip(*parts, strict=True)]
    place = {arm: i for i, arm in enumerate(log.arms)}
    for name in dict.fromkeys(name for name, kept in zip(names, keep, strict=True) if kept):
        if name and name not in place:
            place[name] = len(log.arms)
            log.arms.append(name)
    if len(log.arms) > MAX_ARMS:
        raise InvalidInput(
            f"column {','.join(columns)} has more than {MAX_ARMS} values; an arm is one of a few",
            field="arm",
            mend="--arm with another column",
        )
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def short_name(name: str, names: tuple[str, ...]) -> str:
    """Return a column's name without what all of them begin with, up to a dot."""
    head = name.partition(".")[0] + "."
    return name.removeprefix(head) if all(other.startswith(head) for other in names) else name
