"""Activate, roll back, reject: by the table, by who may, and on the chain."""

from collections.abc import Callable
from typing import Any

import pytest

from ratchet.govern.roles import CONSOLE, Actor, machine
from ratchet.kernel.errors import (
    BadSignature,
    Forbidden,
    IllegalTransition,
    InvalidInput,
    NotFound,
    Refused,
)
from ratchet.policies.activate import activate, reject, rollback
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import COLLECTION
from ratchet.store.port import Ref, Store
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    ROBOT,
    TUNER,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    machine_draft,
    promote,
    statuses,
    stored,
    switch_flags,
    weights,
)
from tests.support.trials import begin, finish

EVE = Actor(name="eve", kind="person", role="service")


def back(store: Store, version: str | None = None, *, by: Actor = ADA) -> PolicyHead:
    return rollback(store, KEYS, by, POLICY, version=version, now=NOON)


@pytest.mark.parametrize("version", ["", "1.0", "latest"])
def test_a_rollback_to_what_is_no_version_does_not_go_to_the_previous_one(
    store: Store, version: str
) -> None:
    lineage_of(store, 2)
    with pytest.raises(InvalidInput, match="is no version") as caught:
        back(store, version)
    assert caught.value.field == "version"
    assert head_of(store).active == "1.0.1"


def turn_down(store: Store, version: str, *, reason: str = "worse") -> PolicyHead:
    return reject(store, KEYS, ADA, POLICY, version, now=NOON, reason=reason)


def test_the_reason_of_a_rollback_may_be_left_out_but_is_one_line(embedded: Store) -> None:
    lineage_of(embedded, 2)
    with pytest.raises(InvalidInput, match="the reason has line breaks") as caught:
        rollback(embedded, KEYS, ADA, POLICY, now=NOON, reason="worse\nthan before")
    assert caught.value.field == "reason"
    assert head_of(embedded).active == "1.0.1"
    assert back(embedded).active == "1.0.0"


def test_an_activation_moves_head_statuses_and_audit_together(store: Store) -> None:
    lineage_of(store, 2)
    head = head_of(store)
    assert (head.active, head.previous, head.activated) == ("1.0.1", "1.0.0", ("1.0.0", "1.0.1"))
    assert head.drafts == ()
    assert statuses(store) == {"1.0.0": "archived", "1.0.1": "active"}
    entry = entries(store)[-1]
    assert (entry.action, entry.was, entry.to) == ("activate", "1.0.0", "1.0.1")
    assert (entry.actor, entry.reason) == ("ada", "test")
    assert_agreement(store)


def test_activating_the_active_version_changes_nothing(embedded: Store) -> None:
    lineage_of(embedded, 1)
    before = head_of(embedded)
    assert promote(embedded, "1.0.0") == before
    assert len(entries(embedded)) == 2


def test_what_does_not_exist_is_named(embedded: Store) -> None:
    with pytest.raises(NotFound, match="policy router-core does not exist"):
        promote(embedded, "1.0.0")
    lineage_of(embedded, 1)
    with pytest.raises(NotFound, match=r"router-core@9\.0\.0 does not exist"):
        promote(embedded, "9.0.0")
    with pytest.raises(NotFound, match=r"router-core@9\.0\.0 does not exist"):
        back(embedded, "9.0.0")


def test_a_rejected_version_is_never_activated(store: Store) -> None:
    lineage_of(store, 1)
    draft(store, weights(0.5))
    turn_down(store, "1.0.1")
    with pytest.raises(IllegalTransition, match="is rejected and cannot become active"):
        promote(store, "1.0.1")
    with pytest.raises(IllegalTransition, match="was never active"):
        back(store, "1.0.1")
    assert_agreement(store)


def test_an_archived_version_may_be_activated_again(embedded: Store) -> None:
    lineage_of(embedded, 2)
    assert promote(embedded, "1.0.0").active == "1.0.0"
    assert_agreement(embedded)


@pytest.mark.parametrize("version", ["1.0.0", "1.0.1"])
def test_only_a_draft_is_rejected(embedded: Store, version: str) -> None:
    lineage_of(embedded, 2)
    with pytest.raises(IllegalTransition, match="cannot become rejected"):
        turn_down(embedded, version)


def test_rejecting_closes_a_draft_once(store: Store) -> None:
    lineage_of(store, 1)
    draft(store, weights(0.5))
    turn_down(store, "1.0.1")
    assert turn_down(store, "1.0.1").drafts == ()
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "rejected"}
    assert [e.action for e in entries(store)] == ["propose", "activate", "propose", "reject"]
    assert_agreement(store)


def test_a_persons_activation_and_rejection_want_a_reason(embedded: Store) -> None:
    draft(embedded)
    with pytest.raises(InvalidInput, match="activate wants a reason"):
        activate(embedded, KEYS, ADA, POLICY, "1.0.0", now=NOON)
    with pytest.raises(InvalidInput, match="reject wants a reason"):
        turn_down(embedded, "1.0.0", reason="")


def test_a_person_without_the_role_changes_nothing(embedded: Store) -> None:
    lineage_of(embedded, 2)
    draft(embedded, weights(0.5))
    with pytest.raises(Refused, match="role admin"):
        activate(embedded, KEYS, EVE, POLICY, "1.0.2", now=NOON, reason="x")
    with pytest.raises(Refused, match="role admin"):
        back(embedded, by=EVE)
    with pytest.raises(Refused, match="role admin"):
        reject(embedded, KEYS, EVE, POLICY, "1.0.2", now=NOON, reason="x")
    with pytest.raises(Refused, match="role admin"):
        reject(embedded, KEYS, TUNER, POLICY, "1.0.2", now=NOON, reason="x")
    assert head_of(embedded).active == "1.0.1"


def test_what_a_person_activates_past_the_gates_is_marked_as_an_override(store: Store) -> None:
    lineage_of(store, 2)
    draft(store, PARAMS | {"cooldownMs": 1})
    promote(store, "1.0.2")
    overrides = {e.to: e.override for e in entries(store) if e.action == "activate"}
    # The first version has nothing to be held against.
    assert overrides == {"1.0.0": False, "1.0.1": True, "1.0.2": True}


@pytest.mark.parametrize("actor", [TUNER, CONSOLE, ROBOT])
def test_nobody_but_a_person_activates_past_the_gates(embedded: Store, actor: Actor) -> None:
    switch_flags(embedded, auto=True)
    lineage_of(embedded, 1)
    machine_draft(embedded, 0.5)
    with pytest.raises(Forbidden):
        activate(embedded, KEYS, actor, POLICY, "1.0.1", now=NOON, reason="inside")
    assert head_of(embedded).active == "1.0.0"


def test_with_the_switch_off_a_person_may_activate(embedded: Store) -> None:
    lineage_of(embedded, 1)
    draft(embedded, weights(0.5))
    switch_flags(embedded, enabled=False)
    assert promote(embedded, "1.0.1").active == "1.0.1"


@pytest.mark.parametrize("actor", [ADA, machine("canary")])
def test_a_rollback_needs_no_reason_and_works_with_the_switch_off(
    store: Store, actor: Actor
) -> None:
    lineage_of(store, 3)
    switch_flags(store, enabled=False)
    head = back(store, by=actor)
    assert (head.active, head.previous) == ("1.0.1", "1.0.2")
    entry = entries(store)[-1]
    assert (entry.action, entry.was, entry.to) == ("rollback", "1.0.2", "1.0.1")
    assert (entry.reason, entry.override) == ("", False)
    assert_agreement(store)


def test_a_rollback_may_name_any_version_that_was_active(store: Store) -> None:
    lineage_of(store, 3)
    assert back(store, "1.0.0").active == "1.0.0"
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "archived", "1.0.2": "archived"}
    assert_agreement(store)


def test_a_rollback_to_the_active_version_changes_nothing(embedded: Store) -> None:
    lineage_of(embedded, 2)
    back(embedded, "1.0.1")
    assert len(entries(embedded)) == 4


def test_a_rollback_wants_a_version_that_was_active(embedded: Store) -> None:
    lineage_of(embedded, 1)
    with pytest.raises(IllegalTransition, match="has no previous version"):
        back(embedded)
    draft(embedded, weights(0.5))
    with pytest.raises(IllegalTransition, match=r"router-core@1\.0\.1 was never active") as caught:
        back(embedded, "1.0.1")
    assert caught.value.mend == f"ratchet policy activate {POLICY} 1.0.1 --reason ..."


def test_a_version_whose_content_was_changed_is_not_activated(embedded: Store) -> None:
    lineage_of(embedded, 2)
    for version in ("1.0.0", draft(embedded, weights(0.5)).version):
        changed = stored(embedded, version) | {"params": weights(0.41)}
        embedded.set(Ref(COLLECTION, f"{POLICY}@{version}"), changed)
        with pytest.raises(BadSignature):
            promote(embedded, version)
    with pytest.raises(BadSignature):
        back(embedded)
    assert head_of(embedded).active == "1.0.1"


@pytest.mark.parametrize("state", ["changed", "gone"])
def test_a_rollback_leaves_an_active_version_that_is_broken(store: Store, state: str) -> None:
    lineage_of(store, 2)
    ref = Ref(COLLECTION, f"{POLICY}@1.0.1")
    if state == "gone":
        store.delete(ref)
    else:
        store.set(ref, stored(store, "1.0.1") | {"params": {}})
    assert back(store).active == "1.0.0"
    assert statuses(store)["1.0.0"] == "active"


@pytest.mark.parametrize("status", ["archived", "rejected", "aktiv"])
def test_the_head_is_the_truth_about_a_status(embedded: Store, status: Any) -> None:
    draft(embedded)
    ref = Ref(COLLECTION, f"{POLICY}@1.0.0")
    embedded.set(ref, stored(embedded, "1.0.0") | {"status": status})
    assert promote(embedded, "1.0.0").active == "1.0.0"
    assert_agreement(embedded)


def back_to_the_first(store: Store) -> PolicyHead:
    return back(store, "1.0.0")


def on_to_the_tried(store: Store) -> PolicyHead:
    return promote(store, "1.0.2")


def on_to_another(store: Store) -> PolicyHead:
    return promote(store, "1.0.3")


@pytest.mark.parametrize(
    ("change", "status"),
    [(back_to_the_first, "draft"), (on_to_the_tried, "active"), (on_to_another, "draft")],
)
def test_another_active_version_ends_the_running_rollout_in_the_same_transaction(
    store: Store, change: Callable[[Store], PolicyHead], status: str
) -> None:
    lineage_of(store, 2)
    draft(store, weights(0.5))
    draft(store, weights(0.45))
    started = begin(store, arms={"c": f"{POLICY}@1.0.2"})
    assert statuses(store)["1.0.2"] == "canary"
    head = change(store)
    assert (head.rollout, head.rollout_seal, head.stages) == (None, None, {})
    assert statuses(store)["1.0.2"] == status
    entry = entries(store)[-1]
    assert (entry.action in ("activate", "rollback"), entry.to) == (True, head.active)
    assert entry.evidence["endedRollout"] == started.id
    assert_agreement(store)


def test_a_version_that_is_tried_is_rejected_only_after_its_rollout(embedded: Store) -> None:
    lineage_of(embedded, 1)
    draft(embedded, weights(0.5))
    started = begin(embedded)
    with pytest.raises(Refused, match="is tried by rollout") as caught:
        turn_down(embedded, "1.0.1")
    assert caught.value.mend.startswith(f"ratchet rollout abort {started.id}")
    finish(embedded, started.id)
    assert turn_down(embedded, "1.0.1").drafts == ()
