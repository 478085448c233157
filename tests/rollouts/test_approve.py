"""Approvals: four eyes, one change as it was asked about, and the change with the yes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from ratchet.govern.roles import Actor, machine, person
from ratchet.kernel.errors import BadSignature, Forbidden, InvalidInput, NotFound, Refused
from ratchet.kernel.seal import is_sealed
from ratchet.policies.activate import reject
from ratchet.policies.version import COLLECTION
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.approval import APPROVALS, Approval
from ratchet.rollouts.approve import (
    approve,
    expire_approvals,
    get_approval,
    list_approvals,
    reject_approval,
)
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.hold import hold_rollout
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.scene import Follows
from ratchet.store.port import Ref, Store
from tests.support.carried import LOOK, assert_sound, came_to, carried
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    PARAMS,
    POLICY,
    alerts,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    promote,
    statuses,
    stored,
    switch_flags,
    weights,
)
from tests.support.trials import SALT, begin, by_gates, finish, reader_of, start

BOB, EVE = person("bob"), person("eve")
SERVICE = Actor(name="sam", kind="person", role="service")
TARGET = f"{POLICY}@1.0.1"


def asked(store: Store, *, left: tuple[str, ...] = (), mode: str = "canary") -> Approval:
    """Let Eve write a version, Ada try it, and a verdict ask for an approval of it."""
    switch_flags(store)
    lineage_of(store, 1)
    draft(store, PARAMS | {"cooldownMs": 1}, actor=EVE)
    return asked_again(store, start(store, by_gates(mode=mode)), left=left)


def asked_again(
    store: Store, rollout: Rollout, *, left: tuple[str, ...] = (), now: datetime = LOOK
) -> Approval:
    carried(store, rollout, "PROMOTE", Follows(came_to("asks", left=left)), now=now)
    return get_approval(store, KEYS, str(get_rollout(store, rollout.id).approval))


def yes(store: Store, approval_id: str, **options: Any) -> Approval:
    given: dict[str, Any] = {"reason": "it is better", "now": LOOK} | options
    actor = given.pop("actor", BOB)
    return approve(store, KEYS, reader_of(store, now=LOOK), actor, approval_id, **given)


def no(store: Store, approval_id: str, **options: Any) -> Approval:
    given: dict[str, Any] = {"reason": "not now", "now": LOOK} | options
    return reject_approval(store, KEYS, given.pop("actor", BOB), approval_id, **given)


def test_a_yes_activates_with_its_holdback_in_one_transaction_with_learning_off(
    store: Store,
) -> None:
    approval = asked(store)
    switch_flags(store, enabled=False)
    decided = yes(store, approval.id)
    assert (decided.state, decided.decided_by, decided.decided_at) == ("approved", "bob", LOOK)
    assert get_approval(store, KEYS, approval.id) == decided
    head = head_of(store)
    assert (head.active, head.previous) == ("1.0.1", "1.0.0")
    assert get_rollout(store, str(approval.rollout)).outcome == "promoted"
    held = get_rollout(store, str(head.rollout))
    assert (held.purpose, held.champion, held.salt) == ("holdback", TARGET, SALT)
    said, activated, begun = entries(store)[-3:]
    assert [e.action for e in (said, activated, begun)] == ["approve", "activate", "start_rollout"]
    assert (said.id, said.actor, said.reason) == (approval.id, "bob", "it is better")
    assert activated.evidence["approval"] == approval.id
    assert activated.evidence["verdict"] == approval.verdict
    assert (activated.actor, activated.override) == ("bob", False)
    assert_sound(store)


@pytest.mark.parametrize("actor", [ADA, EVE])
def test_whoever_made_or_started_it_says_no_yes(store: Store, actor: Actor) -> None:
    approval = asked(store)
    with pytest.raises(Refused, match="four eyes want another admin's yes") as caught:
        yes(store, approval.id, actor=actor)
    assert caught.value.field == "actor"
    assert f"ratchet rollout override {approval.rollout} PROMOTE" in caught.value.mend
    assert get_approval(store, KEYS, approval.id) == approval
    assert head_of(store).active == "1.0.0"


def test_an_admin_who_is_a_person_decides_and_says_why(embedded: Store) -> None:
    approval = asked(embedded)
    strangers = (SERVICE, machine("tuner"), Actor(name="console", kind="console"))
    for decide in (yes, no):
        for actor in strangers:
            with pytest.raises(Forbidden):
                decide(embedded, approval.id, actor=actor)
        with pytest.raises(InvalidInput):
            decide(embedded, approval.id, reason=" ")
        with pytest.raises(NotFound) as caught:
            decide(embedded, f"{POLICY}-a99")
        assert caught.value.mend == "ratchet approvals list"
    assert get_approval(embedded, KEYS, approval.id).state == "pending"


def test_a_no_rejects_the_version_and_ends_its_rollout(store: Store) -> None:
    approval = asked(store)
    decided = no(store, approval.id, actor=ADA)  # who asked may take it back
    assert (decided.state, decided.decided_by) == ("rejected", "ada")
    head = head_of(store)
    assert (head.active, head.rollout, head.drafts) == ("1.0.0", None, ())
    assert get_rollout(store, str(approval.rollout)).outcome == "aborted"
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "rejected"}
    assert [e.action for e in entries(store)[-2:]] == ["reject_approval", "abort_rollout"]
    assert_sound(store)


@pytest.mark.parametrize("decide", [yes, no])
def test_an_approval_is_decided_once(embedded: Store, decide: Callable[..., Approval]) -> None:
    approval = asked(embedded)
    yes(embedded, approval.id)
    before = len(entries(embedded))
    with pytest.raises(Refused, match="it is approved by bob: it is better") as caught:
        decide(embedded, approval.id)
    assert caught.value.field == "state"
    assert len(entries(embedded)) == before


def test_of_a_yes_and_a_no_at_once_one_counts(store: Store) -> None:
    approval = asked(store)

    def attempt(decide: Callable[..., Approval]) -> str:
        try:
            return decide(store, approval.id).state
        except Refused:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(attempt, [yes, no, yes, no]))
    state = get_approval(store, KEYS, approval.id).state
    assert found == sorted([state, "refused", "refused", "refused"])
    assert head_of(store).active == {"approved": "1.0.1", "rejected": "1.0.0"}[state]
    assert_sound(store)


@pytest.mark.parametrize("decide", [yes, no])
def test_after_72_hours_it_is_written_as_expired_and_refused(
    store: Store, decide: Callable[..., Approval]
) -> None:
    approval = asked(store)
    late = LOOK + timedelta(hours=72)
    with pytest.raises(Refused, match="expired by expire_approvals"):
        decide(store, approval.id, now=late)
    closed = get_approval(store, KEYS, approval.id)
    assert (closed.state, closed.decided_at) == ("expired", late)
    assert (head_of(store).active, head_of(store).rollout) == ("1.0.0", approval.rollout)
    assert (entries(store)[-1].action, entries(store)[-1].actor_kind) == (
        "expire_approval",
        "machine",
    )
    assert_sound(store)


def another_is_active(store: Store, approval: Approval) -> None:
    draft(store, weights(0.5))
    promote(store, "1.0.2")


def rollout_is_aborted(store: Store, approval: Approval) -> None:
    finish(store, str(approval.rollout))


def version_is_changed(store: Store, approval: Approval) -> None:
    store.set(Ref(COLLECTION, TARGET), stored(store, "1.0.1") | {"params": PARAMS})


def version_is_another(store: Store, approval: Approval) -> None:
    store.set(Ref(COLLECTION, TARGET), stored(store, "1.0.1") | {"signature": "0" * 64})


def version_is_gone(store: Store, approval: Approval) -> None:
    store.delete(Ref(COLLECTION, TARGET))


@pytest.mark.parametrize("decide", [yes, no])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (another_is_active, "router-core@1.0.2 is active, not router-core@1.0.0"),
        (rollout_is_aborted, "has ended"),
        (version_is_changed, "was changed since it was signed"),
        (version_is_another, "is not the version that was asked about"),
        (version_is_gone, "is not the version that was asked about"),
    ],
)
def test_what_was_asked_about_is_not_there_any_more_and_the_approval_is_void(
    embedded: Store,
    change: Callable[[Store, Approval], None],
    told: str,
    decide: Callable[..., Approval],
) -> None:
    approval = asked(embedded)
    change(embedded, approval)
    active = head_of(embedded).active
    with pytest.raises(Refused, match="void by expire_approvals") as caught:
        decide(embedded, approval.id)
    assert told in caught.value.message
    closed = get_approval(embedded, KEYS, approval.id)
    assert (closed.state, told in closed.decided_reason) == ("void", True)
    assert entries(embedded)[-1].action == "void_approval"
    assert head_of(embedded).active == active
    assert is_sealed(KEYS, Approval, approval.id, closed.to_map())


def test_an_approval_that_was_changed_by_hand_is_not_taken(store: Store) -> None:
    approval = asked(store)
    store.set(Ref(APPROVALS, approval.id), approval.to_map() | {"involved": []})
    for decide in (yes, no):
        with pytest.raises(BadSignature, match="not what was sealed"):
            decide(store, approval.id, actor=ADA)
    with pytest.raises(BadSignature):
        list_approvals(store, KEYS)
    assert head_of(store).active == "1.0.0"


def test_a_rollout_that_was_changed_by_hand_stops_the_yes_and_voids_nothing(
    embedded: Store,
) -> None:
    approval = asked(embedded)
    running = get_rollout(embedded, str(approval.rollout))
    ref = Ref("ops_rollouts", running.id)
    embedded.set(ref, running.to_map() | {"step": 0, "promoteAlpha": 0.4})
    with pytest.raises(BadSignature):
        yes(embedded, approval.id)
    embedded.set(ref, running.to_map())
    assert yes(embedded, approval.id).state == "approved"


def test_a_held_rollout_is_not_approved_before_it_is_released(embedded: Store) -> None:
    approval = asked(embedded)
    rollout_id = str(approval.rollout)
    hold_rollout(embedded, KEYS, ADA, rollout_id, reason="wait", now=LOOK)
    with pytest.raises(Refused, match="is held") as caught:
        yes(embedded, approval.id)
    assert caught.value.mend == f"ratchet rollout hold {rollout_id} --release --reason ..."
    assert get_approval(embedded, KEYS, approval.id).state == "pending"
    hold_rollout(embedded, KEYS, ADA, rollout_id, release=True, reason="go", now=LOOK)
    assert yes(embedded, approval.id).state == "approved"


def test_a_yes_goes_on_to_the_gate_that_is_left(store: Store) -> None:
    approval = asked(store, mode="shadow", left=("canary",))
    assert approval.gates == ("canary",)
    yes(store, approval.id)
    head = head_of(store)
    begun = get_rollout(store, str(head.rollout))
    assert (head.active, begun.mode, begun.gates) == ("1.0.0", "canary", ())
    assert (begun.started_by, begun.salt) == ("ada", SALT)
    assert get_rollout(store, str(approval.rollout)).outcome == "promoted"
    assert statuses(store)["1.0.1"] == "canary"
    actions = [e.action for e in entries(store)[-3:]]
    assert actions == ["approve", "pass_gate", "start_rollout"]
    assert entries(store)[-1].evidence["approval"] == approval.id
    assert_sound(store)


def test_a_gate_behind_that_does_not_let_it_through_leaves_the_approval_open(
    embedded: Store,
) -> None:
    approval = asked(embedded, left=("approval",))
    with pytest.raises(Refused, match="gate approval"):
        yes(embedded, approval.id)
    assert get_approval(embedded, KEYS, approval.id).state == "pending"
    assert no(embedded, approval.id).state == "rejected"


def test_approvals_are_listed_by_policy_and_state_oldest_first(embedded: Store) -> None:
    first = asked(embedded)
    no(embedded, first.id)
    draft(embedded, PARAMS | {"cooldownMs": 2}, actor=EVE)
    arms = {"c": f"{POLICY}@1.0.2"}
    later = start(embedded, by_gates(arms=arms, mode="canary"), now=LOOK)
    second = asked_again(embedded, later, now=LOOK + timedelta(hours=1))
    assert [a.id for a in list_approvals(embedded, KEYS)] == [first.id, second.id]
    assert list_approvals(embedded, KEYS, POLICY, "pending") == [second]
    assert list_approvals(embedded, KEYS, "another") == []


def test_what_lapsed_is_closed_by_the_hour_and_the_rest_left_alone(store: Store) -> None:
    approval = asked(store)
    assert expire_approvals(store, KEYS, now=LOOK + timedelta(hours=71)) == []
    assert get_approval(store, KEYS, approval.id) == approval
    (closed,) = expire_approvals(store, KEYS, now=LOOK + timedelta(hours=72))
    assert (closed.id, closed.state) == (approval.id, "expired")
    assert expire_approvals(store, KEYS, now=LOOK + timedelta(hours=73)) == []
    assert_sound(store)


def test_one_that_cannot_be_read_is_told_of_and_keeps_no_other_open(embedded: Store) -> None:
    approval = asked(embedded)
    spoilt = Ref(APPROVALS, f"{POLICY}-a0")
    embedded.set(spoilt, approval.to_map() | {"id": spoilt.id})
    abort_rollout(embedded, KEYS, ADA, str(approval.rollout), reason="enough", now=LOOK)
    (closed,) = expire_approvals(embedded, KEYS, now=LOOK)
    assert (closed.id, closed.state) == (approval.id, "void")
    (told,) = [alert for alert in alerts(embedded) if alert.what == "approval-not-settled"]
    assert told.subject == spoilt.id


def test_a_version_that_was_rejected_meanwhile_is_not_approved(embedded: Store) -> None:
    approval = asked(embedded)
    finish(embedded, str(approval.rollout))
    reject(embedded, KEYS, ADA, POLICY, "1.0.1", now=LOOK, reason="worse")
    with pytest.raises(Refused, match="was rejected"):
        yes(embedded, approval.id)
    assert statuses(embedded)["1.0.1"] == "rejected"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("decide", [yes, no])
def test_a_death_at_any_call_leaves_all_or_nothing(
    embedded: Store, decide: Callable[..., Approval], when: Any
) -> None:
    approval = asked(embedded)
    for call in range(1, 100):
        try:
            decide(FaultyStore(embedded, call, when), approval.id)
        except (Died, Refused):
            pass
        else:
            break
        state = get_approval(embedded, KEYS, approval.id).state
        running = get_rollout(embedded, str(approval.rollout)).state == "running"
        assert running == (state == "pending")
        assert (head_of(embedded).active == "1.0.1") == (state == "approved")
        assert_sound(embedded)
        if state != "pending":
            break
    assert call > 4
    assert get_approval(embedded, KEYS, approval.id).state != "pending"
    assert_agreement(embedded)


def test_another_rollout_may_follow_a_no(embedded: Store) -> None:
    approval = asked(embedded)
    no(embedded, approval.id)
    draft(embedded, weights(0.5))
    assert begin(embedded, arms={"c": f"{POLICY}@1.0.2"}).state == "running"
