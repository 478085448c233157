"""The OpenAPI document: valid, its examples true, and what the functions do under fuzzing."""

import gzip
import importlib
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from openapi_spec_validator import validate
from schemathesis.checks import CHECKS
from schemathesis.specs.openapi.schemas import OpenApiSchema

import main
from ratchet.entry.http import Rollback
from ratchet.entry.http.describe import document
from ratchet.entry.http.v1.routes import ROUTES
from ratchet.entry.rates import Rates
from ratchet.entry.serve.functions import all_functions
from ratchet.entry.serve.metrics import Metrics
from ratchet.entry.serve.routes import create_app
from ratchet.entry.serve.tokens import DevTokens, with_dev_tokens
from ratchet.entry.wiring import serving, wire
from ratchet.kernel.clock import ManualClock, millis
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.functions import ADMIN, SERVICE, Functions
from tests.support.governed import KEYS, NOON, SECOND, draft, lineage_of, switch_flags, weights

pytestmark = pytest.mark.slow

NOW = millis(NOON + 60 * SECOND)
SHOWN = document(Rollback, "0.1.0", NOON + 60 * SECOND)
OPERATIONS = [
    (path, method, operation)
    for path, methods in SHOWN["paths"].items()
    for method, operation in methods.items()
]
TOKENS = DevTokens({"service": "a-service-token-1", "admin": "an-admin-token-01"}, given=True)


def conforms(value: Any, path: str) -> bool:
    """Say whether a value is of a schema of the document."""
    return jsonschema_rs.is_valid({**SHOWN, "$ref": f"#{path}"}, value)


def test_the_document_is_valid_openapi() -> None:
    validate(SHOWN)


def test_every_http_function_is_in_it_and_nothing_else() -> None:
    http = importlib.import_module("ratchet.entry.http")
    functions = {n for n in main.__all__ if getattr(main, n) is getattr(http, n, None)}
    assert {path.split("/")[1] for path in SHOWN["paths"]} == functions
    asked = {"resolve", "rollback", "health", "openapi", "api"}
    assert {"record", "feedback", "record_run", "events", *asked} == functions


def test_every_route_is_in_it() -> None:
    shown = {(m.upper(), p) for p, m, _ in OPERATIONS if p.startswith("/api/")}
    assert shown == {(route.method, f"/api{route.path}") for route in ROUTES}
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_an_instant_is_a_whole_number_of_milliseconds() -> None:
    ts = SHOWN["components"]["schemas"]["Observation"]["properties"]["ts"]
    assert (ts["type"], ts["format"]) == ("integer", "int64")
    assert ts["maximum"] == millis(datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC))
    assert "date-time" not in str(SHOWN)


def test_every_operation_says_who_may_call_it() -> None:
    asked = {path: operation["security"] for path, _, operation in OPERATIONS}
    review = {path: asked.pop(path) for path in list(asked) if path.startswith("/api/")}
    assert review.pop("/api/v1/judgements") == [{"bearer": ["service"]}]
    assert SHOWN["paths"]["/api/v1/runs"]["post"]["security"] == [{"bearer": ["service"]}]
    assert all(security == [{"bearer": ["admin"]}] for security in review.values())
    service, admin = [{"bearer": ["service"]}], [{"bearer": ["admin"]}]
    assert asked == {
        "/record": service,
        "/feedback": service,
        "/record_run": service,
        "/events": service,
        "/resolve": service,
        "/rollback": admin,
        "/health": [],
        "/openapi": [],
    }


def test_app_check_is_part_of_every_operation_where_it_is_on() -> None:
    shown = document(Rollback, "0.1.0", NOON, app_check=True)
    validate(shown)
    assert shown["paths"]["/record"]["post"]["security"] == [
        {"bearer": ["service"], "appCheck": []}
    ]
    assert shown["paths"]["/health"]["get"]["security"] == [{"appCheck": []}]
    assert "401" in shown["paths"]["/health"]["get"]["responses"]


def test_what_is_throttled_or_refused_says_so_in_its_headers() -> None:
    answers = SHOWN["components"]["responses"]
    assert set(answers["Throttled"]["headers"]) == {"Retry-After"}
    assert set(answers["WrongMethod"]["headers"]) == {"Allow"}
    assert set(SHOWN["paths"]["/resolve"]["get"]["responses"]["304"]["headers"]) >= {"ETag"}


@pytest.mark.parametrize(
    ("path", "method", "operation"),
    [found for found in OPERATIONS if not found[0].startswith("/api/")],
    ids=lambda v: str(v)[:12],
)
def test_the_examples_are_true(
    functions: Functions, governed: object, path: str, method: str, operation: dict[str, Any]
) -> None:
    content = operation.get("requestBody", {}).get("content", {})
    shown = content.get("application/json", {}).get("examples", {None: {"value": None}})
    actor = ADMIN if path == "/rollback" else SERVICE
    query = "?policy=router-core" if path == "/resolve" else ""
    answer: Any = None
    for name, example in shown.items():
        sent = {} if name is None else {"json": example["value"]}
        found = functions.send(path[1:] + query, method=method.upper(), actor=actor, **sent)
        assert (found.status, answer := found.body) == (200, found.body)
        where = f"/paths/~1{path[1:]}/{method}"
        assert conforms(answer, f"{where}/responses/200/content/application~1json/schema")
        if name is not None and path not in ("/record", "/record_run"):
            assert conforms(
                example["value"], f"{where}/requestBody/content/application~1json/schema"
            )
    said = operation["responses"]["200"]["content"]["application/json"].get("example")
    assert said is None or answer == said


def unpacked(wsgi: Any) -> Any:
    """Compress what a generated request says is compressed."""

    def packing(environ: dict[str, Any], start: Any) -> Any:
        if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
            body = gzip.compress(
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            )
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return wsgi(environ, start)

    return packing


SERVED: list[Any] = []


def served(environ: dict[str, Any], start: Any) -> Any:
    """Answer by the application of the test that runs."""
    return SERVED[-1](environ, start)


@pytest.fixture
def fuzzed(embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    switch_flags(embedded)
    lineage_of(embedded, 3)
    draft(embedded, weights(0.5))
    unbounded = {"requestsPerMinute": 1_000_000, "failuresPerMinute": 1_000_000}
    embedded.set(Ref("config", "access"), {"v": 1} | unbounded)
    monkeypatch.setattr(importlib.import_module("ratchet.entry.http.door"), "RATES", Rates())
    app = wire(embedded, KEYS, ManualClock(NOON + 60 * SECOND))
    flask = create_app(app, all_functions(), Metrics(app))
    SERVED.append(unpacked(with_dev_tokens(flask.wsgi_app, TOKENS)))
    with serving(app):
        yield
    SERVED.pop()


@schemathesis.serializer("application/x-ndjson")
def as_lines(context: Any, value: Any) -> bytes:
    """Write each item of a list as a line of JSON."""
    return "\n".join(map(json.dumps, value if isinstance(value, list) else [value])).encode()


def map_body(context: Any, body: Any) -> Any:
    """Bring instants into what is kept, so that what is generated comes to be stored."""
    if isinstance(body, dict):
        return {
            k: NOW if k == "ts" and type(v) is int else map_body(None, v) for k, v in body.items()
        }
    return [map_body(None, value) for value in body] if isinstance(body, list) else body


def without_cursor(case: Any) -> Any:
    """Leave out a cursor that could be one: no schema says which a page has given."""
    if re.fullmatch(r"[A-Za-z0-9_-]+", str((case.query or {}).get("cursor", ""))):
        del case.query["cursor"]
    return case


def described(*, review: bool) -> OpenApiSchema:
    """Return what generates requests of the review side, or of the other functions."""
    paths = {p: m for p, m in SHOWN["paths"].items() if p.startswith("/api/") is review}
    schema = schemathesis.openapi.from_dict({**SHOWN, "paths": paths})
    schema.app = served
    schema.hook(map_body)
    return schema


FUNCTIONS, REVIEW = described(review=False), described(review=True)


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


# A schema cannot say: one of two parameters; how old an instant may be and how many bytes an
# observation has; that the good items of a batch are taken though others are refused; that a step
# is of no arm; which names of free params a store can keep; that an event is kept whatever its data
# are, and looked at later.
UNSAID = {
    "POST /record": ["positive_data_acceptance", "negative_data_rejection"],
    "POST /record_run": ["positive_data_acceptance", "negative_data_rejection"],
    "POST /feedback": ["positive_data_acceptance", "negative_data_rejection"],
    "POST /events": ["negative_data_rejection"],
    "GET /resolve": ["positive_data_acceptance"],
    "POST /api/v1/canaries/{id}/promote": ["positive_data_acceptance"],
    "POST /api/v1/bundles": ["positive_data_acceptance"],
    "POST /api/v1/labels": ["positive_data_acceptance", "negative_data_rejection"],
    "POST /api/v1/judgements": ["positive_data_acceptance", "negative_data_rejection"],
    "POST /api/v1/runs": ["positive_data_acceptance", "negative_data_rejection"],
}


def unsaid(case: Any) -> list[Any]:
    """Return the checks that an operation is not held to."""
    # What OPTIONS allows is said by flask-cors, of all functions alike.
    names = ["allow_header_conformance"]
    names += UNSAID.get(f"{case.method.upper()} {case.operation.path}", [])
    return [CHECKS.get_one(name) for name in names]


def as_an_admin(case: Any) -> None:
    """Hold what is answered to the document."""
    token = {"Authorization": f"Bearer {TOKENS.by_role['admin']}"}
    without_cursor(case).call_and_validate(headers=token, excluded_checks=unsaid(case))


@FUNCTIONS.parametrize()
@bounded(15)
def test_an_admin_finds_the_functions_as_they_are_described(case: Any, fuzzed: None) -> None:
    as_an_admin(case)


@REVIEW.parametrize()
@bounded(8)
def test_an_admin_finds_the_review_side_as_it_is_described(case: Any, fuzzed: None) -> None:
    as_an_admin(case)


@FUNCTIONS.parametrize()
@bounded(15)
def test_a_stranger_finds_the_functions_as_they_are_described(case: Any, fuzzed: None) -> None:
    case.call_and_validate(excluded_checks=unsaid(case))


@REVIEW.parametrize()
@bounded(2)
def test_a_stranger_finds_the_review_side_as_it_is_described(case: Any, fuzzed: None) -> None:
    case.call_and_validate(excluded_checks=unsaid(case))
