"""Canonical JSON (RFC 8785), and the hashes and signatures over it.

They are taken over the stored map, never over a re-serialised model, so a document written by an
older program verifies for ever. Instants count as RFC 3339 text in UTC with microseconds.
"""

import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ratchet.kernel.errors import InvalidInput

_SAFE = 2**53 - 1
_quoted = json.JSONEncoder(ensure_ascii=False).encode  # `dumps` would make one for each text


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 form of a JSON value.

    >>> canonical({"b": 1.0, "a": [1e21, "ß", True, None]}).decode()
    '{"a":[1e+21,"ß",true,null],"b":1}'

    Raises: InvalidInput for NaN, infinities, integers beyond 2**53, lone surrogates, other types.
    """
    try:
        return _text(value).encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("a lone surrogate has no canonical form") from error


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if abs(value) > _SAFE:
            raise InvalidInput(f"integer {value} is beyond 2**53 and has no canonical form")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return f'"{value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")}Z"'
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise InvalidInput("a map whose keys are not text has no canonical form")
        pairs = sorted(value.items(), key=lambda kv: kv[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_text(k)}:{_text(v)}" for k, v in pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    raise InvalidInput(f"a {type(value).__name__} has no canonical form")


def _number(value: float) -> str:
    """Write a double as ECMAScript does (RFC 8785, section 3.2.2.3)."""
    if not math.isfinite(value):
        raise InvalidInput(f"{value} has no canonical form", mend="use a finite number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)
    point -= len(whole + fraction) - len((whole + fraction).lstrip("0"))
    digits = digits.rstrip("0")
    return sign + _layout(digits, point)


def _layout(digits: str, point: int) -> str:
    """Place the decimal point; `0.digits * 10**point` is the number."""
    n = len(digits)
    if n <= point <= 21:
        return digits + "0" * (point - n)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if n > 1 else "")
    return f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def content_hash(value: Any) -> str:
    """Return the SHA-256 of the canonical form, as hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def sign(key: bytes, value: Any) -> str:
    """Return the HMAC-SHA-256 of the canonical form under the project's key, as hex."""
    return hmac.new(key, canonical(value), hashlib.sha256).hexdigest()


def signed_by(key: bytes, value: Any, signature: str) -> bool:
    """Say whether a signature is the key's over this value, in constant time."""
    return hmac.compare_digest(sign(key, value), signature)


def pseudonym(key: bytes, unit: str) -> str:
    """Return the keyed pseudonym of a unit; the raw id is never stored.

    >>> pseudonym(b"k", "user-1") == pseudonym(b"k", "user-1") != pseudonym(b"j", "user-1")
    True
    """
    return hmac.new(key, b"unit:" + unit.encode(), hashlib.sha256).hexdigest()[:32]
