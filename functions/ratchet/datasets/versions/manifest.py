"""The lists of a version, one JSON line each: what is in it, and what is not and why."""

import json
from collections.abc import Iterable, Iterator, Mapping

from ratchet.datasets.versions.version import SPLITS, Entry, LeftOut
from ratchet.kernel.canonical import canonical


def manifest_order(entry: Entry) -> tuple[int, str]:
    """Return what the lines of a manifest are sorted by: split, then id."""
    return SPLITS.index(entry.split), entry.id


def manifest_bytes(entries: Iterable[Entry]) -> bytes:
    """Return a manifest; the same entries in any order give the same bytes."""
    rows = (canonical(entry.to_map()) for entry in sorted(entries, key=manifest_order))
    return b"".join(row + b"\n" for row in rows)


def read_manifest(data: bytes) -> Iterator[Entry]:
    """Yield the entries of a manifest, in its order."""
    return (Entry.parse(json.loads(row)) for row in data.split(b"\n") if row)


def left_out_bytes(reasons: Mapping[str, LeftOut]) -> bytes:
    """Return the list of ids and reasons, in order of id."""
    rows = (canonical({"id": key, "reason": reasons[key]}) for key in sorted(reasons))
    return b"".join(row + b"\n" for row in rows)


def read_left_out(data: bytes) -> dict[str, LeftOut]:
    """Return why each example is not in a version."""
    rows = (json.loads(row) for row in data.split(b"\n") if row)
    return {row["id"]: row["reason"] for row in rows}
