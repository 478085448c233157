"""The HTTP functions, on each store: what they take, answer and keep."""

import gzip
import json
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from ratchet.entry.http import RESOLVE_SECONDS, VERSION
from ratchet.kernel.clock import ManualClock, millis
from ratchet.store.port import Query, Ref, Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.governed import POLICY, SECOND, head_of

LINES = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def good(clock: ManualClock) -> dict[str, Any]:
    return {"ts": millis(clock()), "component": "planner", "outcome": "success"}


def kept(store: Store) -> dict[str, dict[str, Any]]:
    return {s.ref.id: s.data for s in store.query(Query("ops_observations"))}


def record(functions: Functions, payload: Any, path: str = "record", **sent: Any) -> Answer:
    return functions.send(path, actor=SERVICE, json=payload, **sent)


def test_one_observation_is_stored_under_the_id_it_names(
    functions: Functions, store: Store, good: dict[str, Any]
) -> None:
    found = record(functions, good | {"id": "one-1"})
    assert (found.status, found.body["id"], found.body["accepted"]) == (200, "one-1", 1)
    assert kept(store)["one-1"]["component"] == "planner"


@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_a_batch_under_the_id_of_the_address(
    functions: Functions, store: Store, good: dict[str, Any], packed: bool
) -> None:
    text = "\n".join(json.dumps(good | {"component": name}) for name in ("a", "b")).encode()
    headers = LINES | ({"Content-Encoding": "gzip"} if packed else {})
    data = gzip.compress(text) if packed else text
    found = functions.send("record?id=b-1", actor=SERVICE, data=data, headers=headers)
    assert (found.status, found.body["accepted"]) == (200, 2)
    assert [item["component"] for item in kept(store)["b-1"]["items"]] == ["a", "b"]


def test_the_good_items_of_a_batch_are_kept_and_the_others_named(
    functions: Functions, store: Store, good: dict[str, Any]
) -> None:
    found = record(functions, {"id": "b-1", "observations": [good, good | {"quality": 2}]})
    assert (found.status, found.body["accepted"]) == (200, 1)
    (refused,) = found.body["rejected"]
    assert (refused["index"], refused["field"]) == (1, "quality")
    assert len(kept(store)["b-1"]["items"]) == 1


def test_a_batch_that_is_sent_again_is_answered_as_first_and_stored_once(
    functions: Functions, store: Store, good: dict[str, Any]
) -> None:
    batch = {"id": "b-1", "observations": [good, good | {"quality": 2}]}
    first = record(functions, batch)
    before = kept(store)
    again = record(functions, batch)
    assert again.status == 200
    assert again.body == first.body | {"duplicate": True}
    assert kept(store) == before
    other = record(functions, {"id": "b-1", "observations": [good | {"component": "eve"}]})
    assert (other.status, other.error["code"], other.error["field"]) == (409, "RATCHET-4001", "id")
    assert kept(store) == before


def test_an_id_in_the_address_names_any_kind_of_body_and_contradicts_none(
    functions: Functions, store: Store, good: dict[str, Any]
) -> None:
    assert record(functions, good, "record?id=one-1").body["id"] == "one-1"
    assert record(functions, {"observations": [good]}, "record?id=b-1").body["id"] == "b-1"
    assert record(functions, good | {"id": "one-1"}, "record?id=one-1").body["duplicate"] is True
    other = record(functions, good | {"id": "one-2"}, "record?id=one-1")
    assert (other.status, other.error["field"]) == (400, "id")
    assert sorted(kept(store)) == ["b-1", "one-1"]


def test_grades_are_taken_one_by_one_together_and_in_lines(
    functions: Functions, store: Store
) -> None:
    grade = {"obsId": "b-1.0", "source": "person", "grade": 0.5}
    for sent in (
        {"json": grade},
        {"json": {"feedback": [grade | {"source": "judge"}]}},
        {"data": json.dumps(grade | {"source": "line"}), "headers": LINES},
    ):
        found = functions.send("feedback", actor=SERVICE, **sent)
        assert (found.status, found.body) == (200, {"accepted": 1, "rejected": []})
    sources = {s.data["source"] for s in store.query(Query("ops_feedback"))}
    assert sources == {"person", "judge", "line"}


def test_a_batch_of_grades_has_no_other_field(functions: Functions) -> None:
    grade = {"obsId": "b-1.0", "source": "person", "grade": 0.5}
    found = functions.send("feedback", actor=SERVICE, json={"feedback": [grade], "x": 1})
    assert (found.status, found.error["field"]) == (400, "x")


def resolve(functions: Functions, query: str, **headers: str) -> Answer:
    shown = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return functions.send(f"resolve?{query}", method="GET", actor=SERVICE, headers=shown)


def test_the_active_version_is_answered_with_an_etag_and_for_how_long(
    functions: Functions, governed: Store
) -> None:
    found = resolve(functions, f"policy={POLICY}")
    assert found.body["version"] == f"{POLICY}@1.0.2"
    assert found.response.headers["ETag"] == f'"{found.body["etag"]}"'
    assert found.response.headers["Cache-Control"] == f"private, max-age={RESOLVE_SECONDS}"
    assert "Authorization" in found.response.headers["Vary"]


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"other", "{}"', "{}", "*"])
def test_a_caller_who_has_the_version_is_told_so_and_no_more(
    functions: Functions, governed: Store, form: str
) -> None:
    etag = resolve(functions, f"policy={POLICY}").body["etag"]
    found = resolve(functions, f"policy={POLICY}", If_None_Match=form.format(etag))
    assert (found.status, found.response.get_data()) == (304, b"")
    assert found.response.headers["ETag"] == f'"{etag}"'
    other = resolve(functions, f"policy={POLICY}", If_None_Match='"other"')
    assert other.status == 200


def test_a_component_gets_the_policy_that_it_is_bound_to(
    functions: Functions, governed: Store
) -> None:
    lines = [
        {"component": "router:*", "phase": "plan", "policy": "other"},
        {"component": "router:*", "policy": POLICY},
    ]
    governed.set(Ref("config", "bindings"), {"v": 1, "bindings": lines})
    assert resolve(functions, "component=router:gpt-5").body["policy"] == POLICY
    assert resolve(functions, "component=router:gpt-5&phase=act").body["policy"] == POLICY
    assert resolve(functions, "component=router:gpt-5&phase=plan").status == 404
    assert resolve(functions, "component=planner").error["field"] == "component"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("phase=plan", 400),
        (f"policy={POLICY}&component=x", 400),
        ("policy=", 400),
        ("policy=unknown", 404),
    ],
)
def test_a_question_without_an_answer_says_why(
    functions: Functions, governed: Store, query: str, status: int
) -> None:
    assert resolve(functions, query).status == status


def test_an_admin_goes_back_to_the_previous_version_with_learning_off(
    functions: Functions, governed: Store
) -> None:
    governed.delete(Ref("config", "flags"))
    found = functions.send("rollback", actor=ADMIN, json={"id": POLICY, "reason": "errors"})
    assert (found.status, found.body["active"]) == (200, "1.0.1")
    assert head_of(governed).active == "1.0.1"


def test_an_admin_names_the_version_to_go_back_to(functions: Functions, governed: Store) -> None:
    found = functions.send("rollback", actor=ADMIN, json={"id": POLICY, "version": "1.0.0"})
    assert (found.status, found.body["active"]) == (200, "1.0.0")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"id": "unknown"}, 404),
        ({"id": POLICY, "version": "9.9.9"}, 404),
        ({"id": POLICY, "version": "1.0.3"}, 403),
        ({"id": POLICY, "versions": "1.0.1"}, 400),
        ({"id": POLICY, "version": 1}, 400),
        ({}, 400),
        ([], 400),
        ("router-core", 400),
    ],
)
def test_a_rollback_that_cannot_be_says_why_and_changes_nothing(
    functions: Functions, governed: Store, asked: Any, status: int
) -> None:
    assert functions.send("rollback", actor=ADMIN, json=asked).status == status
    assert head_of(governed).active == "1.0.2"


def test_a_service_does_not_roll_back(functions: Functions, governed: Store) -> None:
    assert functions.send("rollback", actor=SERVICE, json={"id": POLICY}).status == 403
    assert head_of(governed).active == "1.0.2"


def test_health_asks_the_store_and_nobody_who_he_is(
    functions: Functions, store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert functions.send("health", method="GET").body == {"status": "ok"}

    def broken(*args: Any) -> Any:
        raise ConnectionError("secret-host")

    monkeypatch.setattr(store, "get_many", broken)
    clock.advance(60 * SECOND)
    found = functions.send("health", method="GET")
    assert (found.status, "secret-host" in str(found.body)) == (500, False)


def test_the_version_is_the_projects(functions: Functions) -> None:
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION
    found = functions.send("openapi", method="GET")
    assert found.body["info"]["version"] == VERSION
    assert found.response.headers["Cache-Control"] == "public, max-age=3600"


@pytest.fixture
def told(clock: ManualClock) -> dict[str, Any]:
    return {"runId": "run-1", "ts": millis(clock()), "component": "planner", "costUsd": 0.25}


def runs_kept(store: Store) -> dict[str, dict[str, Any]]:
    return {s.ref.id: s.data for s in store.query(Query("ops_runs"))}


def test_a_run_is_stored_once_and_a_changed_telling_is_a_revision(
    functions: Functions, store: Store, told: dict[str, Any]
) -> None:
    first = record(functions, told, "record_run").body["runs"][0]
    again = record(functions, told, "record_run").body["runs"][0]
    assert (first["runId"], first["revision"], first["duplicate"]) == ("run-1", 1, False)
    assert again == first | {"duplicate": True}
    other = record(functions, told | {"costUsd": 0.5}, "record_run").body["runs"][0]
    assert (other["revision"], other["duplicate"]) == (2, False)
    assert runs_kept(store)["run-1"]["report"]["costUsd"] == 0.5


@pytest.mark.parametrize("lines", [False, True])
def test_several_runs_come_together_and_the_good_ones_are_kept(
    functions: Functions, store: Store, told: dict[str, Any], lines: bool
) -> None:
    runs = [told, told | {"runId": "run-2", "costUsd": -1}, told | {"runId": "run-3"}]
    if lines:
        text = "\n".join(map(json.dumps, runs))
        found = functions.send("record_run", actor=SERVICE, data=text, headers=LINES)
    else:
        found = record(functions, {"runs": runs}, "record_run")
    assert found.status == 200, found.body
    assert [run["runId"] for run in found.body["runs"]] == ["run-1", "run-3"]
    assert [(x["index"], x["field"]) for x in found.body["rejected"]] == [(1, "costUsd")]
    assert sorted(runs_kept(store)) == ["run-1", "run-3"]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"runId": ""}, 400, "runId"),
        ({"gates": {"tests": "maybe"}}, 400, "gates.tests"),
        ({"metrics": {"grounding": 1.2}}, 400, "metrics.grounding"),
        ({"unheardOf": 1}, 400, "unheardOf"),
    ],
)
def test_a_run_that_cannot_be_taken_names_the_field_and_leaves_nothing(
    functions: Functions,
    store: Store,
    told: dict[str, Any],
    change: dict[str, Any],
    status: int,
    field: str,
) -> None:
    found = record(functions, told | change, "record_run")
    assert (found.status, found.error["field"]) == (status, field)
    assert runs_kept(store) == {}


def test_a_revision_with_other_content_is_a_conflict_and_strangers_tell_no_runs(
    functions: Functions, told: dict[str, Any]
) -> None:
    assert record(functions, told | {"revision": 3}, "record_run").status == 200
    other = record(functions, told | {"revision": 3, "costUsd": 0.5}, "record_run")
    assert (other.status, other.error["field"]) == (409, "revision")
    assert functions.send("record_run", json=told).status == 401
