"""A callable that answers with its argument, and posts to it as no official client makes them."""

import json
from typing import Any

from flask import Flask, request

from ratchet.entry.callables.protocol import admins_call
from ratchet.entry.wiring import App
from ratchet.govern.roles import Actor
from ratchet.kernel.document import Model
from tests.support.functions import ADMIN, Answer, Functions

JSON = "application/json"


class Echoed(Model):
    """Any argument."""

    value: Any = None


class Echo(Functions):
    """One callable that answers with its argument, whatever it is."""

    def __init__(self) -> None:
        @admins_call(Echoed)
        def echo(app: App, actor: Actor, asked: Echoed) -> Model:
            return asked

        flask = Flask("echo")
        methods = ["POST", "GET", "PUT", "DELETE", "OPTIONS"]
        flask.add_url_rule("/echo", view_func=lambda: echo(request), methods=methods)
        self._client = flask.test_client()

    def post(self, body: Any, content_type: str | None = JSON, **headers: str) -> Answer:
        """Post a body as it is, or a value as JSON."""
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.send("echo", actor=ADMIN, data=text, content_type=content_type, headers=headers)


def rejected(answer: Answer, status: int, name: str) -> None:
    """Fail unless an answer is a rejection of this status, in the protocol's form."""
    assert (answer.status, answer.error["status"]) == (status, name)
    assert isinstance(answer.error["message"], str)
    assert set(answer.error) <= {"status", "message", "details"}
    assert answer.response.content_type.startswith(JSON)
