"""Studies by HTTP: a person starts one, gives it up, and finds both among the others."""

from typing import Any

import pytest

from ratchet.kernel.clock import ManualClock
from ratchet.store.port import Query, Ref, Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.governed import POLICY, SECOND

NEW: dict[str, Any] = {
    "type": "prompt_synthesis",
    "component": "planner",
    "policy": POLICY,
    "hypothesis": "shorter prompts contradict themselves less",
    "reason": "the card says so",
}


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


def start(functions: Functions, **changes: Any) -> Answer:
    return functions.send("api/v1/studies", actor=ADMIN, json=NEW | changes)


def asked(functions: Functions, path: str = "") -> Answer:
    return functions.send(f"api/v1/studies{path}", method="GET", actor=ADMIN)


def test_a_study_is_started_shown_and_given_up(functions: Functions, governed: Store) -> None:
    begun = start(functions)
    assert (begun.status, begun.body["state"]) == (200, "planned")
    assert (begun.body["startedBy"], begun.body["actor"]) == ("person", "ada-uid")
    key = begun.body["id"]
    assert asked(functions, f"/{key}").body == begun.body
    path = f"api/v1/studies/{key}/abandon"
    ended = functions.send(path, actor=ADMIN, json={"reason": "not worth it"})
    assert (ended.body["state"], ended.body["reasons"]) == ("abandoned", ["not worth it"])
    again = functions.send(path, actor=ADMIN, json={"reason": "not worth it"})
    assert (again.status, again.error["field"]) == (403, "state")


def test_studies_are_listed_by_page_the_latest_first(
    functions: Functions, governed: Store, clock: ManualClock
) -> None:
    keys = []
    for component in ("a", "b", "c"):
        keys.append(start(functions, component=component).body["id"])
        clock.advance(SECOND)
    first = asked(functions, "?limit=2").body
    second = asked(functions, f"?limit=2&cursor={first['next']}").body
    assert [x["id"] for x in (*first["items"], *second["items"])] == keys[::-1]
    (one,) = asked(functions, "?component=b").body["items"]
    assert one["id"] == keys[1]
    assert asked(functions, "?state=running").body["items"] == []
    assert asked(functions, "?state=lost").error["field"] == "state"


def test_one_that_is_broken_is_named_beside_the_others(
    functions: Functions, governed: Store
) -> None:
    start(functions)
    (real,) = governed.query(Query("ops_studies"))
    governed.set(Ref("ops_studies", "broken"), real.data | {"type": "magic", "id": "broken"})
    found = asked(functions).body
    assert (len(found["items"]), "ops_studies/broken" in found["broken"][0]) == (1, True)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"type": "magic"}, 400, "type"),
        ({"policy": "nobody"}, 404, "policy"),
        ({"hypothesis": ""}, 400, "hypothesis"),
        ({"reason": " "}, 400, "reason"),
    ],
)
def test_what_cannot_be_started_says_why(
    functions: Functions, governed: Store, change: dict[str, Any], status: int, field: str
) -> None:
    found = start(functions, **change)
    assert (found.status, found.error["field"]) == (status, field)


def test_studies_are_an_admins(functions: Functions, governed: Store) -> None:
    assert functions.send("api/v1/studies", actor=SERVICE, json=NEW).status == 403
    assert functions.send("api/v1/studies", method="GET", actor=SERVICE).status == 403
    assert asked(functions, "/nobody").status == 404
