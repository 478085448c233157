"""Documents as JSON text and back: an int stays an int, instants and bytes are tagged."""

import base64
import json
from datetime import datetime
from typing import Any

from ratchet.kernel.clock import from_micros, micros
from ratchet.store.port import Data

# Firestore reserves field names like `__x__`, so these can never be a caller's.
TIME, BYTES = "__t__", "__b__"


def to_json(data: Data) -> str:
    """Return a document's JSON, on one line."""
    return json.dumps(data, default=_encode, ensure_ascii=False)


def from_json(text: str) -> dict[str, Any]:
    """Return the document of a JSON text.

    Raises: ValueError for a text that holds no document.
    """
    try:
        data = json.loads(text, object_hook=_decode)
    except (TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"it holds no document: {error}") from error
    if not isinstance(data, dict):
        raise ValueError("it holds no map")
    return data


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return {TIME: micros(value)}
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode()}
    return dict(value)


def _decode(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        if TIME in value:
            return from_micros(value[TIME])
        if BYTES in value:
            return base64.b64decode(value[BYTES])
    return value
