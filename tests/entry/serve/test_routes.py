"""Routes: functions by name, private ones for admins, health, metrics, errors in one shape."""

import json
from typing import Any

import pytest
from flask import Request, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ratchet.entry.serve.metrics import Metrics
from ratchet.entry.serve.routes import Functions, create_app
from ratchet.entry.wiring import App, wire
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Forbidden, InvalidInput
from ratchet.store.port import Store
from tests.support.observing import KEYS, NOON


def echo(asked: Request) -> Response:
    """Answer with what was asked."""
    seen = {"method": asked.method, "query": asked.args.to_dict(), "body": asked.get_data(True)}
    return Response(json.dumps(seen | {"body": asked.get_data(as_text=True)}, default=str))


def taken(asked: Request) -> Response:
    return Response('{"accepted": 3, "rejected": []}', content_type="application/json")


def broken(asked: Request) -> Response:
    raise RuntimeError("the password is 1234")


def refusing(asked: Request) -> Response:
    raise InvalidInput("no such thing", field="thing", mend="send one")


def tick(asked: Request) -> Response:
    return Response("done")


def admit(asked: Request) -> None:
    if asked.headers.get("x-role") != "admin":
        raise Forbidden("this wants the role admin", field="role", mend="ask an admin")


def refusing_one(asked: Request) -> Response:
    raise InvalidInput("observation: outcome: field required", field="outcome")


FUNCTIONS = Functions(
    {
        "record": taken,
        "echo": echo,
        "broken": broken,
        "refusing": refusing,
        "openapi": echo,
        "api": echo,
    },
    {"tick": tick},
    admit,
)


@pytest.fixture
def app(embedded: Store) -> App:
    return wire(embedded, KEYS, ManualClock(NOON))


@pytest.fixture
def metrics(app: App) -> Metrics:
    return Metrics(app)


@pytest.fixture
def http(app: App, metrics: Metrics) -> FlaskClient:
    return create_app(app, FUNCTIONS, metrics).test_client()


def told(answer: TestResponse) -> tuple[int, str, str]:
    """Return status, code and message of a refusal, which has one shape."""
    assert answer.content_type == "application/json"
    assert answer.json is not None
    assert set(answer.json) == {"error"}
    error: dict[str, Any] = answer.json["error"]
    return answer.status_code, error["code"], error["message"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_function_gets_every_method_with_query_and_body(http: FlaskClient, method: str) -> None:
    answer = http.open("/echo?policy=p", method=method, data="text")
    assert answer.status_code == 200
    found = json.loads(answer.data)
    assert (found["method"], found["query"], found["body"]) == (method, {"policy": "p"}, "text")


def test_the_api_gets_the_paths_below_its_name_and_counts_as_one_function(
    http: FlaskClient, metrics: Metrics
) -> None:
    for path in ("/api", "/api/v1/labels?limit=1", "/api/v1/labels/a%2Fb/withdraw"):
        assert http.post(path, data="text").status_code == 200
    assert json.loads(http.get("/api/v1/labels?limit=1").data)["query"] == {"limit": "1"}
    labels = {"function": "api", "status": "200"}
    assert metrics.registry.get_sample_value("ratchet_requests_total", labels) == 4


def test_a_private_function_is_for_an_admins_post_alone(http: FlaskClient) -> None:
    assert told(http.post("/tick"))[:2] == (403, "RATCHET-3006")
    assert told(http.get("/tick", headers={"x-role": "admin"}))[:2] == (405, "RATCHET-1007")
    answer = http.post("/tick", headers={"x-role": "admin"})
    assert (answer.status_code, answer.data) == (200, b"done")


@pytest.mark.parametrize("path", ["/nothing", "/", "/echo/more", "/echo/", "/static/x", "/api/"])
def test_what_is_not_served_is_a_404(http: FlaskClient, path: str) -> None:
    assert told(http.get(path))[:2] == (404, "RATCHET-2001")


def test_what_a_function_raises_is_told_in_the_shape_of_errors(http: FlaskClient) -> None:
    assert told(http.post("/refusing")) == (400, "RATCHET-1001", "no such thing")


def test_a_failure_of_ours_tells_nothing_of_its_inside(
    http: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert told(http.post("/broken")) == (500, "RATCHET-0000", "something went wrong here")
    assert [r.getMessage() for r in caplog.records] == ["broken failed"]


def test_a_method_that_health_does_not_take_is_a_405(http: FlaskClient) -> None:
    assert told(http.post("/healthz"))[:2] == (405, "RATCHET-1007")


def test_health_says_ok_while_the_store_answers(http: FlaskClient) -> None:
    answer = http.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_health_is_a_503_when_the_store_is_away(http: FlaskClient, app: App) -> None:
    app.store.close()
    assert told(http.get("/healthz"))[:2] == (503, "RATCHET-5001")


def test_requests_are_counted_and_names_that_do_not_exist_share_one_label(
    http: FlaskClient, metrics: Metrics
) -> None:
    for path in ("/echo", "/echo", "/broken", "/a", "/b"):
        http.get(path)

    def served(function: str, status: int) -> float | None:
        labels = {"function": function, "status": str(status)}
        return metrics.registry.get_sample_value("ratchet_requests_total", labels)

    assert (served("echo", 200), served("broken", 500), served("unknown", 404)) == (2, 1, 2)
    assert served("a", 404) is None


def test_what_record_answers_is_counted(http: FlaskClient, metrics: Metrics) -> None:
    http.post("/record")
    name = "ratchet_observations_total"
    assert metrics.registry.get_sample_value(name, {"result": "accepted"}) == 3


def test_what_record_refuses_is_counted(app: App, metrics: Metrics) -> None:
    http = create_app(app, Functions({"record": refusing_one}), metrics).test_client()
    assert http.post("/record").status_code == 400
    name = "ratchet_observations_total"
    assert metrics.registry.get_sample_value(name, {"result": "rejected"}) == 1


def test_the_openapi_document_is_also_where_tools_look_for_it(
    http: FlaskClient, metrics: Metrics
) -> None:
    answers = [http.get(path) for path in ("/openapi.json", "/openapi")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].data == answers[1].data
    labels = {"function": "openapi", "status": "200"}
    assert metrics.registry.get_sample_value("ratchet_requests_total", labels) == 2


def test_metrics_are_served_as_text(http: FlaskClient) -> None:
    answer = http.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    assert b"\nratchet_store_up 1.0\n" in answer.data


def test_a_failure_inside_the_server_is_a_500_that_tells_nothing(
    http: FlaskClient, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> bytes:
        raise RuntimeError("the password is 1234")

    monkeypatch.setattr(metrics, "text", fails)
    assert told(http.get("/metrics")) == (500, "RATCHET-0000", "something went wrong here")
