"""Records: the rows of a log as it lies on the disk, in blocks, with their line numbers."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any
from zlib import error as ZlibError

import numpy as np

from ratchet.entry.files import open_text
from ratchet.kernel.errors import InvalidInput, NotFound

BLOCK = 20_000
SAMPLE = 2_000
LONGEST_CELL = 2**20  # characters: a prompt may be long
DELIMITERS = (",", ";", "\t", "|")
FIELD = "log"


@dataclass(frozen=True)
class Block:
    """Some rows of a log: the cells of each column wanted, and the lines the rows end on."""

    cells: Mapping[str, Sequence[Any]]
    lines: Sequence[int]
    faults: Sequence[tuple[int, str]]
    at: int


Part = tuple[list[Any], Sequence[int], list[tuple[int, str]]]  # rows, their lines, faults


@dataclass(frozen=True)
class Layout:
    """How a log is laid out: its columns, and the delimiter of a table (none: JSON lines).

    `shown` is what messages call it.
    """

    path: Path
    shown: str
    names: tuple[str, ...]
    delimiter: str = ""


@contextmanager
def opened_log(path: Path, shown: str) -> Iterator[tuple[IO[str], Callable[[], int]]]:
    """Open a log; gives its text and what tells how many of its bytes have been read.

    Raises: NotFound, InvalidInput.
    """
    try:
        with open_text(path) as opened:
            yield opened
    except FileNotFoundError as error:
        raise NotFound(f"{shown} does not exist", field=FIELD, mend="name a log") from error
    except (OSError, EOFError, ZlibError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(
            f"{shown} cannot be read: {error}", field=FIELD, mend="CSV or JSON lines, or .gz of it"
        ) from error


def look_into(path: Path, shown: str = "") -> tuple[Layout, Block]:
    """Return a log's layout and its first rows.

    Raises: NotFound; InvalidInput where it is no table and no JSON lines.
    """
    shown = shown or str(path)
    with opened_log(path, shown) as (text, _):
        first = next((line for line in text if line.strip()), "").strip()
    if first.startswith("["):
        raise InvalidInput(
            f"{shown} is one JSON array", field=FIELD, mend="one JSON object a line: jq -c '.[]'"
        )
    if first.startswith("{"):
        with opened_log(path, shown) as (text, _):
            sample = [row for _, row, _ in islice(_objects(text), SAMPLE) if row is not None]
        names = tuple(dict.fromkeys(name for row in sample for name in row))
        layout = Layout(path, shown, names)
    else:
        delimiter = max(DELIMITERS, key=first.count)
        names = tuple(name.strip() for name in next(csv.reader([first], delimiter=delimiter), []))
        layout = Layout(path, shown, names, delimiter)
        _check_header(layout)
    block = next(blocks(layout, layout.names, SAMPLE), None)
    if block is None or not block.lines:
        raise InvalidInput(f"{shown} has no rows", field=FIELD, mend="name a log with rows")
    return layout, block


def blocks(layout: Layout, wanted: Sequence[str], size: int = BLOCK) -> Iterator[Block]:
    """Yield a log's rows in blocks; a row that is none of its kind is a fault of its block.

    Raises: InvalidInput.
    """
    with opened_log(layout.path, layout.shown) as (text, at):
        read: Iterator[Part] = (
            _tables(text, layout, size) if layout.delimiter else _lines(text, size)
        )
        for good, lines, faults in read:
            if layout.delimiter:
                place = {name: i for i, name in enumerate(layout.names)}
                columns = list(zip(*good, strict=True)) or [()] * len(place)
                cells: dict[str, Sequence[Any]] = {name: columns[place[name]] for name in wanted}
            else:
                cells = {name: [row.get(name) for row in good] for name in wanted}
            yield Block(cells, lines, faults, at())


def _tables(text: IO[str], layout: Layout, size: int) -> Iterator[Part]:
    usual = csv.field_size_limit(LONGEST_CELL)  # of the whole process
    try:
        yield from _rows(text, layout, size)
    finally:
        csv.field_size_limit(usual)


def _rows(text: IO[str], layout: Layout, size: int) -> Iterator[Part]:
    reader = csv.reader(text, delimiter=layout.delimiter)
    next((row for row in reader if row), None)
    width, before = len(layout.names), reader.line_num
    while rows := list(islice(reader, size)):
        lines: Sequence[int] = range(before + 1, reader.line_num + 1)
        if len(lines) != len(rows):  # some cells hold line ends
            ends = np.cumsum([1 + sum(c.count("\n") for c in row) for row in rows])
            lines = [int(before + end) for end in ends]
        before = reader.line_num
        if all(len(row) == width for row in rows):
            yield rows, lines, []
            continue
        told = list(zip(lines, rows, strict=True))
        yield (
            [row for row in rows if len(row) == width],
            [line for line, row in told if len(row) == width],
            [
                (line, f"the row has {len(row)} cells, the header {width}")
                for line, row in told
                if row and len(row) != width
            ],
        )


def _lines(text: IO[str], size: int) -> Iterator[Part]:
    rows = _objects(text)
    while part := list(islice(rows, size)):
        good = [(line, row) for line, row, _ in part if row is not None]
        faults = [(line, told) for line, row, told in part if row is None]
        yield [row for _, row in good], [line for line, _ in good], faults


def _objects(text: IO[str]) -> Iterator[tuple[int, Any, str]]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, None, f"the line is no JSON: {error}"
            continue
        if isinstance(data, dict):
            yield number, _flat(data), ""
        else:
            yield number, None, "the line is no JSON object"


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map without maps inside: their names are joined by dots."""
    flat: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": v for inner, v in _flat(value).items()}
        else:
            flat[name] = str(value) if isinstance(value, list) else value
    return flat


def _check_header(layout: Layout) -> None:
    names = [name for name in layout.names if name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InvalidInput(
            f"{layout.shown}: the column {twice} is there twice", field=twice, mend="rename one"
        )
    if not names or all(name.replace(".", "").replace("-", "").isdigit() for name in names):
        raise InvalidInput(
            f"{layout.shown} has no line of column names", field=FIELD, mend="add it as the first"
        )
