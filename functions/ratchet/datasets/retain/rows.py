"""Rows: stored documents as rows of columns, one an item, and rows as what was stored."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ratchet.datasets.retain.columns import COLUMNS, DETAILS, Kind, Type
from ratchet.kernel.clock import micros
from ratchet.kernel.errors import InvalidInput
from ratchet.observe.items import items_by_id
from ratchet.observe.observation import exposures_of
from ratchet.store.encoding import from_json, to_json
from ratchet.store.port import Snapshot

Row = dict[str, Any]
UNREADABLE = "unreadable"
_OWN = ("document", "position", "kind", "id", "rest")  # columns that are no field of an item
_SHARED = ("v", "shard", "ingestedAt", "expireAt")
_OF_DOCUMENT: Mapping[Kind, tuple[str, ...]] = {
    "observations": (*_SHARED, "contentHash", "sampled"),
    "rewards": (*_SHARED, "obsId", "rewardEpoch"),
}
_BATCH = ("items", "indexes", "exposures")


def rows_of(kind: Kind, stored: Snapshot) -> Iterator[Row]:
    """Yield the rows of a stored document; one that is no batch of items is a row as a whole."""
    try:
        yield from list(_items(kind, stored))
    except (InvalidInput, TypeError, ValueError):  # by hand, it may hold whatever a store can
        row = {"document": stored.ref.id, "position": 0, "kind": UNREADABLE}
        yield _empty(kind) | row | {"rest": to_json(stored.data)}


def stored_of(row: Mapping[str, Any]) -> Row:
    """Return what a row was made of: the item's fields and its document's, absent if unknown."""
    out = {name: value for name, value in row.items() if value is not None and name != "rest"}
    rest = from_json(row["rest"]) if row["rest"] is not None else {}
    if row["kind"] == UNREADABLE:
        return out | {"data": rest}
    if "successBoost" in out:
        out["details"] = {name: out.pop(name) for name in DETAILS}
    for name in ("meta", "paired", "feedback", "timely"):
        if name in out:
            text = out[name]
            out[name] = json.loads(text) if text.startswith("[") else from_json(text)
    return out | {name: value for name, value in rest.items() if name not in _OWN}


def line_of(row: Mapping[str, Any]) -> bytes:
    """Return a row as it is hashed: JSON of its columns in order, instants in microseconds."""
    return json.dumps(list(row.values()), default=micros, separators=(",", ":")).encode()


def _items(kind: Kind, stored: Snapshot) -> Iterator[Row]:
    shared = {name: stored.data[name] for name in _OF_DOCUMENT[kind] if name in stored.data}
    extra: Row = {}
    if "items" in stored.data:
        known = (*_OF_DOCUMENT[kind], *_BATCH)
        extra = {name: value for name, value in stored.data.items() if name not in known}
    own = kind.removesuffix("s")
    for at, (key, item) in enumerate(items_by_id(stored).items()):
        place = {"document": stored.ref.id, "position": at, "kind": own}
        named = {"id": key} if kind == "observations" else {}
        yield _fit(kind, place | named, dict(item) | shared | extra)
    for n, exposure in enumerate(exposures_of(stored.data)):
        place = {"document": stored.ref.id, "position": n, "kind": "exposure"}
        yield _fit(kind, place, dict(exposure) | shared | extra)


def _fit(kind: Kind, place: Row, fields: Row) -> Row:
    """Return a row: each field in the column of its name, or in `rest`."""
    row = _empty(kind) | place
    types = {column.name: column.type for column in COLUMNS[kind] if column.name not in _OWN}
    fields, rest = _spread(fields) if kind == "rewards" else (fields, {})
    for name, value in fields.items():
        told = _told(types[name], value) if name in types else None
        if told is None:
            rest[name] = value
        else:
            row[name] = told
    return row | {"rest": to_json(rest)} if rest else row


def _spread(fields: Row) -> tuple[Row, Row]:
    """Return a reward's fields with its terms as columns; what is no four terms is rest."""
    details = fields.get("details")
    plain = {name: value for name, value in fields.items() if name != "details"}
    own = {name: plain.pop(name) for name in DETAILS if name in plain}
    if not isinstance(details, Mapping) or set(details) != set(DETAILS):
        return plain, own | ({"details": details} if "details" in fields else {})
    if not all(isinstance(value, float) for value in details.values()):
        return plain, own | {"details": details}
    return plain | dict(details), own


def _empty(kind: Kind) -> Row:
    return {column.name: None for column in COLUMNS[kind]}


def _told(kind: Type, value: Any) -> Any:
    """Return a value as its column holds it, None where it cannot."""
    if kind == "text":
        return value if isinstance(value, str) else None
    if kind == "flag":
        return value if isinstance(value, bool) else None
    if kind == "instant":
        return value if isinstance(value, datetime) else None
    if kind == "json":
        return _json(value)
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    if kind == "int":
        return value if whole else None
    return float(value) if whole or isinstance(value, float) else None


def _json(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return to_json(value)
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return json.dumps(value)
    return None
