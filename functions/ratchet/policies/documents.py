"""Documents as people leave them: held against each other, and kept in alerts."""

import json
from collections.abc import Mapping
from typing import Any

from ratchet.kernel.canonical import canonical, content_hash
from ratchet.kernel.errors import InvalidInput
from ratchet.store.limits import check_document

EVIDENCE_BYTES = 200_000


def small(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a document as an alert can hold it: whole, or its hash where it is large."""
    if data is None:
        return {}
    try:
        if check_document("ops_alerts", "document", {"document": data}) < EVIDENCE_BYTES:
            return dict(data)
        return {"sha256": content_hash(data)}
    except InvalidInput as error:
        return {"unreadable": error.message}


def alike(a: Mapping[str, Any] | None, b: Mapping[str, Any]) -> bool:
    """Say whether two documents are the same, however their numbers and instants were read."""
    if a is None:
        return False
    try:
        return canonical(a) == canonical(b)
    except InvalidInput:  # a NaN is in them, or what is no JSON
        return _written(a) == _written(b)


def _written(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, default=repr)
