"""Queries as SQLite's SQL over documents kept as JSON."""

from datetime import datetime
from typing import Any

from ratchet.kernel.clock import micros
from ratchet.store.encoding import TIME
from ratchet.store.port import Filter

_OPERATORS = {"==": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def value_of(name: str) -> str:
    """Return the SQL of a field's value; an instant compares by its microseconds."""
    return f"COALESCE(json_extract(data, '$.{name}.{TIME}'), json_extract(data, '$.{name}'))"


def _bound(value: Any) -> Any:
    return micros(value) if isinstance(value, datetime) else value


def _types(value: Any) -> str:
    if isinstance(value, datetime):
        return "('object')"
    if isinstance(value, bool):
        return "('true', 'false')"
    return "('integer', 'real')" if isinstance(value, int | float) else "('text')"


def matching(condition: Filter) -> tuple[str, list[Any]]:
    """Return the SQL of one condition, and what is bound to its marks."""
    expression = value_of(condition.field)
    if condition.op == "in":
        marks = ", ".join("?" for _ in condition.value)
        return f"{expression} IN ({marks})", [_bound(v) for v in condition.value]
    operator = _OPERATORS[condition.op]
    return f"{expression} {operator} ? AND {typed(condition)}", [_bound(condition.value)]


def typed(condition: Filter) -> str:
    """Return the SQL by which a field has the type that a condition asks for."""
    return f"json_type(data, '$.{condition.field}') IN {_types(condition.value)}"


def is_passed(condition: Filter, key: tuple[str, bool], seen: Any) -> bool:
    """Say whether whatever is beyond a seen value of an ordered field fulfils a range on it.

    Of two bounds on one side SQLite seeks to the first, so that each page would read them all.
    """
    name, descending = key
    if condition.field != name or type(condition.value) is not type(seen):
        return False
    if descending:
        within = condition.op == "<=" and seen <= condition.value
        return within or (condition.op == "<" and seen < condition.value)
    within = condition.op == ">=" and seen >= condition.value
    return within or (condition.op == ">" and seen > condition.value)


def beyond(
    keys: list[tuple[str, bool]], seen: tuple[Any, ...] | None
) -> list[tuple[list[str], list[Any], list[tuple[str, bool]]]]:
    """Return the conditions of `keys > seen`, ties of the most keys first, and what still orders.

    One `OR` of them would not seek: with many equal first keys each page would read them all.
    """
    if seen is None:
        return [([], [], keys)]
    values = [_bound(v) for v in seen]
    out = []
    for i in reversed(range(len(keys))):
        expression, descending = keys[i]
        equal = [f"{e} = ?" for e, _ in keys[:i]]
        last = f"{expression} {'<' if descending else '>'} ?"
        out.append(([*equal, last], values[: i + 1], keys[i:]))
    return out
