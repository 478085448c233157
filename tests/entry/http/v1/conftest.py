"""Every answer of a test under /v1 is held to the OpenAPI document."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from ratchet.entry.http import Rollback
from ratchet.entry.http.describe import document
from ratchet.entry.http.v1.handle import find, path_of
from ratchet.govern.roles import Actor
from ratchet.kernel.errors import RatchetError
from tests.support.functions import Answer, Functions


class Described(Functions):
    """The functions, each of whose answers is what the document says."""

    def send(
        self, name: str, *, method: str = "POST", actor: Actor | None = None, **sent: Any
    ) -> Answer:
        """Send a request, and hold the answer to the document."""
        found = super().send(name, method=method, actor=actor, **sent)
        if name.startswith("api/"):
            fault = next(schema_of(found).iter_errors(found.body), None)
            assert fault is None, f"{name}: {fault}"
        return found


def schema_of(answer: Answer) -> jsonschema_rs.Draft202012Validator:
    """Return the schema of an answer."""
    method, status = answer.response.request.method, answer.status
    try:
        route, _ = find(method, path_of(answer.response.request))
    except RatchetError:
        return _validator("/components/schemas/Failed")
    shown = _document()["paths"][f"/api{route.path}"][method.lower()]["responses"][str(status)]
    if "$ref" in shown:
        return _validator("/components/schemas/Failed")
    ref: str = shown["content"]["application/json"]["schema"]["$ref"]
    return _validator(ref.removeprefix("#"))


@cache
def _document() -> dict[str, Any]:
    return document(Rollback, "0.1.0", datetime(2026, 1, 1, tzinfo=UTC))


@cache
def _validator(where: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**_document(), "$ref": f"#{where}"})


@pytest.fixture
def functions(functions: Functions) -> Functions:
    """The functions on each store in turn, held to the document."""
    return Described()
