"""Judges by HTTP: what they say is taken from services, and their weights are shown."""

from typing import Any

import pytest

from ratchet.kernel.clock import ManualClock
from ratchet.labels.judge_weight import JudgeWeight
from ratchet.store.port import Query, Ref, Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.governed import NOON

SAID = {"judge": "panel-1", "family": "gpt", "agent": "planner", "subject": "s1", "score": 0.75}


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


def weighed(store: Store, judge: str, agent: str = "planner", weight: float = 0.5) -> None:
    found = JudgeWeight(
        judge=judge,
        agent=agent,
        weight=weight,
        plain=0.5,
        agreement=0.75,
        chance_corrected=0.5,
        n=10,
        effective_n=8.0,
        ts=NOON,
    )
    store.set(Ref(JudgeWeight.collection, found.key()), found.to_map())


def asked(functions: Functions, path: str) -> Answer:
    return functions.send(f"api/v1/judge-weights{path}", method="GET", actor=ADMIN)


def test_a_service_sends_what_judges_say(functions: Functions, store: Store) -> None:
    sent = {"judgements": [SAID, SAID | {"subject": "s2", "score": 2}]}
    found = functions.send("api/v1/judgements", actor=SERVICE, json=sent)
    assert (found.status, found.body["accepted"]) == (200, 1)
    assert [(x["index"], x["field"]) for x in found.body["rejected"]] == [(1, "score")]
    assert [s.data["subject"] for s in store.query(Query("ops_judgements"))] == ["s1"]
    assert functions.send("api/v1/judgements", json=sent).status == 401


def test_weights_are_listed_by_page_and_by_agent(functions: Functions, store: Store) -> None:
    for judge, agent in (("b", "planner"), ("a", "planner"), ("a", "router:meta/llama")):
        weighed(store, judge, agent)
    store.set(Ref("ops_judge_weights", "broken~x"), {"v": 1, "judge": "broken", "agent": "x"})
    (real, *_) = store.query(Query("ops_judge_weights"))
    store.set(Ref("ops_judge_weights", "zz"), real.data | {"weight": 1.0})
    first = asked(functions, "?limit=2").body
    second = asked(functions, f"?limit=2&cursor={first['next']}").body
    found = [(x["judge"], x["agent"]) for x in (*first["items"], *second["items"])]
    assert found == [("a", "planner"), ("a", "router:meta/llama"), ("b", "planner")]
    assert len(second["broken"]) == 1
    third = asked(functions, f"?limit=2&cursor={second['next']}").body
    assert (third["items"], "ops_judge_weights/zz: " in third["broken"][0]) == ([], True)
    assert "next" not in third
    one = asked(functions, "/router:meta%2Fllama").body
    assert [(x["judge"], x["weight"]) for x in one["items"]] == [("a", 0.5)]
    unknown = asked(functions, "/nobody")
    assert (unknown.status, unknown.error["field"]) == (404, "agent")
    functions.send("api/v1/judgements", actor=SERVICE, json=SAID | {"agent": "new"})
    assert asked(functions, "/new").body == {"items": [], "broken": []}


def test_weights_are_an_admins_to_see_and_to_update(
    functions: Functions, store: Store, clock: ManualClock
) -> None:
    path = "api/v1/judge-weights"
    assert functions.send(path, method="GET", actor=SERVICE).status == 403
    assert functions.send(f"{path}/update", actor=SERVICE, json={}).status == 403
    weighed(store, "silent", weight=0.5)
    assert functions.send(f"{path}/update", actor=ADMIN).body["agents"] == 1  # without a body
    weighed(store, "silent", weight=0.5)
    found = functions.send(f"{path}/update", actor=ADMIN, json={"agent": "planner"})
    assert (found.status, found.body["agents"]) == (200, 1)
    (after,) = asked(functions, "/planner").body["items"]
    assert after["weight"] == 0  # it said nothing in the window


@pytest.mark.parametrize("path", ["/update", "/update?x=1"])
def test_what_updates_is_no_agent(functions: Functions, path: str) -> None:
    found: Any = asked(functions, path)
    assert (found.status, found.error["field"]) == (405, "method")
