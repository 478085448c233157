"""A trained heuristic as a version: drafted with its reasons, once, and on the road like any."""

from typing import Any

import pytest

from ratchet.client import PolicyClient
from ratchet.client.direct import DirectTransport
from ratchet.govern.roles import Actor
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Forbidden, InvalidInput, LearningOff
from ratchet.labels.heuristics.draft import Drafted, draft_heuristic, upload_heuristic
from ratchet.labels.heuristics.train import Trained
from ratchet.labels.uses import LabelUser
from ratchet.labels.withdraw import withdraw_label
from ratchet.policies.activate import rollback
from ratchet.policies.history import differences, get_version
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.advance import advance_rollout
from ratchet.rollouts.approve import approve
from ratchet.rollouts.ask_approval import ask_approval
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    SECOND,
    assert_agreement,
    draft,
    head_of,
    lineage_of,
    switch_flags,
)
from tests.support.taught import AGENT, CONFIG, FEATURES, configure, heuristic, trained
from tests.support.trials import asked, finish, reader_of, start

BOB = Actor(name="bob", kind="person")


def drafted(store: Store, found: Trained, **options: Any) -> Drafted:
    return draft_heuristic(store, KEYS, found, **({"now": NOON} | options))


def version_of(store: Store, key: str) -> PolicyVersion:
    return get_version(store, KEYS, POLICY, key.partition("@")[2])


def test_the_machine_drafts_it_beside_the_active_params_with_its_reasons(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    found = trained(store)
    new = drafted(store, found)
    version = version_of(store, new.version)
    assert (new.version, version.parent) == (f"{POLICY}@1.0.1", f"{POLICY}@1.0.0")
    assert version.params["heuristic"] == found.heuristic.plain()
    assert {k: v for k, v in version.params.items() if k != "heuristic"} == PARAMS
    assert (version.change_class, version.created_by) == ("behaviour", "train_heuristics")
    assert version.proposal is not None
    (reason,) = version.proposal.reasons
    assert all(x in reason for x in ("good: 60 labels", "log loss", "AUC", "by urgent"))
    (user,) = [s.data for s in store.query(Query(LabelUser.collection)) if "parts" in s.data]
    assert (user["user"], user["agent"], user["labels"]) == (f"version:{new.version}", AGENT, 60)
    assert_agreement(store)


def test_an_equal_heuristic_is_drafted_once_whoever_asks(embedded: SqliteStore) -> None:
    switch_flags(embedded)
    lineage_of(embedded, 1)
    found = trained(embedded)
    first = drafted(embedded, found)
    assert drafted(embedded, found) == Drafted(
        version=first.version, new=False, reasons=first.reasons
    )
    assert not drafted(embedded, found, actor=ADA, reason="again").new
    assert head_of(embedded).drafts == ("1.0.1",)


def test_with_learning_off_the_machine_drafts_nothing_and_a_person_may(
    embedded: SqliteStore,
) -> None:
    lineage_of(embedded, 1)
    found = trained(embedded)
    with pytest.raises(LearningOff):
        drafted(embedded, found)
    with pytest.raises(InvalidInput, match="reason"):
        drafted(embedded, found, actor=ADA)
    assert head_of(embedded).drafts == ()
    assert drafted(embedded, found, actor=ADA, reason="looks good").new


def test_a_label_that_is_withdrawn_later_marks_the_draft(embedded: SqliteStore) -> None:
    found = trained(embedded)
    new = drafted(embedded, found, actor=ADA, reason="first")
    gone = found.labels[AGENT][0]
    withdraw_label(embedded, KEYS, ADA, gone, reason="a joke", now=NOON + SECOND)
    (user,) = [s.data for s in embedded.query(Query(LabelUser.collection)) if "parts" in s.data]
    assert (user["user"], user["withdrawn"]) == (f"version:{new.version}", [gone])


def test_a_policy_without_versions_gets_its_first(embedded: SqliteStore) -> None:
    found = drafted(embedded, trained(embedded), actor=ADA, reason="first")
    assert version_of(embedded, found.version).params.keys() == {"heuristic"}


def test_a_change_of_the_model_is_told_as_a_difference(embedded: SqliteStore) -> None:
    lineage_of(embedded, 1)
    new = drafted(embedded, trained(embedded), actor=ADA, reason="try")
    changed = differences(
        version_of(embedded, f"{POLICY}@1.0.0"), version_of(embedded, new.version)
    )
    assert {d.field.split(".")[1] for d in changed} == {"heuristic"}


def test_it_takes_the_road_to_active_and_back(embedded: SqliteStore) -> None:
    lineage_of(embedded, 1)
    new = drafted(embedded, trained(embedded), actor=ADA, reason="try").version
    transport = DirectTransport(embedded, KEYS, ManualClock(NOON))
    canary = start(embedded, asked(profile="quality-gain", mode="canary", steps=(0.1, 0.5)))
    assert canary.profile.goal.metric == "quality"
    client = PolicyClient(transport, POLICY, wall_clock=lambda: NOON)
    met = [client.decide({"urgent": True}, u) for u in _challenged(client)]
    assert {(d.decision, d.policy_version) for d in met} == {("good", new)}
    advance_rollout(embedded, KEYS, ADA, canary.id, reason="it holds", now=NOON)
    wider = PolicyClient(transport, POLICY, wall_clock=lambda: NOON)
    assert len(_challenged(wider)) > 3 * len(met)
    finish(embedded, canary.id)
    reader = reader_of(embedded)
    pending = ask_approval(
        embedded, KEYS, reader, ADA, POLICY, "1.0.1", reason="it is good", now=NOON
    )
    approve(embedded, KEYS, reader, BOB, pending.id, reason="it is", now=NOON + SECOND)
    assert head_of(embedded).active == "1.0.1"
    assert PolicyClient(transport, POLICY).decide({"urgent": True}).policy_version == new
    rollback(embedded, KEYS, ADA, POLICY, now=NOON + 2 * SECOND, reason="back")
    assert head_of(embedded).active == "1.0.0"
    assert_agreement(embedded)


def _challenged(client: PolicyClient) -> list[str]:
    """Return some units that meet the challenger."""
    units = [f"user-{i}" for i in range(200)]
    met = {unit: client.assign(unit) for unit in units}
    return [unit for unit, at in met.items() if at is not None and at.arm == "1.0.1"]


def upload(store: Store, data: dict[str, Any], **options: Any) -> Drafted:
    reader = configure(store, {AGENT: CONFIG | options.pop("config", {})})
    given: dict[str, Any] = {"actor": ADA, "reason": "from the lab", "now": NOON} | options
    return upload_heuristic(store, KEYS, reader, AGENT, data, **given)


def test_a_model_from_elsewhere_is_drafted_where_it_takes_the_agents_features(
    embedded: SqliteStore,
) -> None:
    draft(embedded)
    found = upload(embedded, heuristic())
    version = version_of(embedded, found.version)
    assert version.params["heuristic"]["scorers"] == heuristic()["scorers"]  # type: ignore[index,call-overload]
    assert version.proposal is not None
    assert version.proposal.reasons == ("trained elsewhere for critic: good, bad",)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"agent": "painter"}, "agent"),
        (
            {"features": FEATURES | {"size": {"kind": "boolean", "at": "meta.size"}}},
            "features",
        ),
        ({"positive": "fine"} | {"scorers": {"fine": heuristic()["scorers"]["good"]}}, "scorers"),
        ({"threshold": 2.0}, "threshold"),
    ],
)
def test_a_model_that_does_not_fit_the_agent_is_refused_by_field(
    embedded: SqliteStore, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        upload(embedded, heuristic(**change))
    assert refused.value.field == field


def test_whoever_may_not_propose_may_not_upload(embedded: SqliteStore) -> None:
    eve = Actor(name="eve", kind="person", role="service")
    with pytest.raises(Forbidden):
        upload(embedded, heuristic(), actor=eve)
