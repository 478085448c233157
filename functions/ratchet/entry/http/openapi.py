"""The OpenAPI document of the HTTP functions, from the models that parse their requests."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ratchet.observe.feedback import FeedbackTaken
from ratchet.observe.grade import Grade
from ratchet.observe.observation import Observation
from ratchet.observe.record import Recorded
from ratchet.policies.resolve import Answer

MODELS: tuple[type[BaseModel], ...] = (Observation, Recorded, Grade, FeedbackTaken, Answer)
ERRORS = (400, 401, 403, 404, 405, 408, 409, 413, 415, 429, 500, 503)


def document(rollback: type[BaseModel], version: str) -> dict[str, Any]:
    """Return the document; `rollback` is the model of that function's body."""
    kinds: list[tuple[type[BaseModel], Literal["validation"]]]
    kinds = [(kind, "validation") for kind in (*MODELS, rollback)]
    _, found = models_json_schema(kinds, ref_template="#/components/schemas/{model}")
    schemas = found["$defs"] | {"Error": _ERROR}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ratchet", "version": version},
        "security": [{"bearer": []}],
        "paths": _paths(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _paths() -> dict[str, Any]:
    return {}


_ERROR: Mapping[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "pattern": r"^RATCHET-\d{4}$"},
                "message": {"type": "string"},
                "field": {"type": "string"},
                "mend": {"type": "string"},
                "rejected": {"type": "array", "items": {"$ref": "#/components/schemas/Rejection"}},
            },
        }
    },
}
