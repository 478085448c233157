"""Which index a query needs, and whether firestore.indexes.json declares it.

The emulator never asks for a missing index, so the tests' queries are held against the file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.store.port import Query


@dataclass(frozen=True, slots=True)
class Shape:
    """What an index sees of a query: equal fields in any order, then ordered ones (descending?)."""

    collection: str
    equal: frozenset[str]
    ordered: tuple[tuple[str, bool], ...]

    @property
    def is_composite(self) -> bool:
        """Whether single-field indexes, alone or merged, are not enough."""
        return bool(self.ordered) and len(self.equal) + len(self.ordered) > 1

    @property
    def fields(self) -> set[str]:
        """Every field that the query looks at."""
        return {*self.equal, *(name for name, _ in self.ordered)}


def shape_of(query: Query) -> Shape:
    """Return the shape of a query; `in` is an equality, and ordering by an equal field is none."""
    fixed = {f.field for f in query.where if f.op == "=="}
    ordered = tuple(key for key in query.ordering() if key[0] not in fixed)
    within = {f.field for f in query.where if f.op == "in"} - {name for name, _ in ordered}
    return Shape(query.collection, frozenset(fixed | within), ordered)


def index_of(shape: Shape) -> dict[str, Any]:
    """Return the JSON of the composite index that a shape needs."""
    keys = [*((name, False) for name in sorted(shape.equal)), *shape.ordered]
    fields = [
        {"fieldPath": name, "order": "DESCENDING" if descending else "ASCENDING"}
        for name, descending in keys
    ]
    return {"collectionGroup": shape.collection, "queryScope": "COLLECTION", "fields": fields}


def serves(index: Mapping[str, Any], shape: Shape) -> bool:
    """Say whether a declared composite index answers a shape."""
    keys = [(f["fieldPath"], f.get("order") == "DESCENDING") for f in index["fields"]]
    cut = len(shape.equal)
    return (
        index["collectionGroup"] == shape.collection
        and {name for name, _ in keys[:cut]} == shape.equal
        and tuple(keys[cut:]) == shape.ordered
    )


def brief(index: Mapping[str, Any]) -> str:
    """Return an index in a few words: `things(kind, -at)`."""
    fields = index["fields"]
    keys = ("-" * (f.get("order") == "DESCENDING") + f["fieldPath"] for f in fields)
    return f"{index['collectionGroup']}({', '.join(keys)})"


def missing(shapes: Iterable[Shape], declared: Mapping[str, Any]) -> list[tuple[Shape, str]]:
    """Return the shapes that production would refuse, each with its reason."""
    exempt = {
        (override["collectionGroup"], override["fieldPath"])
        for override in declared["fieldOverrides"]
        if not override["indexes"]
    }
    found: list[tuple[Shape, str]] = []
    for shape in shapes:
        if shape.is_composite:
            if not any(serves(index, shape) for index in declared["indexes"]):
                found.append((shape, "has no composite index"))
        else:
            bare = sorted(f for f in shape.fields if (shape.collection, f) in exempt)
            found += [(shape, f"needs the exempted single-field index of {f}") for f in bare]
    return found


def unused(shapes: Iterable[Shape], declared: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the declared composite indexes that no shape asked for."""
    needed = [shape for shape in shapes if shape.is_composite]
    return [i for i in declared["indexes"] if not any(serves(i, shape) for shape in needed)]
