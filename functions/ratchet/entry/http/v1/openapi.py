"""The part of the OpenAPI document that is /v1: a path for each route, from the same table."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from ratchet.entry.http.v1.idempotency import FORM, HEADER, REPLAY
from ratchet.entry.http.v1.route import Route, adapter
from ratchet.entry.http.v1.routes import ROUTES
from ratchet.kernel.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    RatchetError,
    Refused,
    Throttled,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Unavailable,
    WrongMedia,
    WrongMethod,
)

Schema = dict[str, Any]
PREFIX = "/api"
READING = (
    InvalidInput,
    Unauthenticated,
    Refused,
    NotFound,
    WrongMethod,
    Throttled,
    RatchetError,
    Unavailable,
)
CHANGING = (*READING, TooSlow, Conflict, TooLarge, WrongMedia)
_KEY: Schema = {
    "name": HEADER,
    "in": "header",
    "description": "the same key and request within a day is done once, and answered as first, "
    "refusals too, with `Idempotent-Replay: true`; another request under it, or the same while it "
    "is under way, is a conflict",
    "schema": {"type": "string", "pattern": FORM},
}


_REPLAYED: Schema = {
    REPLAY: {
        "description": "there where the answer is that of the first time",
        "schema": {"const": "true"},
    }
}


def models() -> list[type[BaseModel]]:
    """Return the models of bodies and answers."""
    found = [model for route in ROUTES for model in (route.body, route.answer) if model]
    return list(dict.fromkeys(found))


def operations(
    refs: Mapping[type[BaseModel], str], needs: Schema, generator: type[GenerateJsonSchema]
) -> Schema:
    """Return the paths; `refs` says where the schema of each model is, `needs` what all want."""
    shown: Schema = {}
    for route in ROUTES:
        operation = _operation(route, refs, generator)
        operation["security"] = [{"bearer": [route.role]} | needs]
        shown.setdefault(PREFIX + route.path, {})[route.method.lower()] = operation
    return shown


def _operation(
    route: Route, refs: Mapping[type[BaseModel], str], generator: type[GenerateJsonSchema]
) -> Schema:
    errors = READING if route.method == "GET" else CHANGING
    answer = {"application/json": {"schema": {"$ref": refs[route.answer]}}}
    shown: Schema = {
        "operationId": _name(route),
        "summary": str(route.verb.__doc__).partition("\n")[0],
        "description": f"For the role `{route.role}`" + (", as of now." if route.fresh else "."),
        "parameters": [*_in_path(route), *_in_query(route, generator)],
        "responses": {
            "200": {"description": "the answer", "content": answer},
            **{str(e.http): {"$ref": f"#/components/responses/{e.__name__}"} for e in errors},
        },
    }
    if route.method == "POST":
        shown["parameters"].append(_KEY)
        shown["responses"]["200"]["headers"] = _REPLAYED
    if route.body is not None:
        body = {"application/json": {"schema": {"$ref": refs[route.body]}}}
        shown["requestBody"] = {"required": not route.bare, "content": body}
    return shown


def _name(route: Route) -> str:
    """Return an id that no two operations share, like `approvals_approve`."""
    resource = route.verb.__module__.rpartition(".")[2]
    return f"{resource}_{route.verb.__name__}"


def _in_path(route: Route) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": "as it is listed, or percent-encoded",
            "schema": adapter(name).json_schema(),
        }
        for name in route.names
    ]


def _in_query(route: Route, generator: type[GenerateJsonSchema]) -> list[Schema]:
    """Return a parameter for each field of what is asked; what may be absent is not null."""
    if route.query is None:
        return []
    model = TypeAdapter(route.query).json_schema(schema_generator=generator)
    required = model.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _present(schema)}
        for name, schema in model["properties"].items()
    ]


def _present(schema: Schema) -> Schema:
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema
