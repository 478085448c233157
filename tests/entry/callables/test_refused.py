"""The callables: whom each refuses and how, and what a refusal leaves alone."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from firebase_admin import auth  # type: ignore[import-untyped]  # it ships no types

from ratchet.entry import callables
from ratchet.entry.callables import policies
from ratchet.entry.callables.protocol import plain, refusal
from ratchet.kernel.errors import InvalidInput, RatchetError, Unavailable
from ratchet.store.port import Ref, Store
from tests.support.functions import SERVICE, Functions
from tests.support.governed import POLICY, entries, head_of, stored

ROLLOUT = f"{POLICY}-r9"
REVIEW = "label~router~s9"
STUDY = f"{POLICY}-s9"
# What services may call as well.
FOR_SERVICES = {"take_study_job", "finish_study", "record_golden"}
# A call of each callable that an admin may make.
CALLS: dict[str, dict[str, Any]] = {
    "propose_policy": {"policy": POLICY, "params": {"latencyTargetMs": 2600}, "reason": "slow"},
    "activate_policy": {"policy": POLICY, "version": "1.0.3", "reason": "looked at it"},
    "rollback_policy": {"policy": POLICY},
    "set_flags": {"autoActivatePolicies": True, "reason": "trusted"},
    "start_rollout": {
        "policy": POLICY,
        "challengers": [{"arm": "tried", "version": f"{POLICY}@1.0.3"}],
        "mode": "canary",
        "reason": "looks better",
    },
    "advance_rollout": {"rollout": ROLLOUT, "reason": "no harm seen"},
    "hold_rollout": {"rollout": ROLLOUT, "reason": "a holiday"},
    "abort_rollout": {"rollout": ROLLOUT, "reason": "enough"},
    "override_rollout": {"rollout": ROLLOUT, "decision": "PROMOTE", "reason": "it is urgent"},
    "approve": {"approval": f"{POLICY}-a9", "reason": "read the evidence"},
    "reject": {"approval": f"{POLICY}-a9", "reason": "too dear"},
    "acknowledge_alert": {"alert": "full~disk", "note": "on it"},
    "resolve_alert": {"alert": "full~disk", "reason": "made room"},
    "next_review": {"agent": "router"},
    "label_review": {"id": REVIEW, "label": "good"},
    "skip_review": {"id": REVIEW},
    "escalate_review": {"id": REVIEW, "reason": "is this ours?"},
    "second_review": {"id": REVIEW},
    "start_study": {
        "type": "tool_tuning",
        "component": "planner",
        "policy": POLICY,
        "hypothesis": "fewer breakages",
        "reason": "the card says so",
    },
    "abandon_study": {"study": STUDY, "reason": "of no use"},
    "take_study_job": {"study": STUDY},
    "finish_study": {"study": STUDY, "state": "failed", "reasons": ["no better"]},
    "build_dataset": {"dataset": "default", "reason": "enough came"},
    "withdraw_examples": {"ids": ["0" * 64], "reason": "its author asked"},
    "record_golden": {"set": "airline", "version": f"{POLICY}@1.0.3", "scores": {"e1": 1}},
}
TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."
EVERY = pytest.mark.parametrize("name", list(CALLS))


@pytest.fixture
def store(embedded: Store) -> Store:
    """One store is enough: a refusal does not ask it."""
    return embedded


@EVERY
def test_a_call_without_a_token_is_unauthenticated_and_changes_nothing(
    governed: Store, functions: Functions, name: str
) -> None:
    before = (head_of(governed), entries(governed, "config"))
    answer = functions.call(name, CALLS[name], actor=None)
    assert (answer.status, answer.error["status"]) == (401, "UNAUTHENTICATED")
    assert answer.error["details"]["code"] == "RATCHET-6001"
    assert (head_of(governed), entries(governed, "config")) == before


@pytest.mark.parametrize("name", [name for name in CALLS if name not in FOR_SERVICES])
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
    ("start_rollout", CALLS["start_rollout"] | {"mode": "blitz"}, "mode"),
    ("start_rollout", CALLS["start_rollout"] | {"challengers": []}, "challengers"),
    ("start_rollout", CALLS["start_rollout"] | {"steps": [{"tried": "0.1"}]}, "steps.0.tried"),
    ("start_rollout", CALLS["start_rollout"] | {"steps": [{"tried": 0.9}]}, "steps"),
    ("start_rollout", CALLS["start_rollout"] | {"profile": "strict"}, "profile"),
    ("start_rollout", CALLS["start_rollout"] | {"reason": ""}, "reason"),
    ("advance_rollout", {"reason": "go"}, "rollout"),
    ("hold_rollout", CALLS["hold_rollout"] | {"release": "true"}, "release"),
    ("abort_rollout", {"rollout": "a/b", "reason": "go"}, "rollout"),
    ("override_rollout", CALLS["override_rollout"] | {"decision": "HOLD"}, "decision"),
    ("override_rollout", CALLS["override_rollout"] | {"arm": 1}, "arm"),
    ("approve", {"approval": 7, "reason": "yes"}, "approval"),
    ("reject", {"approval": f"{POLICY}-a9"}, "reason"),
    ("next_review", {"kind": "poll"}, "kind"),
    ("label_review", {"id": "a/b", "label": "good"}, "id"),
    ("label_review", CALLS["label_review"] | {"value": "1"}, "value"),
    ("start_study", CALLS["start_study"] | {"type": "guessing"}, "type"),
    ("start_study", CALLS["start_study"] | {"hypothesis": ""}, "hypothesis"),
    ("start_study", CALLS["start_study"] | {"reason": ""}, "reason"),
    ("abandon_study", {"study": STUDY}, "reason"),
    ("take_study_job", {"study": "a/b"}, "study"),
    ("finish_study", CALLS["finish_study"] | {"costUsd": "1"}, "costUsd"),
    ("finish_study", CALLS["finish_study"] | {"state": "abandoned"}, "state"),
    ("finish_study", CALLS["finish_study"] | {"gain": True}, "gain"),
    ("escalate_review", {"id": REVIEW, "reason": ""}, "reason"),
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


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("activate_policy", {"version": "9.9.9"}),
        (
            "start_rollout",
            {"policy": "nobody", "challengers": [{"arm": "a", "version": "nobody@1.0.0"}]},
        ),
        *((name, {}) for name in CALLS if name.endswith("rollout") and name != "start_rollout"),
        ("approve", {}),
        ("reject", {}),
        *((name, {}) for name in CALLS if name.endswith("alert")),
        *((name, {}) for name in CALLS if name.endswith("review")),
        ("start_study", {"policy": "nobody"}),
        *((name, {}) for name in ("abandon_study", "take_study_job", "finish_study")),
    ],
)
def test_what_does_not_exist_is_not_found(
    governed: Store, functions: Functions, name: str, changes: dict[str, Any]
) -> None:
    answer = functions.call(name, CALLS[name] | changes)
    assert (answer.status, answer.error["status"]) == (404, "NOT_FOUND")


def test_the_calls_of_the_tests_are_of_every_callable() -> None:
    assert set(CALLS) == set(callables.__all__)


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

    monkeypatch.setattr(policies, "activate", failing)
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
