"""Record the queries that the tests make, and judge them when the session ends."""

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ratchet.store.port import Query
from tests.support.indexes import Shape, brief, index_of, missing, shape_of, unused

INDEXES = Path(__file__).parents[2] / "firestore.indexes.json"
# Ratchet's own collections; the tests of the stores themselves use others.
OURS = ("ops_", "config")

SEEN: dict[Shape, str] = {}


def watch(store: type) -> None:
    """Make a store class record every query that it is asked."""
    for name in ("query", "stream", "count"):
        asked = getattr(store, name)
        if not hasattr(asked, "watched"):
            setattr(store, name, _watched(asked))


def _watched(asked: Any) -> Any:
    @functools.wraps(asked)
    def ask(self: Any, query: Query) -> Any:
        if query.collection.startswith(OURS):
            SEEN.setdefault(shape_of(query), f"{query.collection} {query.where} {query.order_by}")
        return asked(self, query)

    ask.watched = True  # type: ignore[attr-defined]  # a mark on the function
    return ask


def packed(seen: Mapping[Shape, str]) -> list[Any]:
    """Return what was recorded in plain values, which one process can send to another."""
    return [(s.collection, sorted(s.equal), list(s.ordered), told) for s, told in seen.items()]


def unpacked(sent: Iterable[Any]) -> dict[Shape, str]:
    """Return what was recorded by another process."""
    return {
        Shape(collection, frozenset(equal), tuple((name, down) for name, down in ordered)): told
        for collection, equal, ordered, told in sent
    }


def judge(seen: Mapping[Shape, str], *, whole: bool) -> tuple[list[str], list[str]]:
    """Return (failures, warnings) of a session; idle indexes fail only a whole one."""
    declared = json.loads(INDEXES.read_text())
    failures = [
        f"query {seen[shape]} {reason}; firestore.indexes.json wants {json.dumps(index_of(shape))}"
        for shape, reason in missing(seen, declared)
    ]
    spare = ", ".join(brief(index) for index in unused(seen, declared))
    idle = [f"no query used {spare} of firestore.indexes.json"] if spare else []
    return (failures + idle, []) if whole else (failures, idle)
