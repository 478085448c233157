"""Routing under /v1: paths, methods, who may, what is parsed; and the table itself."""

import inspect
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from ratchet.entry.http.v1.handle import find
from ratchet.entry.http.v1.routes import ROUTES
from ratchet.kernel.errors import NotFound, WrongMethod
from ratchet.store.port import Ref, Store
from tests.support.functions import ADMIN, SERVICE, Functions
from tests.support.governed import POLICY


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_path_is_found_with_and_without_the_functions_name(prefix: str) -> None:
    route, found = find("POST", f"{prefix}/v1/bundles/router:meta/llama/1.0.3/propose")
    assert (route.path, found) == (
        "/v1/bundles/{agent}/{version}/propose",
        [{"agent": "router:meta/llama", "version": "1.0.3"}],
    )


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v2/bundles", "/v1/bundles/", "/v1/approvals/x/y/approve", "/apiv1/x"]
)
def test_a_path_that_is_none_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        find("GET", path)


def test_another_method_is_told_those_there_are() -> None:
    with pytest.raises(WrongMethod) as told:
        find("DELETE", "/v1/bundles")
    assert (told.value.field, told.value.allowed) == ("method", ("GET", "POST"))
    assert told.value.mend == "send it with GET or POST"


def test_no_two_rows_of_the_table_are_one_and_each_verb_is_told_what_its_row_says() -> None:
    assert len({(r.method, r.path) for r in ROUTES}) == len(ROUTES)
    for route in ROUTES:
        wanted = [*route.names]
        wanted += ["query"] if route.query else []
        wanted += ["body"] if route.body else []
        signature = inspect.signature(route.verb, eval_str=True)
        assert set(signature.parameters) == {"ask", *wanted}, route.path
        assert signature.return_annotation is route.answer, route.path
        for name, kind in (("query", route.query), ("body", Any if route.batch else route.body)):
            assert kind is None or signature.parameters[name].annotation is kind


def test_what_people_change_asks_for_the_role_as_it_is_now() -> None:
    assert {r.path for r in ROUTES if r.role == "service"} <= {"/v1/judgements", "/v1/runs"}
    assert all(route.fresh for route in ROUTES if route.method == "POST" and route.role == "admin")


@pytest.mark.parametrize(
    ("path", "method", "status", "field"),
    [
        ("approvals?limit=0", "GET", 400, "limit"),
        ("approvals?limit=101", "GET", 400, "limit"),
        ("approvals?limit=ten", "GET", 400, "limit"),
        ("approvals?state=open", "GET", 400, "state"),
        ("approvals?offset=1", "GET", 400, "offset"),
        ("approvals?state=void&state=pending", "GET", 400, "state"),
        ("approvals?cursor=abc", "GET", 400, "cursor"),
        ("bundles", "GET", 400, "agent"),
        ("bundles/router-core/active?x=1", "GET", 400, "x"),
        ("approvals/__x__/apply", "POST", 400, "id"),
        ("approvals/x/approve?x=1", "POST", 400, "x"),
        ("bundles/router-core/one/propose", "POST", 400, "version"),
        ("nothing", "GET", 404, "path"),
        ("approvals/x/approve", "GET", 405, "method"),
    ],
)
def test_what_is_asked_wrongly_names_the_field_and_the_mend(
    functions: Functions, governed: Store, path: str, method: str, status: int, field: str
) -> None:
    found = functions.send(f"api/v1/{path}", method=method, actor=ADMIN)
    assert (found.status, found.error["field"]) == (status, field)
    assert found.error["mend"]


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"json": {"reason": 1}}, 400, "reason"),
        ({"json": []}, 400, "(whole)"),
        ({"json": {"reason": "x", "force": True}}, 400, "force"),
        ({"data": "{"}, 415, "Content-Type"),
        ({"data": "{", "content_type": "application/json"}, 400, "(body)"),
        ({}, 415, "Content-Type"),
    ],
)
def test_a_body_is_parsed_strictly(
    functions: Functions, governed: Store, sent: dict[str, Any], status: int, field: str
) -> None:
    found = functions.send("api/v1/approvals/x/approve", actor=ADMIN, **sent)
    assert (found.status, found.error["field"]) == (status, field)


def test_a_path_that_takes_no_body_takes_an_empty_one(functions: Functions) -> None:
    path = "api/v1/approvals/x/apply"
    assert functions.send(path, actor=ADMIN).status == 404
    assert functions.send(path, actor=ADMIN, json={}).status == 404
    found = functions.send(path, actor=ADMIN, json={"x": 1})
    assert (found.status, found.error["field"]) == (400, "x")


def test_no_token_is_a_401_and_another_role_a_403(functions: Functions, governed: Store) -> None:
    asked = f"api/v1/bundles?agent={POLICY}"
    assert functions.send(asked, method="GET").status == 401
    assert functions.send(asked, method="GET", actor=SERVICE).status == 403
    assert functions.send("api/v1/none", method="GET").status == 404


def test_a_caller_is_throttled_over_all_paths(functions: Functions, governed: Store) -> None:
    governed.set(Ref("config", "access"), {"v": 1, "requestsPerMinute": 30})
    paths = ["approvals", "canaries/active"] * 6
    found = [functions.send(f"api/v1/{p}", method="GET", actor=ADMIN).status for p in paths]
    assert found == [200] * 10 + [429] * 2


def test_answers_are_not_cached(functions: Functions, governed: Store) -> None:
    found = functions.send("api/v1/approvals", method="GET", actor=ADMIN, headers=Headers())
    assert found.response.headers["Cache-Control"] == "no-store"
