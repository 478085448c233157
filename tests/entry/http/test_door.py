"""What every HTTP function does around its verb."""

import importlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from firebase_functions.https_fn import on_request
from flask import Flask, Request, Response, request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from ratchet.entry import options
from ratchet.entry.http.door import Call, Reply, address_of, door
from ratchet.entry.identity import ACTOR
from ratchet.entry.logs import JsonLines
from ratchet.entry.rates import Rates
from ratchet.entry.wiring import serving, wire
from ratchet.govern.roles import Actor
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Conflict, InvalidBatch, RatchetError
from ratchet.store.port import Ref, Store
from tests.support.functions import ADMIN, SERVICE
from tests.support.governed import KEYS, NOON, SECOND

WHERE = Ref("config", "access")


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture(autouse=True)
def _app(store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    module = importlib.import_module("ratchet.entry.http.door")  # the package has a name like it
    monkeypatch.setattr(module, "RATES", Rates())
    with serving(wire(store, KEYS, clock)):
        yield


@door("GET", "POST", role="service")
def greet(call: Call) -> Reply:
    """Answer who called."""
    return Reply({"name": call.actor.name}, headers={"ETag": '"1"'})


@door("POST", role="admin")
def change(call: Call) -> Reply:
    """Change nothing."""
    return Reply({})


@door("GET", role=None)
def look(call: Call) -> Reply:
    """Answer anybody."""
    return Reply({"name": call.actor.name})


def asked(
    function: Callable[[Request], Response],
    *,
    actor: Actor | None = None,
    method: str = "GET",
    address: str = "10.0.0.1",
    **headers: str,
) -> Response:
    environ: dict[str, Any] = {"REMOTE_ADDR": address} | ({ACTOR: actor} if actor else {})
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    builder = EnvironBuilder(method=method, headers=Headers(shown), environ_overrides=environ)
    return function(Request(builder.get_environ()))


def error_of(response: Response) -> dict[str, Any]:
    body = json.loads(response.get_data())
    assert set(body) == {"error"}
    found: dict[str, Any] = body["error"]
    return found


def test_a_caller_with_the_role_is_answered() -> None:
    found = asked(greet, actor=SERVICE)
    assert (found.status_code, json.loads(found.get_data())) == (200, {"name": SERVICE.name})
    assert found.headers["ETag"] == '"1"'
    assert found.headers["Cache-Control"] == "no-store"
    assert found.headers["X-Content-Type-Options"] == "nosniff"


def test_anybody_may_ask_an_open_door() -> None:
    assert json.loads(asked(look).get_data()) == {"name": "anyone"}


def test_no_token_is_a_401_that_says_how_to_send_one() -> None:
    found = asked(greet)
    assert (found.status_code, found.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert error_of(found)["code"] == "RATCHET-6001"


def test_a_service_is_kept_from_an_admins_door() -> None:
    found = asked(change, actor=SERVICE, method="POST")
    assert (found.status_code, error_of(found)["code"]) == (403, "RATCHET-3006")
    assert asked(change, actor=ADMIN, method="POST").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CUSTOM"])
def test_another_method_is_refused_before_the_caller_is_known(method: str) -> None:
    found = asked(greet, method=method)
    assert (found.status_code, found.headers["Allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Conflict("other content"), 409, "RATCHET-4001"),
        (InvalidBatch("all of it", rejected=[{"index": 0}]), 400, "RATCHET-1002"),
        (RatchetError("ours"), 500, "RATCHET-0000"),
    ],
)
def test_an_error_of_ours_is_answered_in_the_one_shape(
    error: RatchetError, status: int, code: str
) -> None:
    @door("GET", role="service")
    def failing(call: Call) -> Reply:
        raise error

    found = asked(failing, actor=SERVICE)
    assert found.status_code == status
    assert error_of(found) == error.as_dict()
    assert error_of(found)["code"] == code
    assert found.headers["Cache-Control"] == "no-store"


def test_an_error_of_another_kind_says_nothing_of_itself() -> None:
    @door("GET", role="service")
    def failing(call: Call) -> Reply:
        raise ZeroDivisionError("secret-of-ours")

    found = asked(failing, actor=SERVICE)
    assert found.status_code == 500
    assert error_of(found) == {"code": "RATCHET-0000", "message": "something went wrong here"}


def test_a_caller_is_throttled_by_itself_and_told_how_long(
    store: Store, clock: ManualClock
) -> None:
    store.set(WHERE, {"v": 1, "requestsPerMinute": 30})
    statuses = [asked(greet, actor=SERVICE).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    found = asked(greet, actor=SERVICE)
    assert (found.headers["Retry-After"], error_of(found)["code"]) == ("2", "RATCHET-5002")
    assert asked(greet, actor=ADMIN).status_code == 200
    clock.advance(2 * SECOND)
    assert asked(greet, actor=SERVICE).status_code == 200


def test_a_service_that_knocks_at_an_admins_door_is_counted(store: Store) -> None:
    store.set(WHERE, {"v": 1, "requestsPerMinute": 30})
    statuses = [asked(change, actor=SERVICE, method="POST").status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]


def test_an_open_door_is_counted_by_address(store: Store) -> None:
    store.set(WHERE, {"v": 1, "requestsPerMinute": 30})
    assert [asked(look).status_code for _ in range(11)] == [200] * 10 + [429]
    assert asked(look, address="10.0.0.2").status_code == 200


def test_an_address_that_guesses_tokens_is_throttled_and_its_neighbours_go_on(
    store: Store,
) -> None:
    store.set(WHERE, {"v": 1, "failuresPerMinute": 30})
    guesses = [asked(greet, Authorization="Bearer a.b.c").status_code for _ in range(12)]
    assert guesses == [401] * 10 + [429] * 2
    assert asked(greet, actor=SERVICE).status_code == 200  # from the same address
    assert asked(greet, address="10.0.0.2").status_code == 401


def test_who_comes_by_googles_front_end_is_known_by_what_it_wrote(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def at(*passed: str) -> str:
        headers = [("X-Forwarded-For", value) for value in passed]
        builder = EnvironBuilder(headers=headers, environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
        return address_of(Request(builder.get_environ()))

    assert at("1.1.1.1") == "10.0.0.1"  # anybody may write the header where no front end does
    monkeypatch.setenv("K_SERVICE", "record")
    assert at() == "10.0.0.1"
    assert at("6.6.6.6, 1.1.1.1") == "1.1.1.1"
    assert at("6.6.6.6", "7.7.7.7, 1.1.1.1") == "1.1.1.1"


def test_with_app_check_on_a_request_without_its_token_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(options, "APP_CHECK", True)
    for function, actor in ((greet, SERVICE), (look, None)):
        found = asked(function, actor=actor)
        assert (found.status_code, error_of(found)["field"]) == (401, "X-Firebase-AppCheck")


def test_a_page_of_an_origin_that_is_named_may_call_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(options, "ORIGINS", ["https://ops.example"])
    function = on_request(cors=options.cors("GET"))(look)
    flask = Flask("doors")
    flask.add_url_rule("/look", view_func=lambda: function(request), methods=["GET", "OPTIONS"])
    allowed: dict[str, Any] = {}
    for origin in ("https://ops.example", "https://ops.example.evil.example", "http://ops.example"):
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            found = flask.test_client().open("/look", method=method, headers=headers)
            allowed[f"{method} {origin}"] = found.headers.get("Access-Control-Allow-Origin")
    named = "https://ops.example"
    assert {asked for asked, origin in allowed.items() if origin} == {
        f"GET {named}",
        f"OPTIONS {named}",
    }
    assert {origin for origin in allowed.values() if origin} == {named}


def test_a_log_line_has_the_function_status_code_and_trace_and_nothing_that_was_sent() -> None:
    @door("GET", role="service")
    def failing(call: Call) -> Reply:
        raise ZeroDivisionError(call.request.headers["X-Canary"])

    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonLines())
    log = logging.getLogger("ratchet")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        trace = "0123456789abcdef0123456789abcdef"
        asked(failing, actor=SERVICE, X_Canary="zq9", X_Cloud_Trace_Context=f"{trace}/1;o=1")
        asked(greet, X_Canary="zq9", Authorization="Bearer zq9.zq9.zq9")
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)
    text = handler.stream.getvalue()
    assert "zq9" not in text
    failed, first, second = map(json.loads, text.splitlines())
    assert failed["severity"] == first["severity"] == "ERROR"
    assert failed["exception"] == "ZeroDivisionError"
    assert failed["logging.googleapis.com/trace"].endswith(trace)
    assert (first["function"], first["status"], first["code"]) == ("failing", 500, "RATCHET-0000")
    assert (second["function"], second["status"], second["code"]) == ("greet", 401, "RATCHET-6001")
    assert "logging.googleapis.com/trace" not in second
