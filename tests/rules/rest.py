"""Firestore's REST door as a client with a token sees it, on an emulator that holds the rules."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import httpx
from google.cloud.firestore_v1.types import document
from google.protobuf.json_format import (  # type: ignore[import-untyped]  # ships no types
    MessageToDict,
)

from ratchet.store.protobuf import put_fields
from tests.emulator import server

Write = dict[str, Any]
ROOT = f"projects/{server.PROJECT}/databases/(default)/documents"
# What each kind of caller has in its token; None has no token.
CLAIMS: dict[str, dict[str, Any] | None] = {
    "nobody": None,
    "no role": {},
    "service": {"role": "service"},
    "admin": {"role": "admin"},
}
# The emulator's own way around the rules.
OWNER = "owner"


def unsigned(claims: Mapping[str, Any]) -> str:
    """Return a token that only an emulator takes."""
    body = {"sub": "someone", "user_id": "someone", "iat": 0} | dict(claims)
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, body)]
    return ".".join([*(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts), ""])


def stored(path: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as REST takes it."""
    message = document.Document.pb()()
    put_fields(message.fields, data)
    return {"name": f"{ROOT}/{path}", "fields": MessageToDict(message).get("fields", {})}


def created(path: str, data: Mapping[str, Any], *by_server: str) -> Write:
    """Return the write of a new document; the server's time goes into the fields `by_server`."""
    return {
        "update": stored(path, data),
        "updateTransforms": _transforms(by_server),
        "currentDocument": {"exists": False},
    }


def updated(
    path: str, data: Mapping[str, Any], *by_server: str, gone: tuple[str, ...] = ()
) -> Write:
    """Return the write of some fields of a document; those in `gone` are removed."""
    return {
        "update": stored(path, data),
        "updateMask": {"fieldPaths": [*data, *gone]},
        "updateTransforms": _transforms(by_server),
        "currentDocument": {"exists": True},
    }


def deleted(path: str) -> Write:
    """Return the removal of a document."""
    return {"delete": f"{ROOT}/{path}"}


def _transforms(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"fieldPath": name, "setToServerValue": "REQUEST_TIME"} for name in names]


class Door:
    """What one caller asks of the documents."""

    def __init__(self, host: str, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=f"http://{host}", headers=headers, timeout=30)

    def commit(self, *writes: Write) -> httpx.Response:
        """Write all or nothing."""
        return self._http.post(f"/v1/{ROOT}:commit", json={"writes": writes})

    def get(self, path: str) -> httpx.Response:
        """Read one document."""
        return self._http.get(f"/v1/{ROOT}/{path}")

    def query(self, collection: str, limit: int | None = None, **more: Any) -> httpx.Response:
        """Read the documents of a query; `more` goes into the choice of the collection."""
        asked = _structured(collection, limit, more)
        return self._http.post(f"/v1/{ROOT}:runQuery", json={"structuredQuery": asked})

    def count(self, collection: str, limit: int | None = None) -> httpx.Response:
        """Count the documents of a query."""
        counted = {
            "structuredQuery": _structured(collection, limit, {}),
            "aggregations": [{"alias": "n", "count": {}}],
        }
        asked = {"structuredAggregationQuery": counted}
        return self._http.post(f"/v1/{ROOT}:runAggregationQuery", json=asked)

    def documents(self, collection: str) -> dict[str, Any]:
        """Return a collection's documents by their paths."""
        rows = self.query(collection).raise_for_status().json()
        found = [row["document"] for row in rows if "document" in row]
        return {one["name"].removeprefix(f"{ROOT}/"): one["fields"] for one in found}

    def clear(self) -> None:
        """Remove every document, as `server.clear` does, without a connection of its own."""
        self._http.delete(f"/emulator/v1/{ROOT}").raise_for_status()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()


def _structured(collection: str, limit: int | None, more: dict[str, Any]) -> dict[str, Any]:
    bound = {} if limit is None else {"limit": limit}
    return {"from": [{"collectionId": collection} | more]} | bound
