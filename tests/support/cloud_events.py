"""CloudEvents of Firestore as Eventarc sends them, built with Google's own message types."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cloudevents.http import CloudEvent, from_http
from google.events.cloud.firestore import (  # type: ignore[import-untyped]  # it ships no types
    Document,
    DocumentEventData,
    Value,
)

WRITTEN = "google.cloud.firestore.document.v1.written.withAuthContext"
CREATED_AT = "2026-01-01T12:00:00.000001Z"
UPDATED_AT = "2026-01-01T12:00:01.123456789Z"


def document(path: str, *, database: str = "(default)", **fields: Value) -> Document:
    """Return a document with its name and times."""
    return Document(
        name=f"projects/demo-ratchet/databases/{database}/documents/{path}",
        fields=fields,
        create_time=CREATED_AT,
        update_time=UPDATED_AT,
    )


def text(value: str) -> Value:
    """Return a text."""
    return Value(string_value=value)


def attributes(path: str, **changes: str | None) -> dict[str, str]:
    """Return the attributes of an event about a document; None takes one away."""
    database = changes.get("database") or "(default)"
    given: dict[str, str | None] = {
        "specversion": "1.0",
        "id": "b5f8a6d2-1",
        "type": WRITTEN,
        "source": f"//firestore.googleapis.com/projects/demo-ratchet/databases/{database}",
        "subject": f"documents/{path}",
        "time": "2026-01-01T12:00:01Z",
        "datacontenttype": "application/protobuf",
        "location": "us-central1",
        "project": "demo-ratchet",
        "database": database,
        "namespace": "(default)",
        "document": path,
        "authtype": "service_account",
        "authid": "tuner@demo-ratchet.iam.gserviceaccount.com",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def told(before: Document | None, after: Document | None) -> Any:
    """Return what an event carries."""
    return DocumentEventData(old_value=before, value=after)


def binary(said: Mapping[str, str], data: Any) -> CloudEvent:
    """Return an event in binary mode: attributes as headers, protobuf as the body."""
    headers = {f"ce-{name}": value for name, value in said.items() if name != "datacontenttype"}
    headers["content-type"] = "application/protobuf"
    return from_http(headers, DocumentEventData.serialize(data))


def binary_json(said: Mapping[str, str], data: Any) -> CloudEvent:
    """Return an event in binary mode whose body is JSON."""
    headers = {f"ce-{name}": value for name, value in said.items() if name != "datacontenttype"}
    headers["content-type"] = "application/json"
    return from_http(headers, DocumentEventData.to_json(data).encode())


def structured(said: Mapping[str, str], data: Any) -> CloudEvent:
    """Return an event in structured mode, with protobuf as base64."""
    body = {**said, "data_base64": base64.b64encode(DocumentEventData.serialize(data)).decode()}
    return from_http({"content-type": "application/cloudevents+json"}, json.dumps(body).encode())


def structured_json(said: Mapping[str, str], data: Any) -> CloudEvent:
    """Return an event in structured mode, with JSON inside."""
    held = {
        "datacontenttype": "application/json",
        "data": json.loads(DocumentEventData.to_json(data)),
    }
    return from_http(
        {"content-type": "application/cloudevents+json; charset=utf-8"},
        json.dumps({**said, **held}).encode(),
    )


MODES = (binary, binary_json, structured, structured_json)
