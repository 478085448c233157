"""Files that people name; whatever is wrong with one becomes an error that names it."""

import gzip
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.kernel.strict_json import names_once

GZIP = b"\x1f\x8b"
_AS_TEXT = "save it as UTF-8"
_AGAIN = "copy it again from where it is whole"


def read_text(path: Path, field: str) -> str:
    """Return a file's text, unpacked where it is gzip; `-` is standard input.

    Raises: NotFound, InvalidInput.
    """
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(GZIP) else raw
        return raw.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", field=field, mend="name a file") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is no text in UTF-8: byte {error.start} is none", field=field, mend=_AS_TEXT
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error, field) from error


@contextmanager
def open_text(path: Path) -> Iterator[tuple[IO[str], Callable[[], int]]]:
    """Open a file of lines, unpacked where its name ends with .gz; its text and bytes read so far.

    Raises: OSError and what broken text and gzip raise; the caller says what was wanted.
    """
    with path.open("rb") as raw:
        unpacked: Any = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        with TextIOWrapper(unpacked, encoding="utf-8-sig", newline="") as text:
            yield text, lambda: raw.tell()


def byte_lines(path: Path, most: int, field: str) -> Iterator[bytes]:
    """Yield the lines of a file as they are, unpacked where it is gzip; `-` is standard input.

    Of a line that is longer than `most` bytes one more than those comes, and the rest is passed by.

    Raises: NotFound, InvalidInput.
    """
    try:
        with ExitStack() as open_files:
            if str(path) == "-":
                raw: Any = sys.stdin.buffer
            else:
                raw = open_files.enter_context(path.open("rb"))
            if raw.peek(len(GZIP))[: len(GZIP)] == GZIP:
                raw = open_files.enter_context(gzip.GzipFile(fileobj=raw))
            while line := raw.readline(most + 1):
                rest = line
                while len(rest) > most and not rest.endswith(b"\n"):
                    rest = raw.readline(most + 1)
                yield line
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", field=field, mend="name a file") from error
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error, field) from error


def parse_json(text: str, what: str, field: str) -> Any:
    """Return the value of a JSON text; a name that stands twice in an object is refused.

    Raises: InvalidInput.
    """
    try:
        return json.loads(text, object_pairs_hook=names_once)
    except InvalidInput as error:
        raise InvalidInput(
            f"{what}: {error.message}", field=error.field, mend="keep one of them"
        ) from error
    except RecursionError as error:
        raise InvalidInput(f"{what} is nested too deep", field=field) from error
    except ValueError as error:
        raise InvalidInput(f"{what} is no JSON: {error}", field=field) from error


def json_object(path: Path, field: str) -> dict[str, Any]:
    """Return the one JSON object that a file holds.

    Raises: NotFound, InvalidInput.
    """
    data = parse_json(read_text(path, field), str(path), field)
    if not isinstance(data, dict):
        raise InvalidInput(f"{path} holds no JSON object", field=field, mend='like {"name": 1}')
    return data


def check_writable(path: Path, field: str) -> None:
    """Refuse a file that cannot be written, before the work is done that it is to hold.

    Raises: InvalidInput.
    """
    try:
        new = not path.exists()
        with path.open("a", encoding="utf-8"):
            pass
        if new:
            path.unlink()
    except OSError as error:
        raise InvalidInput(
            f"cannot write {path}: {_told(error)}", field=field, mend="name another file"
        ) from error


def write_text(path: Path, text: str, field: str) -> None:
    """Write a file whole.

    Raises: InvalidInput.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"cannot write {path}: {_told(error)}", field=field, mend="name another file"
        ) from error


def _unreadable(path: Path, error: Exception, field: str) -> InvalidInput:
    """Return what keeps a file from being read, as a sentence."""
    if isinstance(error, EOFError):
        return InvalidInput(f"{path} is cut off in the middle", field=field, mend=_AGAIN)
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return InvalidInput(f"{path} is gzip, and damaged", field=field, mend=_AGAIN)
    return InvalidInput(
        f"cannot read {path}: {_told(error)}", field=field, mend="name a file that can be read"
    )


def _told(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
