"""What arrived, made sure of: JSON that ends, numbers that are kept exactly, text that is text.

Poisoned is a text with a NUL, with half a character (a lone surrogate), or with over a twentieth
of control characters, and JSON nested deeper than `MAX_DEPTH`. Escape sequences of terminals,
marks of writing direction and of no width are text: they stay as they came.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ratchet.kernel.errors import InvalidInput, Malformed, Poisoned
from ratchet.kernel.strict_json import names_once

MAX_RAW = 8 * 2**20  # bytes of one trace
MAX_DEPTH = 100
MAX_INT = 2**53 - 1
CONTROL_SHARE = 20  # one character of so many may be a control character
SHOWN, NAMES = 40, 8  # characters of a name, and names of a path, that are told
_WHOLE = "(whole)"
# All but tab, line feed, carriage return and escape; and what stands for bytes that were no text.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")

_Path = tuple[Any, ...]  # (path of what it is in, name); () of the whole


def read_raw(raw: bytes) -> Any:
    """Return the JSON value of some bytes, as they arrived; `check_payload` is still to be asked.

    Raises: Malformed for over MAX_RAW bytes and for what is no JSON, Poisoned for what is no text.
    """
    check_size(len(raw))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Poisoned(
            f"byte {error.start} is no UTF-8", field=_WHOLE, mend="send JSON in UTF-8"
        ) from error
    try:
        return json.loads(text, object_pairs_hook=names_once, parse_constant=_no_number)
    except RecursionError as error:
        raise _too_deep(_WHOLE) from error
    except Malformed:
        raise
    except InvalidInput as error:
        shown = ascii(error.field)[1:-1]
        raise Malformed(
            f"{shown!r} stands twice in one object", field=shown, mend="send it once"
        ) from error
    except ValueError as error:
        raise Malformed(f"no JSON: {error}", field=_WHOLE, mend="send one JSON object") from error


def check_size(size: int) -> None:
    """Refuse a trace over its limit. Units: bytes.

    Raises: Malformed.
    """
    if size > MAX_RAW:
        raise Malformed(
            f"{size} bytes, a trace has at most {MAX_RAW}",
            field=_WHOLE,
            mend="send less of it: leave out what tools returned",
        )


def check_payload(payload: Any) -> None:
    """Refuse a JSON value that cannot be kept as it is.

    Raises: Malformed for a number or size beyond the limits, Poisoned for what is no text.
    """
    size = 0
    for value, path in _leaves(payload):
        if isinstance(value, str):
            size += _check_text(value, path)
        elif isinstance(value, int) and abs(value) > MAX_INT:
            raise Malformed("an integer beyond 2**53", field=_told(path), mend="send it as text")
        elif isinstance(value, float) and not math.isfinite(value):
            raise Malformed("not a finite number", field=_told(path), mend="leave it out")
        elif not isinstance(value, int | float | datetime | None):
            raise Malformed(f"a {type(value).__name__} is no JSON value", field=_told(path))
    check_size(size)


def _leaves(payload: Any) -> Iterator[tuple[Any, _Path]]:
    """Yield every leaf of a JSON value with its path, and the names of objects, without recursion.

    Raises: Poisoned where it is nested too deep.
    """
    waiting: list[tuple[Any, _Path, int]] = [(payload, (), 0)]
    while waiting:
        value, path, depth = waiting.pop()
        if not isinstance(value, Mapping | list | tuple):
            yield value, path
            continue
        if depth == MAX_DEPTH:
            raise _too_deep(_told(path))
        inside = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, below in inside:
            if isinstance(value, Mapping):
                yield (name if isinstance(name, str) else b""), path
            waiting.append((below, (path, name), depth + 1))


def _check_text(text: str, path: _Path) -> int:
    """Return a text's size in bytes. Raises: Poisoned."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Poisoned(
            "half a character (a lone surrogate)", field=_told(path), mend="send whole characters"
        ) from error
    odd = 0 if text.isprintable() else len(_CONTROL.findall(text))
    if "\x00" in text or (odd > 1 and odd * CONTROL_SHARE > len(text)):
        raise Poisoned("binary data, not text", field=_told(path), mend="leave it out, or name it")
    return size


def _told(path: _Path) -> str:
    """Return a path as a person reads it, without what may be wrong with its names."""
    names: list[str] = []
    while path:
        path, name = path
        names.append(ascii(name).strip("'")[:SHOWN])
    return ".".join(names[::-1][:NAMES]) or _WHOLE


def _too_deep(field: str) -> Poisoned:
    return Poisoned(
        f"nested deeper than {MAX_DEPTH}", field=field, mend="send it flatter, or as text"
    )


def _no_number(name: str) -> Any:
    raise Malformed(f"{name} is no JSON number", field=_WHOLE, mend="leave it out")
