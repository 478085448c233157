"""The callables: what each does for an admin, whom it refuses and how, and what it leaves alone."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from firebase_admin import auth  # type: ignore[import-untyped]  # it ships no types

from ratchet.entry import callables
from ratchet.entry.callables import plain, refusal
from ratchet.govern.config import ConfigReader
from ratchet.govern.flags import Flags
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import InvalidInput, RatchetError, Unavailable
from ratchet.store.port import Ref, Store
from tests.support.functions import SERVICE, Functions
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

# A call of each callable that an admin may make.
CALLS: dict[str, dict[str, Any]] = {
    "propose_policy": {"policy": POLICY, "params": {"latencyTargetMs": 2600}, "reason": "slow"},
    "activate_policy": {"policy": POLICY, "version": "1.0.3", "reason": "looked at it"},
    "rollback_policy": {"policy": POLICY},
    "set_flags": {"autoActivatePolicies": True, "reason": "trusted"},
}
TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."
EVERY = pytest.mark.parametrize("name", list(CALLS))


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


@EVERY
def test_a_call_without_a_token_is_unauthenticated_and_changes_nothing(
    governed: Store, functions: Functions, name: str
) -> None:
    before = (head_of(governed), entries(governed, "config"))
    answer = functions.call(name, CALLS[name], actor=None)
    assert (answer.status, answer.error["status"]) == (401, "UNAUTHENTICATED")
    assert answer.error["details"]["code"] == "RATCHET-6001"
    assert (head_of(governed), entries(governed, "config")) == before


@EVERY
def test_a_service_is_denied_and_changes_nothing(
    governed: Store, functions: Functions, name: str
) -> None:
    before = (head_of(governed), entries(governed, "config"))
    answer = functions.call(name, CALLS[name], actor=SERVICE)
    assert (answer.status, answer.error["status"]) == (403, "PERMISSION_DENIED")
    assert answer.error["details"]["field"] == "role"
    assert (head_of(governed), entries(governed, "config")) == before


WRONG: list[tuple[str, Any, str]] = [
    ("propose_policy", {"policy": POLICY, "params": [1], "reason": "go"}, "params"),
    ("propose_policy", {"policy": "Not An Id", "params": {}, "reason": "go"}, "policy"),
    ("propose_policy", {"policy": POLICY, "params": {}, "reason": "go", "extra": 1}, "extra"),
    ("propose_policy", CALLS["propose_policy"] | {"version": "1.0"}, "version"),
    ("propose_policy", CALLS["propose_policy"] | {"reason": " "}, "reason"),
    ("propose_policy", CALLS["propose_policy"] | {"notes": "n" * 2001}, "notes"),
    ("activate_policy", {"policy": POLICY, "reason": "go"}, "version"),
    ("activate_policy", {"policy": 7, "version": "1.0.3", "reason": "go"}, "policy"),
    ("activate_policy", {"policy": "p" * 121, "version": "1.0.3", "reason": "go"}, "policy"),
    ("activate_policy", {"policy": POLICY, "version": "1.0.3", "reason": "a\nb"}, "reason"),
    ("rollback_policy", {"version": "1.0.0"}, "policy"),
    ("rollback_policy", {"policy": POLICY, "reason": "r" * 501}, "reason"),
    ("set_flags", {"reason": "go"}, "enabled"),
    ("set_flags", {"enabled": "true", "reason": "go"}, "enabled"),
    ("set_flags", {"enabled": True}, "reason"),
]


@pytest.mark.parametrize(("name", "data", "field"), WRONG)
def test_an_invalid_argument_names_its_field_in_the_details(
    governed: Store, functions: Functions, name: str, data: Any, field: str
) -> None:
    before = (head_of(governed), entries(governed, "config"))
    answer = functions.call(name, data)
    assert (answer.status, answer.error["status"]) == (400, "INVALID_ARGUMENT")
    details = answer.error["details"]
    assert details["code"].startswith("RATCHET-100")
    assert details["field"] == field
    assert details["message"] == answer.error["message"]
    assert (head_of(governed), entries(governed, "config")) == before


def spoil(store: Store, version: str) -> None:
    """Change a version's content behind Ratchet's back."""
    store.set(Ref("ops_policies", f"{POLICY}@{version}"), stored(store, version) | {"notes": "x"})


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("activate_policy", CALLS["activate_policy"], "RATCHET-3004"),
        ("rollback_policy", {"policy": POLICY, "version": "1.0.1"}, "RATCHET-3004"),
        ("propose_policy", CALLS["propose_policy"], "RATCHET-3004"),
        ("rollback_policy", {"policy": POLICY, "version": "1.0.3"}, "RATCHET-3003"),
    ],
)
def test_a_failed_precondition_says_which_and_how_it_is_mended(
    governed: Store, functions: Functions, name: str, data: dict[str, Any], code: str
) -> None:
    if code == "RATCHET-3004":
        for version in ("1.0.1", "1.0.2", "1.0.3"):
            spoil(governed, version)
    answer = functions.call(name, data)
    assert (answer.status, answer.error["status"]) == (400, "FAILED_PRECONDITION")
    assert answer.error["details"]["code"] == code
    assert answer.error["details"]["mend"]
    assert head_of(governed).active == "1.0.2"


def test_what_does_not_exist_is_not_found(governed: Store, functions: Functions) -> None:
    data = CALLS["activate_policy"] | {"version": "9.9.9"}
    answer = functions.call("activate_policy", data)
    assert (answer.status, answer.error["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (ZeroDivisionError("a secret of hers"), "INTERNAL", "something went wrong here"),
        (Unavailable("the store did not answer"), "UNAVAILABLE", "the store did not answer"),
    ],
)
def test_an_exception_that_is_not_ours_is_internal_and_says_nothing(
    governed: Store,
    functions: Functions,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: str,
    text: str,
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(callables, "activate", failing)
    answer = functions.call("activate_policy", CALLS["activate_policy"])
    assert (answer.error["status"], answer.error["message"]) == (status, text)
    assert "secret" not in answer.response.get_data(as_text=True)


def test_a_caller_that_asks_too_often_is_told_so(governed: Store, functions: Functions) -> None:
    governed.set(Ref("config", "access"), {"v": 1, "requestsPerMinute": 1})
    answers = [functions.call("rollback_policy", CALLS["rollback_policy"]) for _ in range(12)]
    assert (answers[-1].status, answers[-1].error["status"]) == (429, "RESOURCE_EXHAUSTED")


def everyone() -> list[type[RatchetError]]:
    """Return every kind of error."""
    found: list[type[RatchetError]] = [RatchetError]
    for kind in found:
        found += kind.__subclasses__()
    return found


@pytest.mark.parametrize("kind", everyone())
def test_every_kind_of_error_has_a_code_that_clients_know(kind: type[RatchetError]) -> None:
    make: Callable[..., RatchetError] = kind
    error = make("text", rejected=[]) if kind.__name__ == "InvalidBatch" else make("text")
    told = refusal(error)._as_dict()
    assert told["status"] == kind.status
    assert told["details"]["code"] == kind.code


@pytest.mark.parametrize("value", ["", "1e3", " 7", "1_0", "٣", "9223372036854775808", 7, None])
def test_what_claims_to_be_a_64_bit_integer_is_one(value: Any) -> None:
    with pytest.raises(InvalidInput):
        plain({"@type": "type.googleapis.com/google.protobuf.Int64Value", "value": value})


def test_only_a_door_can_say_who_calls(governed: Store, functions: Functions) -> None:
    headers = {"ratchet.actor": "ada", "Ratchet-Actor": "ada", "ratchet_actor": "ada"}
    answer = functions.call(
        "rollback_policy", CALLS["rollback_policy"], actor=None, headers=headers
    )
    assert answer.error["status"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("role_now", "status"), [("admin", 200), ("service", 403), (None, 403), ("gone", 401)]
)
def test_revocation_and_the_role_as_it_is_now_are_asked_before_a_change(
    governed: Store,
    functions: Functions,
    monkeypatch: pytest.MonkeyPatch,
    role_now: str | None,
    status: int,
) -> None:
    asked: list[bool] = []

    def verify(token: str, *_: Any, check_revoked: bool = False, **__: Any) -> dict[str, Any]:
        asked.append(check_revoked)
        if check_revoked and role_now == "gone":
            raise auth.RevokedIdTokenError("revoked")
        return {"uid": "ada-uid", "role": "admin"}  # a token that lives on

    user = SimpleNamespace(custom_claims={"role": role_now} if role_now else None, disabled=False)
    monkeypatch.setattr(auth, "verify_id_token", verify)
    monkeypatch.setattr(auth, "get_user", lambda *_, **__: user)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = functions.call(
        "rollback_policy", CALLS["rollback_policy"], actor=None, headers=headers
    )
    assert answer.status == status
    assert any(asked)
    assert head_of(governed).active == ("1.0.1" if status == 200 else "1.0.2")
