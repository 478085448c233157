"""What commands share: their options, the open app, tables and JSON."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from getpass import getuser
from typing import Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ratchet.entry.cli.columns import is_number, is_roomy, is_whole, widths, with_below
from ratchet.entry.wiring import App, open_app
from ratchet.govern.roles import Actor, person
from ratchet.kernel.document import on_wire
from ratchet.kernel.errors import InvalidInput, RatchetError

CONSOLE = Console(emoji=False)  # `:a:` is a part of a component's name
ERRORS = Console(stderr=True, emoji=False)

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        help="memory:, sqlite:///file.db or firestore://project[/database].",
        envvar="RATCHET_STORE",
        show_default="sqlite:///.ratchet/ratchet.db",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in one line; on the audit chain.")]
By = Annotated[str | None, typer.Option("--by", help="Who acts.", envvar="RATCHET_ACTOR")]
_BARE: dict[str, Any] = {"box": SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "padding": 0}
# Control characters but tab and line feed, and those that turn the direction of writing.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SPAN = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@contextmanager
def opened(url: str | None, *, making: bool = True) -> Iterator[App]:
    """Open the app of a store and close it after the command; reading begins no new one."""
    app = open_app(url, making=making)
    try:
        yield app
    finally:
        app.store.close()


def actor(name: str | None) -> Actor:
    """Return the person at the keyboard, or who is named.

    Raises: InvalidInput for an empty name.
    """
    if name is not None and not name.strip():
        raise InvalidInput("nobody is named", field="--by", mend="say who acts, or leave it out")
    try:
        return person(name or getuser())
    except (KeyError, OSError):
        return person("unknown")


def emit(data: Any) -> None:
    """Print JSON, instants in milliseconds."""
    print(json.dumps(on_wire(data), ensure_ascii=False, default=str))


def emit_lines(items: Iterable[Any]) -> None:
    """Print JSON, a line each."""
    for item in items:
        emit(item)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    title: str = "",
    below: Sequence[str] = (),
) -> None:
    """Print a table, numbers to the right; where it is too wide, without frame and folded.

    Where columns may go `below` their row, nothing but they is folded.
    """
    body = [[cell(value) for value in row] for row in rows]
    if not body:
        say("nothing to show")
        return
    shown = [list(column) for column in zip(columns, *body, strict=True)]
    room = CONSOLE.width - 3 * len(shown) - 1
    framed = is_roomy(shown, room) and (not below or is_whole(shown, room, below))
    if not framed:
        shown = [column for column in shown if any(column[1:])] or shown
        if below:
            for line in (*([title] if title else []), *with_below(shown, CONSOLE.width, below)):
                say(line)
            return
        room = CONSOLE.width - len(shown) + 1
    drawn = Table(
        title=Text(title) if title else None,
        title_justify="left",
        header_style="bold",
        **({} if framed else _BARE),
    )
    for column, width in zip(shown, widths(shown, room), strict=True):
        justify: Literal["right", "left"] = "right" if is_number(column[1:]) else "left"
        drawn.add_column(Text(column[0]), justify=justify, overflow="fold", width=width)
    for row in zip(*(column[1:] for column in shown), strict=True):
        drawn.add_row(*map(Text, row))  # a person's text is no markup
    CONSOLE.print(drawn)


def cell(value: Any) -> str:
    """Return a value as a table shows it; unknown is empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return inert(str(value))


def inert(text: str) -> str:
    """Return a text as a terminal shows it: what would steer it, or turn it round, is spelt out.

    Observations, questions and labels hold what anybody sent.

    >>> print(inert("\x1b[2Jgone"))
    \\x1b[2Jgone
    """
    return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)


def say(text: str) -> None:
    """Print a line."""
    CONSOLE.print(inert(text), markup=False, highlight=False, soft_wrap=True)


def warn(text: str) -> None:
    """Print a line to stderr, about what was done all the same."""
    _to_stderr(f"note: {text}")


def tell_spoiled(errors: Iterable[RatchetError], as_json: bool) -> None:
    """End a list with what could not be read, and its mend; beside JSON, on stderr."""
    for error in errors:
        (warn if as_json else say)(f"left out: {error}")


def complain(error: RatchetError, as_json: bool) -> None:
    """Print an error to stderr, with the first items that it refuses."""
    if as_json:
        print(json.dumps({"error": error.as_dict()}), file=sys.stderr)
        return
    _to_stderr(f"{error.code}: {error}")
    for item in error.as_dict().get("rejected", [])[:10]:
        _to_stderr(f"  item {item['index']}: {item['field']}: {item['reason']}")


def _to_stderr(line: str) -> None:
    ERRORS.print(inert(line), markup=False, highlight=False, soft_wrap=True)


def ago(text: str | None, now: datetime, field: str = "since") -> datetime | None:
    """Return the instant a length of time ago (90s, 15m, 24h, 7d) or of an ISO date.

    None stays None. Raises: InvalidInput.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        pass
    found = _SPAN.fullmatch(text)
    if not found:
        raise InvalidInput(
            f"{text!r} is no length of time and no date",
            field=field,
            mend=f"like 15m, 24h, {now:%Y-%m-%d} or {now:%Y-%m-%dT%H:%M}",
        )
    try:
        return now - timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    except OverflowError as error:
        raise InvalidInput(f"{text} is too long ago", field=field, mend="like 24h") from error


def progress() -> Progress:
    """Return a progress bar on stderr, silent where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=ERRORS,
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def spread(data: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a report as rows of a two-column table: what is nested by its path, the last in words.

    >>> report = {"feeds": {"gold": {"read": 3, "error": None}}, "failed": [], "done": [{"a": 1}]}
    >>> list(spread(report))
    [('feeds.gold', 'read 3'), ('failed', ''), ('done.0', 'a 1')]
    """
    for name, value in data.items():
        if isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
            yield from spread({str(i): one for i, one in enumerate(value)}, f"{path}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{path}{name}", ", ".join(map(cell, value))
        elif not isinstance(value, Mapping):
            yield f"{path}{name}", value
        elif any(isinstance(one, Mapping | list | tuple) for one in value.values()):
            yield from spread(value, f"{path}{name}.")
        else:
            told = [f"{k} {cell(one)}" for k, one in value.items() if one is not None]
            yield f"{path}{name}", ", ".join(told)


def flat(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return a map as rows of a two-column table."""
    return [
        (k, json.dumps(on_wire(v)) if isinstance(v, list | tuple | dict) else v)
        for k, v in data.items()
    ]
