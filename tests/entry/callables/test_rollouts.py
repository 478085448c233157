"""The callables of rollouts and approvals: what each does for an admin, on both stores."""

from typing import Any

import pytest

from ratchet.govern.roles import Actor
from ratchet.kernel.clock import ManualClock
from ratchet.store.port import Ref, Store
from tests.support.functions import Functions
from tests.support.governed import POLICY, assert_agreement, entries, head_of, statuses
from tests.support.on_road import ask_for

BOB = Actor(name="bob-uid", kind="person", role="admin")
START: dict[str, Any] = {
    "policy": POLICY,
    "challengers": [{"arm": "tried", "version": f"{POLICY}@1.0.3"}],
    "mode": "canary",
    "reason": "looks better",
}


def started(functions: Functions, **changes: Any) -> str:
    """Start a canary, and return its id."""
    key: str = functions.call("start_rollout", START | changes).result["id"]
    return key


def last(store: Store) -> tuple[str, str, bool]:
    """Return action, actor and whether it is an override, of the last audit entry."""
    entry = entries(store)[-1]
    return (entry.action, entry.actor, entry.override)


def test_a_rollout_is_started_with_the_steps_that_are_given(
    governed: Store, functions: Functions, clock: ManualClock
) -> None:
    steps = [{"tried": 0.05}, {"tried": 0.25}]
    made = functions.call("start_rollout", START | {"steps": steps, "outcomeWindowHours": 2}).result
    assert (made["mode"], made["state"], made["steps"]) == ("canary", "running", steps)
    assert (made["champion"], made["startedBy"]) == (f"{POLICY}@1.0.2", "ada-uid")
    assert made["watch"]["outcomeWindowHours"] == 2
    assert len(made["salt"]) == 32
    assert head_of(governed).rollout == made["id"]
    assert statuses(governed)["1.0.3"] == "canary"
    assert last(governed)[:2] == ("start_rollout", "ada-uid")


def test_every_rollout_has_a_salt_of_its_own(governed: Store, functions: Functions) -> None:
    salts = set()
    for _ in range(2):
        made = functions.call("start_rollout", START).result
        salts.add(made["salt"])
        functions.call("abort_rollout", {"rollout": made["id"], "reason": "again"})
    assert len(salts) == 2


def test_a_second_rollout_is_a_failed_precondition(governed: Store, functions: Functions) -> None:
    key = started(functions)
    answer = functions.call("start_rollout", START)
    assert (answer.status, answer.error["status"]) == (400, "FAILED_PRECONDITION")
    assert key in answer.error["details"]["mend"]


def test_a_step_is_opened_and_the_audit_marks_it(governed: Store, functions: Functions) -> None:
    key = started(functions)
    moved = functions.call("advance_rollout", {"rollout": key, "reason": "no harm seen"}).result
    assert moved["step"] == 1
    assert last(governed) == ("advance_rollout", "ada-uid", True)


def test_a_rollout_is_held_and_released(governed: Store, functions: Functions) -> None:
    key = started(functions)
    asked = {"rollout": key, "reason": "a holiday"}
    assert functions.call("hold_rollout", asked).result["held"] is True
    assert functions.call("hold_rollout", asked | {"release": True}).result["held"] is False
    assert last(governed)[:2] == ("release_rollout", "ada-uid")


def test_an_abort_gives_the_version_its_status_back_with_learning_off(
    governed: Store, functions: Functions
) -> None:
    key = started(functions)
    functions.call("set_flags", {"enabled": False, "reason": "stop"})
    head = functions.call("abort_rollout", {"rollout": key, "reason": "enough"}).result
    assert "rollout" not in head
    assert statuses(governed)["1.0.3"] == "draft"
    assert_agreement(governed)


@pytest.mark.parametrize(
    ("decision", "active", "status"),
    [("PROMOTE", "1.0.3", "active"), ("ROLL_BACK", "1.0.2", "rejected")],
)
def test_an_override_decides_at_once_and_the_audit_marks_it(
    governed: Store, functions: Functions, decision: str, active: str, status: str
) -> None:
    key = started(functions)
    asked = {"rollout": key, "decision": decision, "reason": "it is urgent"}
    head = functions.call("override_rollout", asked).result
    assert (head["active"], statuses(governed)["1.0.3"]) == (active, status)
    assert [e.actor for e in entries(governed) if e.override][-1:] == ["ada-uid"]
    assert_agreement(governed)


def test_four_eyes_give_an_approval_and_the_version_is_active(
    governed: Store, functions: Functions
) -> None:
    asked = ask_for(governed, by=Actor(name="ada-uid", kind="person", role="admin"))
    data = {"approval": asked.id, "reason": "read the evidence"}
    refused = functions.call("approve", data)
    assert (refused.status, refused.error["details"]["field"]) == (400, "actor")
    given = functions.call("approve", data, actor=BOB).result
    assert (given["state"], given["decidedBy"]) == ("approved", "bob-uid")
    assert head_of(governed).active == "1.0.3"
    assert_agreement(governed)


def test_a_rejection_closes_the_version(governed: Store, functions: Functions) -> None:
    asked = ask_for(governed)
    data = {"approval": asked.id, "reason": "too dear"}
    assert functions.call("reject", data).result["state"] == "rejected"
    assert (head_of(governed).active, statuses(governed)["1.0.3"]) == ("1.0.2", "rejected")
    found = governed.get(Ref("ops_approvals", asked.id))
    assert found is not None
    assert found.data["decidedReason"] == "too dear"
    assert_agreement(governed)
