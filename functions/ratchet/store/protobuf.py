"""Maps and queries as Firestore's raw protobufs.

The client's own encoder wraps every value in a proto-plus object, which is most of the cost of a
write; these build the same bytes directly.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1.types import document, query

from ratchet.kernel.clock import from_micros, micros
from ratchet.store.port import Data, Query

# Generated message classes, which carry no types of their own.
Value: Any = document.Value.pb()
StructuredQuery: Any = query.StructuredQuery.pb()

_ASCENDING, _DESCENDING = 1, 2
_AND = 1
_OPERATORS = {"<": 1, "<=": 2, ">": 3, ">=": 4, "==": 5, "in": 8}
_MILLION = 1_000_000


def put(target: Any, value: Any) -> None:
    """Fill a `Value` with a plain value."""
    kind = type(value)
    if kind is str:
        target.string_value = value
    elif kind is int:
        target.integer_value = value
    elif kind is float:
        target.double_value = value
    elif kind is bool:
        target.boolean_value = value
    elif value is None:
        target.null_value = 0
    elif isinstance(value, Mapping):
        target.map_value.SetInParent()
        put_fields(target.map_value.fields, value)
    elif kind is list or kind is tuple:
        target.array_value.SetInParent()
        for item in value:
            put(target.array_value.values.add(), item)
    elif kind is bytes:
        target.bytes_value = value
    elif isinstance(value, datetime):
        seconds, fraction = divmod(micros(value), _MILLION)
        target.timestamp_value.SetInParent()
        target.timestamp_value.seconds = seconds
        target.timestamp_value.nanos = fraction * 1000
    else:
        raise TypeError(f"a {kind.__name__} cannot be stored")


def put_fields(fields: Any, data: Data) -> None:
    """Fill the fields of a document or a map."""
    for name, value in data.items():
        put(fields[name], value)


def take(value: Any) -> Any:
    """Return the plain value of a `Value`."""
    kind = value.WhichOneof("value_type")
    if kind not in _TAKERS:
        return f"({kind})"
    return _TAKERS[kind](getattr(value, kind))


def take_fields(fields: Any) -> dict[str, Any]:
    """Return the map of the fields of a document or a map."""
    return {name: take(value) for name, value in fields.items()}


def instant(stamp: Any) -> datetime:
    """Return the instant of a protobuf timestamp, to the microsecond."""
    return from_micros(stamp.seconds * _MILLION + stamp.nanos // 1000)


def _itself(value: Any) -> Any:
    return value


# A reference or a geographical point is there by somebody's hand alone, and reads as a text that
# says so: what it stands in must still be read, to be refused or put back.
_TAKERS: dict[str, Callable[[Any], Any]] = {
    "string_value": _itself,
    "integer_value": _itself,
    "double_value": _itself,
    "boolean_value": _itself,
    "bytes_value": _itself,
    "null_value": lambda _: None,
    "timestamp_value": instant,
    "map_value": lambda held: take_fields(held.fields),
    "array_value": lambda held: [take(item) for item in held.values],
}


def structured(asked: Query, documents: str) -> Any:
    """Return a query as Firestore takes it, with its whole ordering spelt out.

    `documents` is the path under which collections are: `projects/…/documents`.
    """
    message = StructuredQuery()
    message.from_.add(collection_id=asked.collection)
    conditions = [_condition(f.field, f.op, f.value) for f in asked.where]
    if len(conditions) == 1:
        message.where.CopyFrom(conditions[0])
    elif conditions:
        message.where.composite_filter.op = _AND
        message.where.composite_filter.filters.extend(conditions)
    for name, descending in (*asked.ordering(), ("__name__", asked.descending)):
        order = message.order_by.add(direction=_DESCENDING if descending else _ASCENDING)
        order.field.field_path = name
    if asked.limit is not None:
        message.limit.value = asked.limit
    if asked.start_after is not None:
        *seen, key = asked.start_after
        path = f"{documents}/{asked.collection}/{key}" if key else ""
        _cursor(message, seen, path, asked.descending)
    return message


def _condition(field: str, operator: str, value: Any) -> Any:
    found = StructuredQuery.Filter()
    found.field_filter.field.field_path = field
    found.field_filter.op = _OPERATORS[operator]
    put(found.field_filter.value, value)
    return found


def _cursor(message: Any, seen: Sequence[Any], path: str, descending: bool) -> None:
    """Start behind a document; an empty path sorts before every document of the same values."""
    if not seen and not path:
        return
    for value in seen:
        put(message.start_at.values.add(), value)
    if path:
        message.start_at.values.add(reference_value=path)
    message.start_at.before = not path and not descending
