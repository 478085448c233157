"""What a policy served at an instant, read from its audit chain."""

from datetime import timedelta

import pytest

from ratchet.kernel.errors import NotFound
from ratchet.kernel.seal import sealed
from ratchet.policies.activate import activate, rollback
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.approval import APPROVALS, LIFE, Approval
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.scene import Follows
from ratchet.rollouts.served import Served, served_at
from ratchet.store.port import Ref, Store
from tests.support.carried import activation, came_to, carried, prepared, running
from tests.support.drawn import GEMINI_BETTER, drawn
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    draft,
    head_of,
    lineage_of,
    switch_flags,
    weights,
)

HOUR = timedelta(hours=1)


def at(store: Store, hours: float) -> Served:
    return served_at(store, KEYS, POLICY, NOON + hours * HOUR)


@pytest.fixture
def active(embedded: Store) -> Store:
    """A store with 1.0.0 active since noon, and drafts of 1.0.1 and 1.0.2; the machine may act."""
    switch_flags(embedded, auto=True)
    lineage_of(embedded, 1)
    draft(embedded, weights(0.5))
    draft(embedded, weights(0.4))
    return embedded


def test_each_activation_serves_until_the_next_one(active: Store) -> None:
    activate(active, KEYS, ADA, POLICY, "1.0.1", now=NOON + 2 * HOUR, reason="better")
    rollback(active, KEYS, ADA, POLICY, now=NOON + 5 * HOUR, reason="worse after all")
    first, second, third = at(active, 1), at(active, 2), at(active, 9)
    assert (first.version, first.until) == (f"{POLICY}@1.0.0", NOON + 2 * HOUR)
    assert (second.version, second.action, second.by) == (f"{POLICY}@1.0.1", "activate", "ada")
    assert (second.since, second.until) == (NOON + 2 * HOUR, NOON + 5 * HOUR)
    assert (third.version, third.action, third.until) == (f"{POLICY}@1.0.0", "rollback", None)
    assert third.reason == "worse after all"


def test_before_the_first_activation_nothing_was_served(active: Store) -> None:
    found = at(active, -1)
    assert (found.version, found.until) == (None, NOON)


def test_a_change_of_behaviour_by_a_person_is_told_as_an_override(active: Store) -> None:
    other = {**weights(0.4), "fallbackOn": ["timeout"]}
    version = draft(active, other).version
    activate(active, KEYS, ADA, POLICY, version, now=NOON + HOUR, reason="now")
    assert at(active, 1).override
    assert not at(active, 0.5).override


def test_the_evidence_of_a_promotion_is_the_verdicts_of_its_road(active: Store) -> None:
    shadow = running(active, mode="shadow", steps=(1.0,), gates=("canary",), now=NOON + HOUR)
    onward = Follows(came_to("runs", "canary"), begins=prepared())
    passed = carried(active, shadow, "PROMOTE", onward, now=NOON + 25 * HOUR)
    canary = get_rollout(active, str(head_of(active).rollout))
    stepped = carried(active, canary, "PROMOTE", scope="step", now=NOON + 50 * HOUR)
    follows = activation(active, canary)
    promoted = carried(active, canary, "PROMOTE", follows, now=NOON + 75 * HOUR)
    found = at(active, 76)
    assert (found.version, found.kind) == (f"{POLICY}@1.0.1", "machine")
    assert [rested.id for rested in found.evidence] == [passed.id, stepped.id, promoted.id]
    assert found.evidence[2].text == f"PROMOTE of {canary.id}: the test says PROMOTE"


def test_the_rollout_that_ran_is_told_with_the_shares_of_its_step(active: Store) -> None:
    rollout = running(active, now=NOON + HOUR)
    carried(active, rollout, "PROMOTE", scope="step", now=NOON + 25 * HOUR)
    assert at(active, 0.5).rollout is None
    first, second = at(active, 2).rollout, at(active, 26).rollout
    assert first is not None
    assert (first.id, first.step) == (rollout.id, 0)
    assert first.shares == {"control": 0.9, "1.0.1": 0.1}
    assert second is not None
    assert (second.step, second.shares) == (1, {"control": 0.6, "1.0.1": 0.4})
    assert second.versions == {"control": f"{POLICY}@1.0.0", "1.0.1": f"{POLICY}@1.0.1"}


def test_a_rollout_runs_no_more_once_it_was_aborted_or_its_champion_replaced(active: Store) -> None:
    first = running(active, now=NOON + HOUR)
    abort_rollout(active, KEYS, ADA, first.id, reason="enough", now=NOON + 2 * HOUR)
    second = running(active, now=NOON + 3 * HOUR)
    activate(active, KEYS, ADA, POLICY, "1.0.2", now=NOON + 4 * HOUR, reason="go")
    ran = [at(active, hours).rollout for hours in (1.5, 2.5, 3.5, 4.5)]
    assert [found.id if found else None for found in ran] == [first.id, None, second.id, None]


def test_the_holdback_that_follows_a_promotion_is_the_rollout_from_then_on(active: Store) -> None:
    rollout = running(active, steps=(0.4,), now=NOON + HOUR)
    carried(active, rollout, "PROMOTE", follows=activation(active, rollout), now=NOON + 50 * HOUR)
    ran = at(active, 50).rollout
    assert ran is not None
    assert (ran.purpose, ran.shares) == ("holdback", {"control": 0.95, "former": 0.05})
    assert ran.versions["former"] == f"{POLICY}@1.0.0"


def test_a_challenger_that_was_dropped_is_told_as_served_by_the_champion(active: Store) -> None:
    rollout = running(active, ("1.0.1", "1.0.2"), now=NOON + HOUR)
    carried(active, rollout, "HOLD", arms={"1.0.1": "ROLL_BACK"}, now=NOON + 9 * HOUR)
    before, after = at(active, 8).rollout, at(active, 9).rollout
    assert before is not None
    assert before.versions["1.0.1"] == f"{POLICY}@1.0.1"
    assert after is not None
    assert after.versions["1.0.1"] == f"{POLICY}@1.0.0"
    assert after.shares == before.shares


def approved(store: Store, state: str) -> Approval:
    """Activate 1.0.1 on an approval."""
    given = {"id": f"{POLICY}-a9", "policy": POLICY, "champion": f"{POLICY}@1.0.0"}
    asked = {"requester": "ada", "role": "admin", "involved": ("ada",), "reason": "please"}
    decided = {"state": state, "decidedBy": "bob", "decidedReason": "it is"}
    times = {"requestedAt": NOON, "expiresAt": NOON + LIFE}
    signed = {"version": f"{POLICY}@1.0.1", "signature": "s"}
    approval = sealed(KEYS, Approval.parse(given | signed | asked | decided | times))
    store.set(Ref(APPROVALS, approval.id), approval.to_map())
    evidence = {"approval": approval.id}
    activate(store, KEYS, ADA, POLICY, "1.0.1", now=NOON + HOUR, reason="go", evidence=evidence)
    return approval


def test_who_approved_is_told_of_a_yes_and_of_nothing_else(active: Store) -> None:
    approval = approved(active, "approved")
    found = at(active, 1)
    assert found.approved_by == "bob"
    (rested,) = found.evidence
    assert (rested.id, rested.text) == (approval.id, "approved by bob: it is")


def test_a_replay_that_a_gate_passed_on_is_told_with_its_gain(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER)
    replay, now = it.replay(), it.worker.clock()
    gates = {"gates": {"replay": {"result": "passed", "replay": replay.id}}}
    activate(embedded, KEYS, ADA, POLICY, "1.0.1", now=now, reason="go", evidence=gates)
    (rested,) = served_at(embedded, KEYS, POLICY, now).evidence
    # 0.2 of the weight goes from an arm that earns 0.17 a request to one that earns 0.765
    assert (rested.kind, rested.id) == ("replay", replay.id)
    assert rested.text.startswith(f"{POLICY}@1.0.1 against {POLICY}@1.0.0: +0.119")
    assert rested.text.endswith(" over 400 rows")


def test_a_document_that_is_gone_or_was_changed_is_told_as_that(active: Store) -> None:
    approval = approved(active, "approved")
    ref = Ref(APPROVALS, approval.id)
    active.set(ref, approval.to_map() | {"decidedBy": "eve"})
    changed = at(active, 1)
    assert (changed.evidence[0].text, changed.approved_by) == ("was changed by hand", None)
    active.delete(ref)
    assert at(active, 1).evidence[0].text == "is gone"


def test_a_broken_chain_is_told_with_what_it_says(active: Store) -> None:
    assert at(active, 1).chain_valid
    ref = Ref("ops_audit", f"{POLICY}~000000001")
    stored = active.get(ref)
    assert stored is not None
    active.set(ref, stored.data | {"reason": "another"})
    found = at(active, 1)
    assert not found.chain_valid
    assert ref.id in found.chain


def test_a_policy_without_a_history_is_not_found(embedded: Store) -> None:
    with pytest.raises(NotFound, match="no history"):
        served_at(embedded, KEYS, "nobody", NOON)
