"""The OpenAPI document of the HTTP functions, from the models that parse their requests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from ratchet.datasets.collecting.receive import Received
from ratchet.datasets.extract.events import Asked, Completed
from ratchet.entry.http.operations import RESPONSES, paths
from ratchet.entry.http.v1 import openapi as v1
from ratchet.entry.http.v1.runs import RunBatch, RunSent
from ratchet.kernel.document import Model
from ratchet.observe.exposure import Exposure
from ratchet.observe.feedback import FeedbackTaken
from ratchet.observe.grade import Grade
from ratchet.observe.observation import MAX_BATCH, DocumentId, Observation, Rejection
from ratchet.observe.record import Recorded
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.resolve import Resolution
from ratchet.runs.record import RunsRecorded

LAST_INSTANT = 253_402_300_799_999


class ObservationSent(Observation):
    """An observation by itself; without an id it gets one."""

    id: DocumentId | None = None


class ExposureSent(Exposure):
    """An exposure by itself; without an id it gets one."""

    id: DocumentId | None = None


class ObservationBatch(Model):
    """Observations and exposures under one id; the same id and content is stored once."""

    model_config = ConfigDict(strict=True)

    id: DocumentId | None = None
    observations: Annotated[list[Observation | Exposure], Field(min_length=1, max_length=MAX_BATCH)]


class GradeBatch(Model):
    """Late grades, together."""

    model_config = ConfigDict(strict=True)

    feedback: Annotated[list[Grade], Field(min_length=1, max_length=MAX_BATCH)]


class EventSent(Model):
    """One CloudEvent; extensions are kept with it."""

    model_config = ConfigDict(extra="allow", strict=True)

    specversion: Literal["1.0"]
    id: Asked
    source: Asked
    type: Literal["execution.completed", "planning.completed"]
    time: Annotated[str, Field(description="RFC 3339, like 2026-01-02T03:04:05Z")] | None = None
    data: Completed


class Fault(Model):
    """What went wrong, where, and what to do about it."""

    code: Annotated[str, Field(pattern=r"^RATCHET-\d{4}$")]
    message: str
    field: str | None = None
    mend: str | None = None
    rejected: tuple[Rejection, ...] | None = None


class Failed(Model):
    """The one shape of every error."""

    error: Fault


class Health(Model):
    """The answer of a service that reaches its store."""

    status: str


MODELS: tuple[type[BaseModel], ...] = (
    ObservationSent,
    ExposureSent,
    ObservationBatch,
    Recorded,
    GradeBatch,
    FeedbackTaken,
    RunSent,
    RunBatch,
    RunsRecorded,
    EventSent,
    Received,
    Resolution,
    PolicyHead,
    Health,
    Failed,
)


class OnTheWire(GenerateJsonSchema):
    """JSON Schema of what travels: an instant is a whole number of milliseconds since 1970.

    What is unknown is absent, so no field has null as its default; titles that repeat the name of
    a field are left out.
    """

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """Return the schema of an instant."""
        return {
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": LAST_INSTANT,
            "description": "milliseconds since 1970-01-01T00:00:00Z",
        }

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the schema of a field with a default."""
        default = schema.get("default")
        if default is None or isinstance(default, datetime):  # it is no instant on the wire
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Say whether a field is there; what may be unknown is then absent."""
        return super().field_is_required(field, total) and field["schema"]["type"] != "nullable"

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave titles out."""
        return False


def document(
    rollback: type[BaseModel], version: str, now: datetime, *, app_check: bool = False
) -> dict[str, Any]:
    """Return the document; `rollback` is the model of that function's body.

    The instants of the examples are `now`, so that the examples are taken as they stand.
    """
    kinds = (*MODELS, rollback, *v1.models())
    where, found = models_json_schema(
        [(kind, "validation") for kind in kinds],
        ref_template="#/components/schemas/{model}",
        schema_generator=OnTheWire,
    )
    refs = {kind: str(where[kind, "validation"]["$ref"]) for kind in kinds}
    schemes = {**_BEARER, **(_APP_CHECK if app_check else {})}
    besides = schemes.keys() - _BEARER.keys()
    needs: dict[str, Any] = {scheme: [] for scheme in besides}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ratchet",
            "version": version,
            "summary": "Record what components do, ask which policy to run, and review both.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "where this document is served"}],
        "paths": paths(now, besides) | v1.operations(refs, needs, OnTheWire),
        "components": {
            "schemas": found["$defs"],
            "responses": RESPONSES,
            "securitySchemes": schemes,
        },
    }


_BEARER: Mapping[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A Firebase ID token with the claim `role`, or the OIDC token of a service "
        "account that `config/access` lists.",
    }
}
_APP_CHECK: Mapping[str, Any] = {
    "appCheck": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Firebase-AppCheck",
        "description": "A token of Firebase App Check.",
    }
}
