"""Firestore's limits, asserted before a write in every store: the emulator does not enforce all."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.kernel.document import INT64_MAX
from ratchet.kernel.errors import InvalidInput, TooLarge
from ratchet.store.port import NAME

MAX_DOCUMENT = 1_048_576
MAX_VALUE = 1_048_487
MAX_COMMIT = 10_485_760
MAX_DEPTH = 20
MAX_NAME = 1500
_RESERVED = re.compile(r"__.*__")


def check_collection(collection: str) -> None:
    """Refuse names of collections that Firestore, or a table, would refuse.

    Raises: InvalidInput.
    """
    if not NAME.fullmatch(collection):
        raise InvalidInput(f"{collection!r} is no collection name", field="collection")


def check_id(collection: str, document_id: str) -> None:
    """Refuse ids that Firestore refuses.

    Raises: InvalidInput.
    """
    check_collection(collection)
    size = len(document_id.encode(errors="replace"))
    if not 0 < size <= MAX_NAME or "/" in document_id or document_id in (".", ".."):
        raise InvalidInput(f"{collection}: {document_id[:80]!r} is no document id", field="id")
    if _RESERVED.fullmatch(document_id):
        raise InvalidInput(f"{collection}: id {document_id[:80]!r} is reserved", field="id")


def check_document(collection: str, document_id: str, data: Mapping[str, Any]) -> int:
    """Return a document's size in bytes as Firestore counts it.

    Raises: TooLarge over 1 MiB, or for a value over its own limit; InvalidInput for a value that
    Firestore cannot hold.
    """
    check_id(collection, document_id)
    size = 50 + len(collection) + len(document_id.encode()) + _map_size(data, 1)
    if size > MAX_DOCUMENT:
        raise TooLarge(
            f"{collection}/{document_id} has {size} bytes, the limit is {MAX_DOCUMENT}",
            mend="send fewer or smaller items",
        )
    return size


def _map_size(data: Mapping[str, Any], depth: int) -> int:
    if depth > MAX_DEPTH:
        raise InvalidInput(f"maps and lists are nested deeper than {MAX_DEPTH}")
    size = 0
    for name, value in data.items():
        if not isinstance(name, str) or not name or (name[:2] == "__" == name[-2:]):
            raise InvalidInput(
                f"field name {name!r} is empty, reserved or no text", field=str(name)
            )
        size += len(name) + 1 if name.isascii() else _utf8(name, name)
        value_size = _size(name, value, depth)
        if value_size > MAX_VALUE:
            raise TooLarge(f"{name} has {value_size} bytes, the limit is {MAX_VALUE}", field=name)
        size += value_size
    return size


def _size(name: str, value: Any, depth: int) -> int:
    kind = type(value)
    if kind is str:
        return len(value) + 1 if value.isascii() else _utf8(name, value)
    if kind is int:
        if not -INT64_MAX - 1 <= value <= INT64_MAX:
            raise InvalidInput(f"{name} is beyond 64 bits", field=name)
        return 8
    if kind is float:
        if not math.isfinite(value):
            raise InvalidInput(f"{name} is {value}", field=name, mend="use a finite number")
        return 8
    if value is None or kind is bool:
        return 1
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidInput(f"{name} has no time zone", field=name)
        return 8
    if kind is bytes:
        return len(value)
    if isinstance(value, Mapping):
        return _map_size(value, depth + 1) or 1
    if kind in (list, tuple):
        if depth >= MAX_DEPTH or any(type(v) in (list, tuple) for v in value):
            raise InvalidInput(f"{name} is a list inside a list, or too deep", field=name)
        return sum(_size(name, v, depth + 1) for v in value) or 1
    raise InvalidInput(f"{name} is a {kind.__name__}, which cannot be stored", field=name)


def _utf8(name: str, value: str) -> int:
    try:
        return len(value.encode()) + 1
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{name} holds a lone surrogate", field=name) from error
