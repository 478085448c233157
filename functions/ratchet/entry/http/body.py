"""Bodies of requests: bounded, decompressed, and parsed strictly."""

import json
import math
import zlib
from typing import Any

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from ratchet.kernel.errors import InvalidInput, TooLarge, TooSlow, WrongMedia
from ratchet.kernel.strict_json import names_once

MAX_BODY = 4 * 1024 * 1024
MAX_DEPTH = 32
MAX_LINES = 5000
MAX_MEMBERS = 16
SECONDS = 20.0
JSON = ("application/json",)
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")


def json_body(request: Request, *, lines: bool = False, types: tuple[str, ...] = JSON) -> Any:
    """Return the JSON of a body, of one of some content types.

    Lines of JSON come as a list, where the door takes them.

    Raises: InvalidInput, TooLarge, TooSlow, WrongMedia.
    """
    media = request.mimetype
    taken = (*types, *LINES) if lines else types
    if media not in taken:
        raise WrongMedia(
            f"the content type must be {' or '.join(taken[:2])}",
            field="Content-Type",
            mend="set the header",
        )
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise WrongMedia("the charset must be utf-8", field="Content-Type", mend="send UTF-8")
    body = _unpacked(request, received(request))
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("the body is no UTF-8", field="(body)", mend="send UTF-8") from error
    return _lines(text) if media in LINES else parse_json(text)


def received(request: Request) -> bytes:
    """Return the body as it came, at most `MAX_BODY` bytes.

    Raises: InvalidInput, TooLarge, TooSlow.
    """
    request.max_content_length = MAX_BODY + 1  # a stream without a length is cut there in silence
    socket = request.environ.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(SECONDS)
    try:
        body = request.get_data(cache=True)
    except RequestEntityTooLarge as error:
        raise _too_large() from error
    except ClientDisconnected as error:
        if isinstance(error.__context__, TimeoutError):
            raise TooSlow(f"no whole body within {SECONDS:.0f} s", mend="send it again") from error
        raise _ended_early() from error
    if len(body) > MAX_BODY:
        raise _too_large()
    if len(body) < (request.content_length or 0):  # servers end a stream where the caller did
        raise _ended_early()
    return body


def parse_json(text: str, field: str = "(body)") -> Any:
    """Return the value of a JSON text; a name that stands twice in an object is refused.

    Raises: InvalidInput.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=names_once, parse_constant=_no_number, parse_float=_float
        )
    except RecursionError as error:
        raise _too_deep(field) from error
    except ValueError as error:
        raise InvalidInput(
            f"{field}: no JSON: {_short(error)}", field=field, mend="send JSON"
        ) from error
    if _is_deep(value):
        raise _too_deep(field)
    return value


def _unpacked(request: Request, body: bytes) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise WrongMedia(
            "the content encoding must be gzip", field="Content-Encoding", mend="send gzip"
        )
    return unzip(body)


def unzip(body: bytes) -> bytes:
    """Return what was compressed, never more than `MAX_BODY` bytes of it.

    Raises: InvalidInput, TooLarge.
    """
    whole = b""
    try:
        for _ in range(MAX_MEMBERS):  # each copies the rest of the body
            if not body:
                return whole
            member = zlib.decompressobj(wbits=31)
            whole += member.decompress(body, MAX_BODY + 1 - len(whole))
            if len(whole) > MAX_BODY:
                raise _too_large()
            if not member.eof:
                raise zlib.error("truncated")
            body = member.unused_data
        if body:
            raise zlib.error("too many members")
    except zlib.error as error:
        raise InvalidInput(
            "the body is no gzip", field="(body)", mend="compress it whole"
        ) from error
    return whole


def _lines(text: str) -> list[Any]:
    if text.count("\n") > MAX_LINES:
        raise TooLarge(
            f"a body has at most {MAX_LINES} lines", field="(body)", mend="send smaller batches"
        )
    rows = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    return [parse_json(line, f"line {n}") for n, line in rows]


def _no_number(name: str) -> Any:
    raise InvalidInput(
        f"{name} is no JSON number", field="(body)", mend="leave out what is unknown"
    )


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise InvalidInput("a number is too large", field="(body)", mend="send one below 1.8e308")
    return value


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _short(error: ValueError) -> str:
    """Return what was wrong, without what was sent."""
    return error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"


def _ended_early() -> InvalidInput:
    return InvalidInput("the body ended early", field="(body)", mend="send it again")


def _too_large() -> TooLarge:
    return TooLarge(
        f"a body has at most {MAX_BODY} bytes", field="(body)", mend="send smaller batches"
    )


def _too_deep(field: str) -> InvalidInput:
    return InvalidInput(f"{field}: nested deeper than {MAX_DEPTH}", field=field, mend="flatten it")
