"""The published protocol of `https.onCall`, case by case under the names of its specification.

Source: firebase.google.com/docs/functions/callable-reference.
"""

from typing import Any

import firebase_admin.auth  # type: ignore[import-untyped]  # it ships no types
import pytest
from firebase_admin import auth
from werkzeug.test import TestResponse

from ratchet.entry.callables import protocol
from ratchet.kernel.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RatchetError,
    Refused,
    Throttled,
    TooSlow,
    Unauthenticated,
    Unavailable,
)
from ratchet.store.port import Store
from tests.support.echo import JSON, Echo, rejected
from tests.support.functions import ADMIN, Functions

TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."
INT64 = "type.googleapis.com/google.protobuf.Int64Value"
UINT64 = "type.googleapis.com/google.protobuf.UInt64Value"


@pytest.fixture
def store(embedded: Store) -> Store:
    """One store is enough: a protocol does not ask it."""
    return embedded


@pytest.fixture
def echo(functions: Functions) -> Echo:
    return Echo()


# Request format: headers


def test_the_request_must_be_a_post(echo: Echo) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = echo.send("echo", method=method, actor=ADMIN, json={"data": {}})
        rejected(answer, 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "content_type", [JSON, f"{JSON}; charset=utf-8", f"{JSON};charset=UTF-8", "Application/JSON"]
)
def test_content_type_application_json_with_an_optional_charset(
    echo: Echo, content_type: str
) -> None:
    assert echo.post({"data": {"value": "ü"}}, content_type).result == {"value": "ü"}


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/octet-stream",
        None,
    ],
)
def test_any_other_content_type_is_rejected(echo: Echo, content_type: str | None) -> None:
    rejected(echo.post({"data": {}}, content_type), 400, "INVALID_ARGUMENT")


def verifies(monkeypatch: pytest.MonkeyPatch, **claims: Any) -> None:
    """Let one token verify: the outer edge, which wants Google's certificates."""

    def verify(token: str, *_: Any, **__: Any) -> dict[str, Any]:
        if token != TOKEN:
            raise auth.InvalidIdTokenError("no")
        return {"uid": "ada-uid"} | claims

    user = type("User", (), {"custom_claims": claims, "disabled": False})
    monkeypatch.setattr(firebase_admin.auth, "verify_id_token", verify)
    monkeypatch.setattr(firebase_admin.auth, "get_user", lambda *_, **__: user)


def test_authorization_bearer_is_verified_and_says_who_calls(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifies(monkeypatch, role="admin")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = echo.send("echo", json={"data": {"value": 1}}, headers=headers)
    assert answer.result == {"value": 1}


@pytest.mark.parametrize(
    "authorization", [f"Bearer {TOKEN}x", "Bearer a.b.c", "Bearer ", "Bearer", "Basic YTpi", TOKEN]
)
def test_an_authorization_token_that_is_not_valid_is_rejected(
    echo: Echo, monkeypatch: pytest.MonkeyPatch, authorization: str
) -> None:
    verifies(monkeypatch, role="admin")
    answer = echo.send("echo", json={"data": {}}, headers={"Authorization": authorization})
    rejected(answer, 401, "UNAUTHENTICATED")


def test_an_invalid_token_is_rejected_even_for_a_caller_that_is_known(echo: Echo) -> None:
    rejected(echo.post({"data": {}}, Authorization="Bearer garbage"), 401, "UNAUTHENTICATED")


def test_a_firebase_instance_id_token_is_taken(echo: Echo) -> None:
    headers = {"Firebase-Instance-ID-Token": "an-fcm-token"}
    assert echo.post({"data": {"value": 1}}, **headers).result == {"value": 1}


def test_a_firebase_app_check_token_that_is_not_valid_is_not_needed_unless_enforced(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"X-Firebase-AppCheck": "garbage"}
    assert echo.post({"data": {"value": 1}}, **headers).result == {"value": 1}
    monkeypatch.setattr(protocol, "APP_CHECK", True)
    for given in ({}, headers):
        rejected(Echo().post({"data": {}}, **given), 401, "UNAUTHENTICATED")


def preflight(monkeypatch: pytest.MonkeyPatch, *origins: str) -> TestResponse:
    """Ask as a page of another origin does before it calls."""
    monkeypatch.setattr(protocol, "ORIGINS", list(origins))
    monkeypatch.setattr("ratchet.entry.options.ORIGINS", list(origins))
    asked = {
        "Origin": "https://console.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization,firebase-instance-id-token",
    }
    answer = Echo().send("echo", method="OPTIONS", headers=asked)
    assert answer.status == 200
    return answer.response


def test_a_cors_preflight_of_an_origin_that_is_listed_is_allowed(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = preflight(monkeypatch, "https://console.example").headers
    assert headers["Access-Control-Allow-Origin"] == "https://console.example"
    assert headers["Access-Control-Allow-Methods"] == "POST"
    allowed = headers["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
    assert {"content-type", "authorization", "firebase-instance-id-token"} <= set(allowed)


@pytest.mark.parametrize("origins", [(), ("https://other.example",)])
def test_a_cors_preflight_of_any_other_origin_is_not_allowed(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, origins: tuple[str, ...]
) -> None:
    headers = preflight(monkeypatch, *origins).headers
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("body", [{"data": {"value": 1}}, {"wrong": 1}, "{", {"data": {"x": 1}}])
def test_a_page_of_a_listed_origin_may_read_every_answer(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, body: Any
) -> None:
    preflight(monkeypatch, "https://console.example")
    answer = Echo().post(body, Origin="https://console.example")
    allowed = answer.response.headers.getlist("Access-Control-Allow-Origin")
    assert allowed == ["https://console.example"]


# Request body


@pytest.mark.parametrize("value", [None, True, 0, -1.5, "text", [], [None, [1]], {}, {"a": {}}])
def test_data_is_any_valid_json_value(echo: Echo, value: Any) -> None:
    expected = {} if value is None else {"value": value}
    assert echo.post({"data": {"value": value}}).result == expected


@pytest.mark.parametrize("data", [None, 7, "text", [1], True])
def test_data_that_the_function_does_not_take_is_an_invalid_argument(echo: Echo, data: Any) -> None:
    rejected(echo.post({"data": data}), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="missing data"),
        pytest.param({"Data": {}}, id="data of another case"),
        pytest.param({"data": {}, "extra": 1}, id="an extra field"),
        pytest.param([], id="a list"),
        pytest.param("null", id="null"),
        pytest.param('"data"', id="a text"),
        pytest.param("", id="nothing"),
        pytest.param("{", id="no JSON"),
        pytest.param(b'{"data": "\xff"}', id="no UTF-8"),
        pytest.param('{"data": {}, "data": {}}', id="data twice"),
        pytest.param('{"data": NaN}', id="NaN"),
        pytest.param('{"data": ' + "[" * 40 + "]" * 40 + "}", id="nested too deep"),
    ],
)
def test_a_body_in_the_wrong_format_is_a_bad_request(echo: Echo, body: Any) -> None:
    rejected(echo.post(body), 400, "INVALID_ARGUMENT")


# Response format: status codes


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (InvalidInput("x"), 400, "INVALID_ARGUMENT"),
        (Refused("x"), 400, "FAILED_PRECONDITION"),
        (Unauthenticated("x"), 401, "UNAUTHENTICATED"),
        (Forbidden("x"), 403, "PERMISSION_DENIED"),
        (NotFound("x"), 404, "NOT_FOUND"),
        (AlreadyExists("x"), 409, "ALREADY_EXISTS"),
        (Conflict("x"), 409, "ABORTED"),
        (Throttled("x"), 429, "RESOURCE_EXHAUSTED"),
        (RatchetError("x"), 500, "INTERNAL"),
        (ValueError("x"), 500, "INTERNAL"),
        (Unavailable("x"), 503, "UNAVAILABLE"),
        (TooSlow("x"), 504, "DEADLINE_EXCEEDED"),
    ],
)
def test_every_canonical_code_has_its_http_status_and_name(
    echo: Echo, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, name: str
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(protocol, "admit", failing)
    rejected(echo.post({"data": {}}), status, name)


# Response body


def test_a_result_comes_without_an_error(echo: Echo) -> None:
    answer = echo.post({"data": {"value": 1}})
    assert answer.body == {"result": {"value": 1}}
    assert answer.response.content_type.startswith(JSON)


def test_an_error_has_status_message_and_details_and_comes_without_a_result(echo: Echo) -> None:
    answer = echo.post({"data": {"other": 1}})
    assert answer.body == {
        "error": {
            "status": "INVALID_ARGUMENT",
            "message": "echoed: other: unknown field; known are value",
            "details": {
                "code": "RATCHET-1001",
                "message": "echoed: other: unknown field; known are value",
                "field": "other",
                "mend": "mend that field",
            },
        }
    }


# Serialization


@pytest.mark.parametrize(
    ("kind", "digits", "number"),
    [
        (INT64, "-123456789123456", -123456789123456),
        (INT64, "9223372036854775807", 9223372036854775807),
        (INT64, "-9223372036854775808", -9223372036854775808),
        (UINT64, "123456789123456", 123456789123456),
        (UINT64, "18446744073709551615", 18446744073709551615),
    ],
)
def test_a_long_of_64_bits_travels_as_a_map_with_its_type(
    echo: Echo, kind: str, digits: str, number: int
) -> None:
    nested = {"value": [{"a": {"@type": kind, "value": digits}}]}
    assert echo.post({"data": nested}).result == {"value": [{"a": number}]}


@pytest.mark.parametrize(
    ("kind", "digits"),
    [
        (INT64, "9223372036854775808"),
        (UINT64, "18446744073709551616"),
        (UINT64, "-1"),
        (INT64, "1.5"),
        (INT64, "ten"),
        (INT64, 10),
        (INT64, None),
    ],
)
def test_a_long_that_is_none_is_an_invalid_argument(echo: Echo, kind: str, digits: Any) -> None:
    data = {"value": {"@type": kind, "value": digits}}
    rejected(echo.post({"data": data}), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("kind", ["type.googleapis.com/google.protobuf.Int32Value", "", 7, None])
def test_a_map_with_a_type_that_is_not_known_is_left_as_it_is(echo: Echo, kind: Any) -> None:
    value = {"@type": kind, "value": "5"}
    assert echo.post({"data": {"value": value}}).result == {"value": value}
