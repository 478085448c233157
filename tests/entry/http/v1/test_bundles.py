"""Bundles by HTTP: an agent's versions, drafted and set on their road."""

from typing import Any

import pytest

from ratchet.labels.heuristics.settings import HeuristicSettings
from ratchet.store.port import Ref, Store
from tests.support.functions import ADMIN, SERVICE, Functions
from tests.support.governed import POLICY, assert_agreement, head_of, switch_flags, weights
from tests.support.taught import AGENT, CONFIG, heuristic

FEATURES = {"tokens": {"kind": "numeric", "at": "tokensIn"}}
DRAFT: dict[str, Any] = {"agent": POLICY, "params": {"cooldownMs": 10}, "reason": "faster"}


@pytest.fixture
def store(embedded: Store) -> Store:
    return embedded


def trained(store: Store, agent: str = "router:meta/llama") -> str:
    """Let an agent have a model of the policy, as configuration says."""
    agents = {agent: {"policy": POLICY, "features": FEATURES}}
    store.set(Ref("config", HeuristicSettings.name), {"v": 1, "agents": agents})
    return agent


def test_the_versions_of_an_agent_are_listed_newest_first(
    functions: Functions, governed: Store
) -> None:
    found = functions.send(f"api/v1/bundles?agent={POLICY}", method="GET", actor=ADMIN)
    assert [(x["version"], x["status"]) for x in found.body["items"]] == [
        ("1.0.3", "draft"),
        ("1.0.2", "active"),
        ("1.0.1", "archived"),
        ("1.0.0", "archived"),
    ]
    assert "params" not in found.body["items"][0]


def test_an_agent_has_the_policy_that_its_heuristic_names(
    functions: Functions, governed: Store
) -> None:
    agent = trained(governed).replace("/", "%2F")
    path = f"api/v1/bundles/{agent}/active"
    found = functions.send(path, method="GET", actor=ADMIN)
    assert (found.status, found.body["id"], found.body["version"]) == (200, POLICY, "1.0.2")
    assert found.body["params"]["latencyTargetMs"] == 2500
    for stranger in ("router:x", "nobody"):
        unknown = functions.send(f"api/v1/bundles?agent={stranger}", method="GET", actor=ADMIN)
        assert (unknown.status, unknown.error["field"]) == (404, "agent")
        assert unknown.error["mend"]


def test_a_policy_without_an_active_version_says_so(functions: Functions, governed: Store) -> None:
    found = functions.send("api/v1/bundles/nothing/active", method="GET", actor=ADMIN)
    assert (found.status, found.error["field"]) == (404, "policy")


def test_a_draft_keeps_what_it_does_not_name(functions: Functions, governed: Store) -> None:
    made = functions.send("api/v1/bundles", actor=ADMIN, json=DRAFT | {"notes": "a trial"})
    assert made.status == 200, made.body
    assert (made.body["version"], made.body["status"], made.body["parent"]) == (
        "1.0.4",
        "draft",
        f"{POLICY}@1.0.2",
    )
    stored = governed.get(Ref("ops_policies", f"{POLICY}@1.0.4"))
    assert stored is not None
    expected = weights(0.58) | {"cooldownMs": 10}
    assert (stored.data["params"], stored.data["notes"]) == (expected, "a trial")
    assert_agreement(governed)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"version": "1.0"}, "version"),
        ({"params": {"latencyTargetMs": "fast"}}, "latencyTargetMs"),
        ({"param": {}}, "param"),
    ],
)
def test_a_draft_that_cannot_be_names_the_field_and_the_mend(
    functions: Functions, governed: Store, changes: dict[str, Any], field: str
) -> None:
    found = functions.send("api/v1/bundles", actor=ADMIN, json=DRAFT | changes)
    assert (found.status, found.error["field"]) == (400, field)
    assert found.error["mend"]
    assert functions.send("api/v1/bundles", actor=SERVICE, json=DRAFT).status == 403
    assert head_of(governed).latest == "1.0.3"


def test_a_trained_version_sets_out_held_to_a_gain_in_quality(
    functions: Functions, governed: Store
) -> None:
    agent = trained(governed)
    sent = {"mode": "canary", "reason": "cross-validated"}
    path = f"api/v1/bundles/{agent}/1.0.3/propose"
    found = functions.send(path, actor=ADMIN, json=sent)
    assert (found.status, found.body["profileName"]) == (200, "quality-gain")
    assert found.body["challengers"] == [{"arm": "1.0.3", "version": f"{POLICY}@1.0.3"}]
    assert head_of(governed).rollout == found.body["id"]
    again = functions.send(path, actor=ADMIN, json=sent)
    assert (again.status, again.error["field"]) == (403, "rollout")


def test_another_version_sets_out_by_the_gates_of_its_class(
    functions: Functions, governed: Store
) -> None:
    path = f"api/v1/bundles/{POLICY}/1.0.3/propose"
    found = functions.send(path, actor=ADMIN, json={"mode": "canary", "reason": "x"})
    assert found.body["profileName"] == "significance"


def test_a_person_drafts_with_learning_off(functions: Functions, governed: Store) -> None:
    switch_flags(governed, enabled=False)
    assert functions.send("api/v1/bundles", actor=ADMIN, json=DRAFT).status == 200


def test_a_model_from_elsewhere_becomes_a_draft_once(functions: Functions, governed: Store) -> None:
    agents = {AGENT: CONFIG | {"policy": POLICY}}
    governed.set(Ref("config", HeuristicSettings.name), {"v": 1, "agents": agents})
    sent = {"agent": AGENT, "model": heuristic(), "reason": "from the lab"}
    made = functions.send("api/v1/bundles/upload", actor=ADMIN, json=sent)
    assert (made.status, made.body["version"], made.body["new"]) == (200, f"{POLICY}@1.0.4", True)
    again = functions.send("api/v1/bundles/upload", actor=ADMIN, json=sent)
    assert (again.body["version"], again.body["new"]) == (f"{POLICY}@1.0.4", False)
    other = functions.send(
        "api/v1/bundles/upload", actor=ADMIN, json=sent | {"model": heuristic(threshold=2.0)}
    )
    assert (other.status, other.error["field"]) == (400, "threshold")
    assert functions.send("api/v1/bundles/upload", actor=SERVICE, json=sent).status == 403
