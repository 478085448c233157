"""Approvals by HTTP: what waits, the yes and the no, and what a yes has done."""

from typing import Any

import pytest

from ratchet.govern.roles import Actor
from ratchet.kernel.clock import DAY, ManualClock
from ratchet.rollouts.approval import Approval
from ratchet.store.port import Store
from tests.support.functions import ADMIN, SERVICE, Answer, Functions
from tests.support.governed import POLICY, assert_agreement, head_of
from tests.support.on_road import ask_for, sealed_console

ROBOT = Actor(name="ci", kind="machine", role="admin")
WHY = {"reason": "tried elsewhere"}


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


def listed(functions: Functions, query: str = "") -> Any:
    found = functions.send(f"api/v1/approvals{query}", method="GET", actor=ADMIN)
    assert found.status == 200, found.body
    return found.body


def decide(functions: Functions, key: str, verb: str, actor: Actor = ADMIN) -> Answer:
    return functions.send(f"api/v1/approvals/{key}/{verb}", actor=actor, json=WHY)


def test_what_waits_for_a_yes_is_listed_until_it_lapses(
    functions: Functions, governed: Store, clock: ManualClock
) -> None:
    asked = ask_for(governed)
    assert [x["id"] for x in listed(functions)["items"]] == [asked.id]
    assert listed(functions, "?policy=another")["items"] == []
    clock.advance(4 * DAY)
    assert listed(functions)["items"] == []


def test_one_that_was_changed_by_hand_is_named_and_left_out(
    functions: Functions, governed: Store
) -> None:
    asked = ask_for(governed)
    sealed_console(governed, Approval).edit(asked.id, reason="another")
    found = listed(functions)
    assert found["items"] == []
    assert asked.id in found["broken"][0]


def test_a_yes_makes_the_change_and_apply_tells_what_it_did(
    functions: Functions, governed: Store
) -> None:
    asked = ask_for(governed)
    early = functions.send(f"api/v1/approvals/{asked.id}/apply", actor=ADMIN)
    assert (early.status, early.error["field"]) == (403, "state")
    assert f"/v1/approvals/{asked.id}/approve" in early.error["mend"]
    given = decide(functions, asked.id, "approve")
    assert (given.status, given.body["state"], given.body["decidedBy"]) == (
        200,
        "approved",
        "ada-uid",
    )
    assert head_of(governed).active == "1.0.3"
    told = functions.send(f"api/v1/approvals/{asked.id}/apply", actor=ADMIN)
    assert (told.status, told.body["active"]) == (200, "1.0.3")
    assert told.body["approval"] == given.body
    assert_agreement(governed)


def test_a_no_rejects_the_version_and_nothing_can_be_applied(
    functions: Functions, governed: Store
) -> None:
    asked = ask_for(governed)
    assert decide(functions, asked.id, "reject").body["state"] == "rejected"
    assert head_of(governed).status_of("1.0.3") == "rejected"
    told = functions.send(f"api/v1/approvals/{asked.id}/apply", actor=ADMIN)
    assert (told.status, told.error["message"]) == (403, f"{asked.id} is rejected")
    assert POLICY in told.error["mend"]
    assert [x["id"] for x in listed(functions, "?state=rejected")["items"]] == [asked.id]


@pytest.mark.parametrize("actor", [SERVICE, ROBOT])
def test_a_yes_is_an_admins_and_a_persons(
    functions: Functions, governed: Store, actor: Actor
) -> None:
    asked = ask_for(governed)
    found = decide(functions, asked.id, "approve", actor)
    assert (found.status, found.error["code"]) == (403, "RATCHET-3006")
    assert head_of(governed).active == "1.0.2"


def test_whoever_asked_for_it_cannot_say_yes(functions: Functions, governed: Store) -> None:
    asked = ask_for(governed, by=ADMIN)
    found = decide(functions, asked.id, "approve")
    assert (found.status, found.error["field"]) == (403, "actor")


def test_an_approval_that_is_not_there_is_a_404(functions: Functions, governed: Store) -> None:
    for verb in ("approve", "reject", "apply"):
        sent: dict[str, Any] = {"json": WHY} if verb != "apply" else {}
        found = functions.send(f"api/v1/approvals/none/{verb}", actor=ADMIN, **sent)
        assert (found.status, found.error["code"]) == (404, "RATCHET-2001")
