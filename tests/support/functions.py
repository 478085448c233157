"""The deployed functions as requests meet them: a Flask application of `main`, and who calls."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import main
from ratchet.entry.identity import ACTOR
from ratchet.govern.roles import Actor

ADMIN = Actor(name="ada-uid", kind="person", role="admin")
SERVICE = Actor(name="router-uid", kind="person", role="service")


@dataclass(frozen=True)
class Answer:
    """What a function answered."""

    status: int
    body: Any
    response: TestResponse

    @property
    def error(self) -> dict[str, Any]:
        """The error, which comes alone."""
        assert set(self.body) == {"error"}
        found: dict[str, Any] = self.body["error"]
        return found

    @property
    def result(self) -> Any:
        """The result of a callable, which comes alone."""
        assert self.status == 200, self.body
        assert set(self.body) == {"result"}
        return self.body["result"]


class Functions:
    """Every function under its name; a request with an actor is one whose token was verified."""

    def __init__(self) -> None:
        flask = Flask("functions")

        @flask.route("/<name>", methods=["GET", "POST", "OPTIONS", "PUT"])
        @flask.route("/<name>/<path:rest>", methods=["GET", "POST", "OPTIONS", "PUT"])
        def answer(name: str, rest: str = "") -> Any:
            return getattr(main, name)(request)

        self._client: FlaskClient = flask.test_client()

    def send(
        self, name: str, *, method: str = "POST", actor: Actor | None = None, **sent: Any
    ) -> Answer:
        """Send a request as Flask's client takes it."""
        environ = {ACTOR: actor} if actor else {}
        response = self._client.open(f"/{name}", method=method, environ_overrides=environ, **sent)
        body = response.get_json(silent=True)
        return Answer(response.status_code, body, response)

    def call(self, name: str, data: Any, *, actor: Actor | None = ADMIN, **sent: Any) -> Answer:
        """Call a callable with data, as the official clients do."""
        return self.send(name, actor=actor, json={"data": data}, **sent)

    def tick(self, name: str, **sent: Any) -> Answer:
        """Run a scheduled function, as Cloud Scheduler does."""
        return self.send(name, **sent)
