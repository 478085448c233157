"""The callables of policies and of the switch: what each does for an admin, on both stores."""

from typing import Any

import pytest

from ratchet.govern.config import ConfigReader
from ratchet.govern.flags import Flags
from ratchet.kernel.clock import ManualClock
from ratchet.store.port import Store
from tests.support.functions import Functions
from tests.support.governed import (
    POLICY,
    SPACE,
    assert_agreement,
    entries,
    head_of,
    statuses,
    stored,
    weights,
)

CALLS: dict[str, dict[str, Any]] = {
    "propose_policy": {"policy": POLICY, "params": {"latencyTargetMs": 2600}, "reason": "slow"},
    "activate_policy": {"policy": POLICY, "version": "1.0.3", "reason": "looked at it"},
    "rollback_policy": {"policy": POLICY},
    "set_flags": {"autoActivatePolicies": True, "reason": "trusted"},
}


def test_a_proposal_is_a_draft_that_keeps_what_it_does_not_name(
    governed: Store, functions: Functions
) -> None:
    made = functions.call("propose_policy", CALLS["propose_policy"] | {"notes": "a note"}).result
    assert (made["id"], made["version"], made["status"]) == (POLICY, "1.0.4", "draft")
    # 1.0.2 is active, with 0.58 of the weight on the first arm.
    assert made["params"] == weights(0.58) | {"latencyTargetMs": 2600}
    assert (made["parent"], made["createdBy"]) == (f"{POLICY}@1.0.2", "ada-uid")
    assert made["notes"] == "a note"
    assert stored(governed, "1.0.4")["params"] == made["params"]
    assert_agreement(governed)


def test_a_proposal_names_its_number_and_its_space(governed: Store, functions: Functions) -> None:
    space = SPACE | {"maxCostUsd": {"kind": "float", "low": 0.01, "high": 1.0, "maxStep": 0.01}}
    data = CALLS["propose_policy"] | {"version": "2.0.0", "tuningSpace": space}
    made = functions.call("propose_policy", data).result
    assert (made["version"], made["changeClass"]) == ("2.0.0", "behaviour")
    assert made["tuningSpace"] == space


def test_a_first_proposal_starts_a_policy(governed: Store, functions: Functions) -> None:
    data = {"policy": "planner", "params": {"steps": 3}, "reason": "new"}
    made = functions.call("propose_policy", data).result
    assert (made["version"], made["params"]) == ("1.0.0", {"steps": 3})
    assert "parent" not in made or made["parent"] is None


def test_an_activation_answers_with_the_head_and_says_who(
    governed: Store, functions: Functions
) -> None:
    head = functions.call("activate_policy", CALLS["activate_policy"]).result
    assert (head["active"], head["previous"], head["drafts"]) == ("1.0.3", "1.0.2", [])
    assert statuses(governed)["1.0.3"] == "active"
    last = entries(governed)[-1]
    assert (last.action, last.actor, last.actor_kind) == ("activate", "ada-uid", "person")
    assert last.reason == "looked at it"
    assert_agreement(governed)


@pytest.mark.parametrize(("version", "active"), [({}, "1.0.1"), ({"version": "1.0.0"}, "1.0.0")])
def test_a_rollback_goes_to_the_previous_version_or_to_the_one_named(
    governed: Store, functions: Functions, version: dict[str, str], active: str
) -> None:
    head = functions.call("rollback_policy", CALLS["rollback_policy"] | version).result
    assert head["active"] == active
    assert_agreement(governed)


def test_a_rollback_works_with_learning_off(governed: Store, functions: Functions) -> None:
    functions.call("set_flags", {"enabled": False, "reason": "stop"})
    assert functions.call("rollback_policy", CALLS["rollback_policy"]).status == 200
    assert head_of(governed).active == "1.0.1"


def test_switches_are_set_one_by_one(
    governed: Store, functions: Functions, clock: ManualClock
) -> None:
    assert functions.call("set_flags", CALLS["set_flags"]).result["learning"] == {
        "enabled": True,
        "autoActivatePolicies": True,
    }
    off = functions.call("set_flags", {"enabled": False, "reason": "stop"}).result
    assert off["learning"] == {"enabled": False, "autoActivatePolicies": True}
    assert not ConfigReader(governed, clock).read(Flags).learning.enabled
    assert entries(governed, "config")[-1].actor == "ada-uid"
