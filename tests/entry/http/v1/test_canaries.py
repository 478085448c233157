"""Canaries by HTTP: what runs, what it has shown, and a person's word on it."""

from typing import Any

import pytest

from ratchet.govern.roles import Actor
from ratchet.store.port import Ref, Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.governed import POLICY, assert_agreement, entries, head_of
from tests.support.on_road import start_canary

ROBOT = Actor(name="ci", kind="machine", role="admin")


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


@pytest.fixture
def canary(governed: Store) -> str:
    return start_canary(governed).id


def change(functions: Functions, key: str, verb: str, actor: Actor = ADMIN, **sent: Any) -> Answer:
    body = {"reason": "looks well"} | sent
    return functions.send(f"api/v1/canaries/{key}/{verb}", actor=actor, json=body)


def running(functions: Functions) -> list[str]:
    found = functions.send("api/v1/canaries/active", method="GET", actor=ADMIN)
    return [rollout["id"] for rollout in found.body["items"]]


def test_what_runs_is_listed_until_it_ends(
    functions: Functions, governed: Store, canary: str
) -> None:
    assert running(functions) == [canary]
    change(functions, canary, "rollback")
    assert running(functions) == []


def test_a_canary_without_an_hour_that_is_closed_shows_no_evidence_yet(
    functions: Functions, canary: str
) -> None:
    path = f"api/v1/canaries/{canary}/performance"
    found = functions.send(path, method="GET", actor=ADMIN)
    assert (found.status, set(found.body)) == (200, {"evidence"})
    shown = found.body["evidence"]
    assert (shown["rollout"], shown["policy"], shown["closed"]) == (canary, POLICY, False)
    assert functions.send(path, method="GET", actor=SERVICE).status == 403
    other = functions.send("api/v1/canaries/none/performance", method="GET", actor=ADMIN)
    assert (other.status, other.error["field"]) == (404, "rollout")


def test_a_step_is_opened_and_the_whole_is_promoted_over_the_gates(
    functions: Functions, governed: Store, canary: str
) -> None:
    opened = change(functions, canary, "promote", scope="step")
    assert opened.body == {"policy": POLICY, "active": "1.0.2", "rollout": canary, "step": 1}
    last = change(functions, canary, "promote", scope="step")
    assert (last.status, last.error["code"], last.error["field"]) == (403, "RATCHET-3003", "step")
    whole = change(functions, canary, "promote", scope="whole")
    assert (whole.status, whole.body["active"], whole.body["previous"]) == (200, "1.0.3", "1.0.2")
    assert [e.override for e in entries(governed)[-2:]] != [False, False]
    assert_agreement(governed)


def test_a_promotion_says_how_far_it_goes_and_a_step_is_of_all_arms(
    functions: Functions, canary: str
) -> None:
    silent = change(functions, canary, "promote")
    assert (silent.status, silent.error["field"]) == (400, "scope")
    of_one = change(functions, canary, "promote", scope="step", arm="tried")
    assert (of_one.status, of_one.error["field"]) == (400, "arm")


def test_a_rollback_rejects_what_is_tried_with_learning_off(
    functions: Functions, governed: Store, canary: str
) -> None:
    governed.delete(Ref("config", "flags"))
    found = change(functions, canary, "rollback")
    assert (found.status, found.body) == (
        200,
        {"policy": POLICY, "active": "1.0.2", "previous": "1.0.1"},
    )
    assert head_of(governed).status_of("1.0.3") == "rejected"
    again = change(functions, canary, "rollback")
    assert again.status == 403
    assert_agreement(governed)


@pytest.mark.parametrize("actor", [SERVICE, ROBOT])
def test_only_a_person_who_is_an_admin_decides(
    functions: Functions, governed: Store, canary: str, actor: Actor
) -> None:
    for verb, sent in (("promote", {"scope": "whole"}), ("rollback", {})):
        found = change(functions, canary, verb, actor, **sent)
        assert (found.status, found.error["code"]) == (403, "RATCHET-3006")
    assert head_of(governed).rollout == canary
