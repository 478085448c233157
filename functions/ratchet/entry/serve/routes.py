"""The Flask application: every function under its name, with `/healthz` and `/metrics`."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

from ratchet.entry.http.door import HEADERS
from ratchet.entry.http.door import refusal as refused
from ratchet.entry.logs import log
from ratchet.entry.serve.bounded import Bounded
from ratchet.entry.serve.metrics import CONTENT_TYPE, Metrics
from ratchet.entry.wiring import App
from ratchet.govern.flags import Flags
from ratchet.kernel.errors import (
    InvalidInput,
    NotFound,
    RatchetError,
    TooLarge,
    Unavailable,
    WrongMethod,
)
from ratchet.store.port import Ref

Function = Callable[[Request], Any]
OWN = ("healthz", "metrics")
ALIASES = {"openapi.json": "openapi"}  # where tools look for the document
TREE = "api"  # the one function that has paths below its name
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Functions:
    """What is served. In production `private` ones have no door; here `admit` guards them."""

    public: Mapping[str, Function]
    private: Mapping[str, Function] = field(default_factory=dict)
    admit: Callable[[Request], object] = lambda asked: None


def create_app(app: App, functions: Functions, metrics: Metrics) -> Flask:
    """Return the application; a function's name is its path."""
    flask = Flask("ratchet", static_folder=None)
    flask.url_map.merge_slashes = False  # an id may have two, percent-encoded
    probe = Bounded(lambda: app.store.get(Ref(Flags.collection, Flags.name)))

    def call(name: str, rest: str = "") -> Any:
        name = ALIASES.get(name, name)
        start = time.perf_counter()
        answer = flask.make_response(_run(functions, name))
        known = name if name in functions.public or name in functions.private else "unknown"
        metrics.served(known, answer.status_code, time.perf_counter() - start)
        if name == "record":
            metrics.recorded(_parsed(answer), answer.status_code)
        return answer

    def healthz() -> Response:
        try:
            probe.answer()
        except Exception as error:
            log(logging.ERROR, "the store does not answer", error=error, function="healthz")
            return refusal(Unavailable("the store does not answer", mend="ratchet doctor"))
        return _json({"status": "ok"})

    def scrape() -> Response:
        return Response(metrics.text(), content_type=CONTENT_TYPE)

    flask.add_url_rule("/healthz", view_func=healthz)
    flask.add_url_rule("/metrics", view_func=scrape)
    flask.add_url_rule("/<name>", view_func=call, methods=METHODS, provide_automatic_options=False)
    below = f"/{TREE}/<path:rest>"
    flask.add_url_rule(
        below,
        view_func=call,
        defaults={"name": TREE},
        methods=METHODS,
        provide_automatic_options=False,
    )
    flask.register_error_handler(HTTPException, _http_error)
    return flask


def refusal(error: RatchetError) -> Response:
    """Return an error in the one shape of every surface."""
    reply = refused(error)
    return _json(reply.data, reply.status, reply.headers)


def _run(functions: Functions, name: str) -> Any:
    try:
        if name in functions.private:
            if request.method != "POST":
                raise WrongMethod("this takes POST", allowed=("POST",))
            functions.admit(request)
            return functions.private[name](request)
        if name in OWN:
            raise WrongMethod("this takes GET", allowed=("GET",))
        if name not in functions.public:
            raise NotFound(
                "there is no such function", field="path", mend="`ratchet serve` lists them"
            )
        return functions.public[name](request)
    except RatchetError as error:
        return refusal(error)
    except HTTPException as error:
        return _http_error(error)
    except Exception as error:
        log(logging.ERROR, f"{name} failed", error=error, function=name)
        return refusal(RatchetError("something went wrong here"))


def _http_error(error: HTTPException) -> Response:
    """Return an error of Flask's own in our shape."""
    known: RatchetError = InvalidInput("the request is not taken", mend="send it well-formed")
    if (error.code or 500) >= 500:
        known = RatchetError("something went wrong here")
    elif error.code == 404:
        known = NotFound("there is no such path", field="path", mend="one name, as in /record")
    elif error.code == 405:
        known = WrongMethod("the method is not taken", allowed=("GET", "POST"))
    elif error.code == 413:
        known = TooLarge("the request is too large", mend="send smaller batches")
    return refusal(known)


def _json(data: Any, status: int = 200, headers: Mapping[str, str] = HEADERS) -> Response:
    answer = Response(json.dumps(data), status, content_type="application/json")
    answer.headers.update({**HEADERS, **headers})
    return answer


def _parsed(answer: Response) -> Any:
    return answer.get_json(silent=True) if answer.is_json else None
