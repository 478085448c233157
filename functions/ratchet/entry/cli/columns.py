"""How wide the columns of a table are where they do not all fit.

Prose is folded first, at its spaces; then instants, between date and time; then the longest names.
Numbers stay whole. Of a table whose names are to be copied, whole columns go below instead.
"""

import operator
import re
from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich.cells import cell_len

_NUMBER = re.compile(r"[-+\d.,e%]*")
_INSTANT = re.compile(r"[-\d]{10} [:\d]{8}")
INDENT = "    "
DATE = 10
FAIR = 24
WORD = 16
LEAST = 8


def is_number(cells: Sequence[str]) -> bool:
    """Say whether a column holds numbers and what is unknown."""
    return all(map(_NUMBER.fullmatch, cells))


def is_instant(cells: Sequence[str]) -> bool:
    """Say whether a column holds instants."""
    return all(map(_INSTANT.fullmatch, cells))


def widths(columns: Sequence[Sequence[str]], room: int | None = None) -> list[int]:
    """Return the width of each column, header and cells; within the room, where that can be.

    Units: character cells.
    """
    natural = [max(cell_len(cell) for cell in column) for column in columns]
    if room is None:
        return natural
    fitted = list(natural)
    prose, instants, names = _kinds(columns)
    for group, least in (
        (prose, [WORD] * len(columns)),
        (instants, [DATE] * len(columns)),
        (prose, _words(columns)),
        (prose, [LEAST] * len(columns)),
        (names, [LEAST] * len(columns)),
    ):
        while sum(fitted) > room:
            wide = [i for i in group if fitted[i] > least[i]]
            if not wide:
                break
            fitted[max(wide, key=lambda i: fitted[i])] -= 1
    for i in instants:
        fitted[i] = natural[i] if fitted[i] == natural[i] else DATE  # nothing lies between
    while sum(fitted) < room and (narrow := [i for i in prose if fitted[i] < natural[i]]):
        fitted[min(narrow, key=lambda i: fitted[i])] += 1
    return fitted


def is_roomy(columns: Sequence[Sequence[str]], room: int) -> bool:
    """Say whether all fits, if long cells are folded and keep a fair width."""
    fitted = widths(columns, room)
    least = (min(whole, FAIR) for whole in widths(columns))
    return sum(fitted) <= room and all(map(operator.ge, fitted, least))


def is_whole(columns: Sequence[Sequence[str]], room: int, below: Sequence[str]) -> bool:
    """Say whether nothing is folded within the room but what may go below."""
    pairs = zip(columns, widths(columns, room), widths(columns), strict=True)
    return all(column[0] in below or fit == whole for column, fit, whole in pairs)


def with_below(columns: Sequence[Sequence[str]], room: int, below: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a table in which nothing is folded: what does not fit is below its row.

    `below` are the headers that leave first, in order; then the last column does.
    """
    kept = list(columns)
    while len(kept) > 1 and sum(widths(kept)) + 2 * (len(kept) - 1) > room:
        leaves = (c for name in below for c in kept[1:] if c[0] == name)
        kept.remove(next(leaves, kept[-1]))
    left = [column for column in columns if column not in kept]
    for at, row in enumerate(zip(*kept, strict=True)):
        padded = zip(kept, row, widths(kept), strict=True)
        yield "  ".join(_padded(cell, wide, is_number(c[1:])) for c, cell, wide in padded).rstrip()
        told = [(column[0], column[at]) for column in left if at and column[at]]
        yield from _below(told, room)


def _below(told: Sequence[tuple[str, str]], room: int) -> Iterator[str]:
    """Yield what stands below a row: in one line where it fits, else each in its own.

    Prose is folded at its spaces; a command is not, since it is to be copied.
    """
    line = INDENT + "   ".join(f"{name}: {text}" for name, text in told)
    if not told or cell_len(line) <= room:
        yield from [line] if told else []
        return
    for name, text in told:
        line = f"{INDENT}{name}: {text}"
        if cell_len(line) <= room or text.startswith("ratchet ") or " " not in text:
            yield line
            continue
        wide, further = max(room, 2 * FAIR), 2 * INDENT
        yield from wrap(
            line, wide, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
        )


def _padded(cell: str, wide: int, to_right: bool) -> str:
    blank = " " * (wide - cell_len(cell))
    return blank + cell if to_right else cell + blank


def _kinds(columns: Sequence[Sequence[str]]) -> tuple[list[int], list[int], list[int]]:
    """Return which columns hold prose, instants and names; the rest are numbers."""
    instants = [i for i, (_, *cells) in enumerate(columns) if is_instant(cells)]
    numbers = [i for i, (_, *cells) in enumerate(columns) if is_number(cells)]
    text = [i for i in range(len(columns)) if i not in (*instants, *numbers)]
    prose = [i for i in text if any(" " in cell for cell in columns[i][1:])]
    return prose, instants, [i for i in text if i not in prose]


def _words(columns: Sequence[Sequence[str]]) -> list[int]:
    """Return how long the longest word of each column is, up to what a line can spare."""
    return [
        min(WORD, max(cell_len(word) for cell in column for word in (cell.split() or [""])))
        for column in columns
    ]
