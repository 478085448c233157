"""Overriding a rollout: by name and reason, at once, and marked in the audit."""

from typing import Any

import pytest

from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import BadSignature, Forbidden, InvalidInput, NotFound, Refused
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import COLLECTION
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.override import Decision, override_rollout
from ratchet.rollouts.resolve import resolve
from ratchet.store.port import Ref, Store
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    ROBOT,
    SECOND,
    assert_agreement,
    entries,
    head_of,
    lineage_of,
    statuses,
    stored,
    switch_flags,
)
from tests.support.meddled import Meddled
from tests.support.trials import (
    SALT,
    begin,
    behaving,
    by_gates,
    finish,
    reader_of,
    start,
    start_twins,
)

EVE = Actor(name="eve", kind="person", role="service")
TWO = {"a": f"{POLICY}@1.0.1", "b": f"{POLICY}@1.0.2"}


def override(store: Store, rollout_id: str, decision: Decision, **options: Any) -> PolicyHead:
    given: dict[str, Any] = {"reason": "we know better", "now": NOON} | options
    actor = given.pop("actor", ADA)
    return override_rollout(store, KEYS, reader_of(store), actor, rollout_id, decision, **given)


def holdback_of(store: Store) -> str:
    """Promote 1.0.1 over 1.0.0 by an override, and return the holdback that follows."""
    behaving(store)
    head = override(store, start(store, by_gates()).id, "PROMOTE")
    assert head.rollout is not None
    return head.rollout


def test_a_promotion_is_active_at_once_with_its_holdback_beside(store: Store) -> None:
    behaving(store)
    switch_flags(store, enabled=False)
    started = start(store, by_gates())
    head = override(store, started.id, "PROMOTE", now=NOON + SECOND)
    assert (head.active, head.previous) == ("1.0.1", "1.0.0")
    ended = get_rollout(store, started.id)
    assert (ended.state, ended.outcome, ended.overridden) == ("ended", "promoted", True)
    held = get_rollout(store, str(head.rollout))
    assert (held.purpose, held.champion) == ("holdback", f"{POLICY}@1.0.1")
    assert [(c.arm, c.version) for c in held.challengers] == [("former", f"{POLICY}@1.0.0")]
    assert (held.salt, held.shares(0)["former"]) == (SALT, 0.05)
    activated, begun = entries(store)[-2:]
    assert (activated.action, activated.override) == ("activate", True)
    assert (activated.actor, activated.reason) == ("ada", "we know better")
    assert activated.evidence["rollout"] == started.id
    assert activated.evidence["skipped"] == ["canary", "approval"]
    assert (begun.action, begun.id) == ("start_rollout", held.id)
    answer = resolve(store, KEYS, POLICY, now=NOON)
    assert answer.rollout is not None
    assert [(a.arm, a.start) for a in answer.rollout.arms] == [("former", 0.95)]
    assert_agreement(store)


def test_of_several_one_is_named_and_the_others_are_drafts_again(embedded: Store) -> None:
    behaving(embedded, drafts=2)
    started = begin(embedded, arms=TWO, mode="split", steps=(0.3,))
    for arm, text in ((None, "several challengers stand"), ("c", "no challenger c stands")):
        with pytest.raises(InvalidInput, match=text) as caught:
            override(embedded, started.id, "PROMOTE", arm=arm)
        assert (caught.value.field, caught.value.mend) == ("arm", "name one with --arm: a, b")
    assert override(embedded, started.id, "PROMOTE", arm="b").active == "1.0.2"
    assert statuses(embedded) == {"1.0.0": "archived", "1.0.1": "draft", "1.0.2": "active"}
    assert_agreement(embedded)


def test_a_rollback_gives_the_champion_everything_and_rejects_what_was_tried(store: Store) -> None:
    behaving(store, drafts=2)
    switch_flags(store, enabled=False)
    started = begin(store, arms=TWO, mode="split", steps=(0.3,))
    head = override(store, started.id, "ROLL_BACK")
    assert (head.active, head.rollout, head.drafts) == ("1.0.0", None, ())
    ended = get_rollout(store, started.id)
    assert (ended.outcome, ended.overridden) == ("rolled_back", True)
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "rejected", "1.0.2": "rejected"}
    entry = entries(store)[-1]
    assert (entry.action, entry.to, entry.override) == ("roll_back_rollout", "rolled_back", True)
    assert_agreement(store)


def test_one_of_several_is_rolled_back_alone_and_the_last_ends_the_rollout(
    embedded: Store,
) -> None:
    behaving(embedded, drafts=2)
    started = begin(embedded, arms=TWO, mode="split", steps=(0.3,))
    assert override(embedded, started.id, "ROLL_BACK", arm="a").rollout == started.id
    running = get_rollout(embedded, started.id)
    assert (running.dropped, running.overridden) == (("a",), False)
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "rejected", "1.0.2": "canary"}
    entry = entries(embedded)[-1]
    assert (entry.action, entry.was, entry.override) == ("drop_challenger", "a", True)
    assert_agreement(embedded)
    with pytest.raises(InvalidInput, match="no challenger a stands"):
        override(embedded, started.id, "ROLL_BACK", arm="a")
    assert override(embedded, started.id, "ROLL_BACK", arm="b").rollout is None
    assert get_rollout(embedded, started.id).outcome == "rolled_back"
    assert_agreement(embedded)


def test_a_holdback_is_kept_or_goes_back_to_the_former_version(store: Store) -> None:
    holdback = holdback_of(store)
    assert override(store, holdback, "ROLL_BACK").active == "1.0.0"
    ended = get_rollout(store, holdback)
    assert (ended.outcome, ended.overridden) == ("rolled_back", True)
    entry = entries(store)[-1]
    assert (entry.action, entry.to, entry.override) == ("rollback", "1.0.0", True)
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "archived"}
    assert_agreement(store)


def test_a_holdback_that_is_kept_leaves_the_new_version_to_everybody(embedded: Store) -> None:
    holdback = holdback_of(embedded)
    head = override(embedded, holdback, "PROMOTE")
    assert (head.active, head.rollout) == ("1.0.1", None)
    assert get_rollout(embedded, holdback).outcome == "kept"
    assert resolve(embedded, KEYS, POLICY, now=NOON).rollout is None
    assert_agreement(embedded)


def test_a_profile_without_a_holdback_has_none(embedded: Store) -> None:
    behaving(embedded)
    brief = {"goal": {"metric": "reward"}, "holdback": {"share": 0.05, "hours": 0}}
    embedded.set(Ref("config", "gates"), {"v": 1, "profiles": {"brief": brief}})
    started = start(embedded, by_gates(profile="brief"))
    assert override(embedded, started.id, "PROMOTE").rollout is None


def test_an_archived_version_that_is_rolled_back_stays_archived(embedded: Store) -> None:
    lineage_of(embedded, 2)
    started = begin(embedded, arms={"c": f"{POLICY}@1.0.0"}, mode="canary")
    override(embedded, started.id, "ROLL_BACK")
    assert statuses(embedded) == {"1.0.0": "archived", "1.0.1": "active"}
    assert_agreement(embedded)


def test_an_admin_overrides_with_a_reason(embedded: Store) -> None:
    behaving(embedded)
    started = begin(embedded)
    for actor in (EVE, machine("tuner"), ROBOT):
        with pytest.raises(Forbidden):
            override(embedded, started.id, "ROLL_BACK", actor=actor)
    with pytest.raises(InvalidInput):
        override(embedded, started.id, "PROMOTE", reason=" ")
    assert head_of(embedded).active == "1.0.0"


def test_a_rollout_edited_while_a_promotion_is_prepared_takes_no_holdback_away(
    embedded: Store,
) -> None:
    behaving(embedded)
    started = start(embedded, by_gates())
    ref, data = Ref("ops_rollouts", started.id), started.to_map()
    embedded.set(ref, data | {"profile": data["profile"] | {"holdback": {"hours": 0.0}}})
    put_back = Meddled(embedded, 2, lambda store: store.set(ref, data))
    with pytest.raises(BadSignature):
        override(put_back, started.id, "PROMOTE")
    assert head_of(embedded).active == "1.0.0"


def test_what_does_not_run_or_tries_itself_is_not_overridden(embedded: Store) -> None:
    behaving(embedded)
    decisions: tuple[Decision, Decision] = ("PROMOTE", "ROLL_BACK")
    twins = start_twins(embedded)
    for decision in decisions:
        with pytest.raises(NotFound):
            override(embedded, "router-core-r99", decision)
        with pytest.raises(Refused, match="nothing to decide") as caught:
            override(embedded, twins.id, decision)
        assert caught.value.mend == f"ratchet rollout abort {twins.id} --reason ..."
    finish(embedded, twins.id)
    for decision in decisions:
        with pytest.raises(Refused, match="it has ended"):
            override(embedded, twins.id, decision)


def test_a_version_that_was_changed_by_hand_is_rolled_back_and_never_promoted(
    store: Store,
) -> None:
    behaving(store)
    started = begin(store)
    changed = stored(store, "1.0.1") | {"params": PARAMS | {"cooldownMs": 9}}
    store.set(Ref(COLLECTION, f"{POLICY}@1.0.1"), changed)
    with pytest.raises(BadSignature):
        override(store, started.id, "PROMOTE")
    assert override(store, started.id, "ROLL_BACK").rollout is None
    assert_agreement(store)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("decision", ["PROMOTE", "ROLL_BACK"])
def test_a_death_at_any_call_leaves_all_or_nothing(
    embedded: Store, decision: Decision, when: Any
) -> None:
    lineage_of(embedded, 2)
    calls = 0
    while True:
        calls += 1
        running = head_of(embedded).rollout or tried_again(embedded)
        before = get_rollout(embedded, running)
        try:
            override(FaultyStore(embedded, calls, when), running, decision)
        except Died:
            pass
        else:
            break
        assert_agreement(embedded)
        after = get_rollout(embedded, running)
        moved = head_of(embedded).rollout != running
        assert after.state == ("ended" if moved else "running")
        assert moved or after == before
    assert calls > 4
    assert_agreement(embedded)


def tried_again(store: Store) -> str:
    """Try the version that is not active."""
    other = "1.0.0" if head_of(store).active == "1.0.1" else "1.0.1"
    return begin(store, arms={"c": f"{POLICY}@{other}"}, mode="canary").id
