"""The port: what Ratchet asks of a document store, in Firestore's own terms.

Data are plain maps: str, int (64 bits), finite float, bool, None, aware datetime, bytes, lists and
maps of these. A list directly inside a list and field names like `__x__` are refused, as there.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar, get_args

from ratchet.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from ratchet.store.transact import Transaction

T = TypeVar("T")
Data = Mapping[str, Any]
Operator = Literal["==", "<", "<=", ">", ">=", "in"]

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
MAX_IN = 30
_COMPARABLE = (str, bool, int, float, datetime)


class Ref(NamedTuple):
    """Where a document is."""

    collection: str
    id: str

    def __str__(self) -> str:
        return f"{self.collection}/{self.id}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document as it was read; `token` guards a replacement and changes when the data change.

    As in Firestore, a write that changes nothing leaves the token: it guards, but it is no lock.
    """

    ref: Ref
    data: dict[str, Any]
    token: Any


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a batch. `token` guards: it holds only if the document was not written since.

    `create` wants the document absent; `set` replaces it whole; `delete` removes it.
    """

    kind: Literal["create", "set", "delete"]
    ref: Ref
    data: Data = field(default_factory=dict)
    token: Any = None


class Filter(NamedTuple):
    """One condition; a range holds only for values of the same type."""

    field: str
    op: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Query:
    """An ordered query over one collection; ties are broken by document id, always.

    `order_by` names fields, with a leading `-` for descending; a document without one of them is
    left out. `start_after` holds the last seen values of `ordering()` and then the document id; an
    empty id sorts before every document.

    Raises: InvalidInput for a name, an operator or a value that Firestore does not take.
    """

    collection: str
    where: tuple[Filter, ...] = ()
    order_by: tuple[str, ...] = ()
    limit: int | None = None
    start_after: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.collection):
            raise InvalidInput(f"{self.collection!r} is no collection name", field="collection")
        for condition in self.where:
            _check(condition)
        for name, _ in self.ordering():
            _check_field(name)
        if self.limit is not None and self.limit < 0:
            raise InvalidInput(f"limit {self.limit} is negative", field="limit")
        if self.start_after is not None and len(self.start_after) != len(self.ordering()) + 1:
            raise InvalidInput(
                "start_after wants a value for each ordered field and the document id",
                field="start_after",
            )

    def ordering(self) -> tuple[tuple[str, bool], ...]:
        """Return (field, descending) of each ordered field; ranges not named follow, by name."""
        named = [(name.removeprefix("-"), name.startswith("-")) for name in self.order_by]
        ranged = {f.field for f in self.where if f.op not in ("==", "in")}
        return (*named, *((f, self.descending) for f in sorted(ranged - {n for n, _ in named})))

    @property
    def descending(self) -> bool:
        """Whether ties run down: the id follows the direction of the last ordered field."""
        return bool(self.order_by) and self.order_by[-1].startswith("-")

    def after(self, last: Snapshot, limit: int | None) -> "Query":
        """Return the rest of the query behind a document that it delivered."""
        seen = (value_at(last.data, name) for name, _ in self.ordering())
        return replace(self, limit=limit, start_after=(*seen, last.ref.id))


def value_at(data: Data, path: str) -> Any:
    """Return the value at a dotted path."""
    value: Any = data
    for part in path.split("."):
        value = value[part]
    return value


def _check(condition: Filter) -> None:
    _check_field(condition.field)
    if condition.op not in get_args(Operator):
        raise InvalidInput(f"{condition.op!r} is no operator", field=condition.field)
    listed = isinstance(condition.value, list | tuple)
    values = condition.value if listed else [condition.value]
    if listed != (condition.op == "in") or not 0 < len(values) <= MAX_IN:
        raise InvalidInput(
            f"`in` takes a list of 1 to {MAX_IN} values, the others take one", field=condition.field
        )
    for value in values:
        if not isinstance(value, _COMPARABLE):
            raise InvalidInput(f"no query on a {type(value).__name__}", field=condition.field)


def _check_field(name: str) -> None:
    if not all(NAME.fullmatch(part) for part in name.split(".")):
        raise InvalidInput(f"{name!r} is no field name", field=name)


class Store(Protocol):
    """A document store. Its errors are Ratchet's own: Conflict, TooLarge, Unavailable and so on."""

    def get(self, ref: Ref) -> Snapshot | None:
        """Return one document, or None where there is none."""

    def get_many(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
        """Return documents in the order asked for."""

    def create(self, ref: Ref, data: Data) -> None:
        """Write a document that must not exist yet, else AlreadyExists."""

    def set(self, ref: Ref, data: Data) -> None:
        """Write a whole document, whatever was there."""

    def replace(self, ref: Ref, data: Data, token: Any) -> None:
        """Write a whole document that was not written since `token` was read, else Conflict."""

    def delete(self, ref: Ref) -> None:
        """Remove a document; a missing one is no error."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none; Conflict or AlreadyExists names the first guard that failed."""

    def transact(self, body: "Callable[[Transaction], T]", *, self_checking: bool = False) -> T:
        """Run a body that reads and then writes, all or nothing; see `transact.run`."""

    def query(self, query: Query) -> list[Snapshot]:
        """Return the documents of a query."""

    def stream(self, query: Query) -> Iterator[Snapshot]:
        """Yield the documents of a query without holding them all."""

    def count(self, query: Query) -> int:
        """Count the documents of a query without reading them."""

    def expire(self, collection: str, before: Any) -> int:
        """Remove documents whose `expireAt` is past, where the store has no TTL of its own."""

    def collections(self) -> list[str]:
        """Return the names of the collections that hold documents, in order."""

    def snapshot(self, moment: str | None = None) -> "AbstractContextManager[FrozenStore]":
        """Open the store as it is now, or as it was at a moment that was read before.

        Raises: NotFound where that moment can no longer be read.
        """

    def close(self) -> None:
        """Let go of files and connections."""


class FrozenStore(Store, Protocol):
    """A store as it was at one moment: every read is of it, and a write is Refused."""

    @property
    def moment(self) -> str:
        """Return what names the moment to a later `snapshot`."""
