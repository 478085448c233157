"""Asking for an approval without a rollout: gates that answer at once, and what is left out."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.govern.roles import Actor, machine, person
from ratchet.kernel.errors import (
    AlreadyExists,
    Forbidden,
    IllegalTransition,
    InvalidInput,
    NotFound,
    Refused,
)
from ratchet.policies.activate import reject, rollback
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.approve import approve, get_approval, reject_approval
from ratchet.rollouts.ask_approval import ask_approval
from ratchet.rollouts.history import get_rollout
from ratchet.store.port import Ref, Store
from tests.support.carried import LOOK
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    SECOND,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    promote,
    statuses,
    weights,
)
from tests.support.trials import begin, behaving, finish, reader_of, ready
from tests.support.turns import evaluate, good

BOB = person("bob")
SERVICE = Actor(name="sam", kind="person", role="service")


def ask(store: Store, version: str = "1.0.1", **options: Any) -> Approval:
    given: dict[str, Any] = {"reason": "we want it", "now": NOON} | options
    actor = given.pop("actor", ADA)
    return ask_approval(store, KEYS, reader_of(store), actor, POLICY, version, **given)


def only_approved(store: Store) -> None:
    """Make 1.0.0 active and a draft of 1.0.1, whose one gate is the approval."""
    ready(store)
    rules = {"gates": ["approval"], "profile": "significance"}
    store.set(Ref("config", "gates"), {"v": 1, "allocation": rules})


def yes(store: Store, approval: Approval) -> Approval:
    reader = reader_of(store)
    return approve(store, KEYS, reader, BOB, approval.id, reason="yes", now=NOON)


def test_a_draft_with_no_other_gate_is_asked_about_and_activated(store: Store) -> None:
    only_approved(store)
    approval = ask(store)
    assert (approval.version, approval.champion) == (f"{POLICY}@1.0.1", f"{POLICY}@1.0.0")
    assert (approval.requester, approval.involved, approval.skipped) == ("ada", ("ada",), ())
    assert approval.expires_at == NOON + timedelta(hours=72)
    assert (entries(store)[-1].action, entries(store)[-1].override) == ("ask_approval", False)
    assert get_approval(store, KEYS, approval.id) == approval
    assert yes(store, approval).state == "approved"
    assert (head_of(store).active, head_of(store).rollout) == ("1.0.1", None)
    activated = entries(store)[-1]
    assert (activated.action, activated.actor, activated.override) == ("activate", "bob", False)
    assert activated.evidence["approval"] == approval.id
    assert_agreement(store)


def test_gates_that_want_a_rollout_are_left_out_and_a_yes_overrides_them(store: Store) -> None:
    behaving(store)
    approval = ask(store)
    assert approval.skipped == ("shadow", "canary")
    assert (entries(store)[-1].override, entries(store)[-1].evidence["skipped"]) == (
        True,
        ["shadow", "canary"],
    )
    yes(store, approval)
    assert [(e.action, e.override) for e in entries(store)[-2:]] == [
        ("approve", True),
        ("activate", True),
    ]
    assert head_of(store).active == "1.0.1"


def test_a_gate_that_wants_time_is_left_out_too(embedded: Store) -> None:
    ready(embedded)
    assert ask(embedded).skipped == ("replay",)


def test_gates_behind_the_approval_are_still_to_pass(embedded: Store) -> None:
    behaving(embedded)
    rules = {"gates": ["approval", "canary"], "profile": "significance"}
    embedded.set(Ref("config", "gates"), {"v": 1, "behaviour": rules})
    approval = ask(embedded)
    assert (approval.gates, approval.skipped) == (("canary",), ())
    yes(embedded, approval)
    head = head_of(embedded)
    begun = get_rollout(embedded, str(head.rollout))
    assert (head.active, begun.mode, begun.started_by) == ("1.0.0", "canary", "ada")
    assert statuses(embedded)["1.0.1"] == "canary"
    assert_agreement(embedded)


def test_one_that_waits_already_is_returned(embedded: Store) -> None:
    only_approved(embedded)
    first = ask(embedded)
    assert ask(embedded, actor=BOB, now=NOON + timedelta(hours=1)) == first
    late = ask(embedded, now=NOON + timedelta(hours=72))
    assert late.id != first.id


def test_one_whose_rollout_has_ended_is_no_answer(embedded: Store) -> None:
    good(embedded, gates=("approval",))
    evaluate(embedded)
    running = str(head_of(embedded).rollout)
    finish(embedded, running, now=LOOK)
    asked = ask(embedded, now=LOOK)
    assert (asked.rollout, get_rollout(embedded, running).approval != asked.id) == (None, True)


def test_a_yes_to_a_version_that_was_tried_and_taken_back_meanwhile_is_void(
    embedded: Store,
) -> None:
    only_approved(embedded)
    approval = ask(embedded)
    promote(embedded, "1.0.1", now=NOON + SECOND)
    rollback(embedded, KEYS, ADA, POLICY, now=NOON + 2 * SECOND)
    with pytest.raises(Refused, match=r"void by .*1\.0\.0 was made active again"):
        yes(embedded, approval)
    assert head_of(embedded).active == "1.0.0"


def test_a_no_rejects_the_draft(embedded: Store) -> None:
    only_approved(embedded)
    approval = ask(embedded)
    reject_approval(embedded, KEYS, ADA, approval.id, reason="taken back", now=NOON)
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "rejected"}
    assert_agreement(embedded)


def test_while_a_rollout_runs_nothing_is_asked_and_nothing_approved(embedded: Store) -> None:
    ready(embedded)
    draft(embedded, weights(0.4))
    approval = ask(embedded)
    started = begin(embedded, arms={"c": f"{POLICY}@1.0.2"}, mode="canary")
    with pytest.raises(Refused, match=f"rollout {started.id} of router-core runs already"):
        ask(embedded, "1.0.2")
    with pytest.raises(Refused, match="runs already"):
        yes(embedded, approval)
    assert get_approval(embedded, KEYS, approval.id) == approval


def test_only_a_version_that_can_become_active_is_asked_about(embedded: Store) -> None:
    with pytest.raises(NotFound, match="policy router-core does not exist"):
        ask(embedded)
    draft(embedded)
    with pytest.raises(Refused, match="no active version"):
        ask(embedded, "1.0.0")
    lineage_of(embedded, 1)
    draft(embedded, weights(0.5))
    with pytest.raises(IllegalTransition, match="is active"):
        ask(embedded, "1.0.1")
    with pytest.raises(NotFound):
        ask(embedded, "9.0.0")
    with pytest.raises(InvalidInput):
        ask(embedded, "latest")
    reject(embedded, KEYS, ADA, POLICY, "1.0.2", now=NOON, reason="worse")
    with pytest.raises(IllegalTransition, match="cannot become active"):
        ask(embedded, "1.0.2")


def test_an_admin_who_is_a_person_asks_and_says_why(embedded: Store) -> None:
    ready(embedded)
    for actor in (SERVICE, machine("tuner")):
        with pytest.raises(Forbidden):
            ask(embedded, actor=actor)
    with pytest.raises(InvalidInput):
        ask(embedded, reason=" ")


def test_a_head_that_went_back_in_time_overwrites_no_approval(embedded: Store) -> None:
    ready(embedded)
    head = head_of(embedded)
    approval = ask(embedded)
    embedded.set(Ref(head.collection, head.id), head.to_map())
    with pytest.raises(AlreadyExists, match="the head of router-core does not know it"):
        ask(embedded, now=NOON + timedelta(hours=72))
    assert get_approval(embedded, KEYS, approval.id) == approval
