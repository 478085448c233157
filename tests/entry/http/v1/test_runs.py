"""Runs by HTTP: services tell them, admins look at them."""

from typing import Any

import pytest

from ratchet.kernel.clock import HOUR, ManualClock, millis
from ratchet.store.port import Query, Ref, Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


@pytest.fixture
def told(clock: ManualClock) -> dict[str, Any]:
    return {"runId": "run-1", "ts": millis(clock()), "component": "planner", "costUsd": 0.25}


def tell(functions: Functions, run: Any, **sent: Any) -> Answer:
    return functions.send("api/v1/runs", actor=SERVICE, json=run, **sent)


def asked(functions: Functions, path: str) -> Answer:
    return functions.send(f"api/v1/runs{path}", method="GET", actor=ADMIN)


def test_runs_are_told_by_services_and_the_good_ones_are_taken(
    functions: Functions, store: Store, told: dict[str, Any]
) -> None:
    found = tell(functions, {"runs": [told, told | {"runId": "run-2", "durationMs": -1}]})
    assert found.status == 200
    assert [run["runId"] for run in found.body["runs"]] == ["run-1"]
    assert [(x["index"], x["field"]) for x in found.body["rejected"]] == [(1, "durationMs")]
    assert store.count(Query("ops_runs")) == 1
    assert functions.send("api/v1/runs", json=told).status == 401
    assert (
        functions.send("api/v1/runs?component=planner", method="GET", actor=SERVICE).status == 403
    )


def test_a_key_answers_a_retry_as_the_first_time(
    functions: Functions, told: dict[str, Any]
) -> None:
    key = {"Idempotency-Key": "once-1"}
    first = tell(functions, told, headers=key)
    again = tell(functions, told, headers=key)
    assert first.body == again.body
    assert first.body["runs"][0]["duplicate"] is False


def test_a_components_runs_are_listed_by_page_the_latest_first(
    functions: Functions, store: Store, told: dict[str, Any], clock: ManualClock
) -> None:
    for i in range(3):
        ts = millis(clock() - i * HOUR)
        assert tell(functions, told | {"runId": f"run-{i}", "ts": ts}).status == 200
    tell(functions, told | {"runId": "another", "component": "router:meta/llama"})
    first = asked(functions, "?component=planner&limit=2").body
    second = asked(functions, f"?component=planner&limit=2&cursor={first['next']}").body
    found = [x["report"]["runId"] for x in (*first["items"], *second["items"])]
    assert (found, "next" in second) == (["run-0", "run-1", "run-2"], False)
    assert asked(functions, "").error["field"] == "component"
    (one,) = asked(functions, "?component=router:meta/llama").body["items"]
    assert one["report"]["runId"] == "another"
    store.set(Ref("ops_runs", "run-1"), {"v": 1, "component": "planner", "ts": clock()})
    shown = asked(functions, "?component=planner").body
    assert (len(shown["items"]), len(shown["broken"])) == (2, 1)


def test_a_run_is_shown_whatever_its_id_holds(functions: Functions, told: dict[str, Any]) -> None:
    tell(functions, told | {"runId": "ci/build:7@main", "gates": {"tests": "failed"}})
    found = asked(functions, "/ci/build:7@main")
    assert (found.status, found.body["run"]["revision"]) == (200, 1)
    assert found.body["run"]["loss"]["terms"]["gatePassRate"]["loss"] == 1.0
    assert asked(functions, "/ci%2Fbuild:7@main").body == found.body
    gone = asked(functions, "/nobody")
    assert (gone.status, gone.error["field"]) == (404, "runId")


def test_a_runs_other_tellings_are_shown_to_those_who_ask(
    functions: Functions, told: dict[str, Any]
) -> None:
    tell(functions, told)
    tell(functions, told | {"costUsd": 0.5})
    assert asked(functions, "/run-1").body["others"] == []
    found = asked(functions, "/run-1?revisions=true").body
    (other,) = found["others"]
    assert (found["run"]["report"]["costUsd"], other["report"]["costUsd"]) == (0.5, 0.25)
