"""Alerts by HTTP: those that stand are listed, seen to, and ended by name."""

from typing import Any

import pytest

from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.kernel.clock import HOUR, ManualClock
from ratchet.store.port import Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.governed import NOON


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


@pytest.fixture(autouse=True)
def raised(store: Store) -> None:
    raise_alert(store, alert("scoring-lag", "shard/3", "warning", "it lags", now=NOON))
    raise_alert(store, alert("chain-broken", "config", "critical", "it is cut", now=NOON + HOUR))
    raise_alert(store, alert("tick-failed", "sweep", "warning", "it failed", now=NOON - HOUR))
    clear_alert(store, "tick-failed", "sweep", now=NOON)


def asked(functions: Functions, path: str = "") -> Answer:
    return functions.send(f"api/v1/alerts{path}", method="GET", actor=ADMIN)


def said(functions: Functions, path: str, body: Any) -> Answer:
    return functions.send(f"api/v1/alerts/{path}", actor=ADMIN, json=body)


def ids(answer: Answer) -> list[str]:
    return [x["id"] for x in answer.body["items"]]


def test_those_that_stand_are_listed_by_page_the_latest_to_begin_first(
    functions: Functions,
) -> None:
    assert ids(asked(functions)) == ["chain-broken~config", "scoring-lag~shard%2F3"]
    first = asked(functions, "?limit=1")
    second = asked(functions, f"?limit=1&cursor={first.body['next']}")
    assert ids(first) + ids(second) == ids(asked(functions))
    assert ids(asked(functions, "?severity=critical")) == ["chain-broken~config"]
    assert ids(asked(functions, "?state=resolved")) == ["tick-failed~sweep"]
    assert functions.send("api/v1/alerts", method="GET", actor=SERVICE).status == 403


@pytest.mark.parametrize("name", ["scoring-lag~shard%2F3", "scoring-lag~shard%252F3"])
def test_one_is_found_by_its_id_as_it_is_listed_or_encoded(functions: Functions, name: str) -> None:
    found = asked(functions, f"/{name}")
    assert (found.status, found.body["text"], found.body["total"]) == (200, "it lags", 1)
    assert asked(functions, "/nothing~x").status == 404


def test_a_person_sees_to_one_and_ends_it_and_nothing_twice(
    functions: Functions, clock: ManualClock
) -> None:
    path = "chain-broken~config"
    seen = said(functions, f"{path}/ack", {"note": "restoring it"})
    assert (seen.body["state"], seen.body["acknowledged"]["by"]) == ("acknowledged", "ada-uid")
    assert said(functions, f"{path}/ack", {"note": "again"}).error["field"] == "state"
    assert ids(asked(functions, "?state=acknowledged")) == [path]
    over = said(functions, f"{path}/resolve", {"reason": "restored"})
    assert (over.body["state"], over.body["resolved"]["note"]) == ("resolved", "restored")
    assert ids(asked(functions)) == ["scoring-lag~shard%2F3"]
    assert said(functions, f"{path}/resolve", {}).error["field"] == "reason"
    assert said(functions, "nothing~x/ack", {"note": "x"}).status == 404
