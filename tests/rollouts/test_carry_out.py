"""What verdicts do: steps, gates, approvals, activations, rollbacks, and what they leave alone."""

from typing import Any

import pytest

from ratchet.govern.roles import person
from ratchet.kernel.clock import HOUR
from ratchet.policies.activate import rollback
from ratchet.rollouts.approval import APPROVALS, LIFE, Approval
from ratchet.rollouts.gates.gate import Entered
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.hold import hold_rollout
from ratchet.rollouts.profile import PROFILES, Holdback
from ratchet.rollouts.road import Onward
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.scene import Follows
from ratchet.store.port import Query, Store
from tests.support.carried import (
    LOOK,
    activation,
    came_to,
    carried,
    prepared,
    running,
)
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    alerts,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    statuses,
    switch_flags,
    weights,
)

TWO = ("1.0.1", "1.0.2")
EVE = person("eve")


def tried(store: Store, arms: tuple[str, ...] = ("1.0.1",), **how: Any) -> Rollout:
    """Make 1.0.0 active and try drafts beside it, the switches on unless told otherwise."""
    switch_flags(store, enabled=how.pop("enabled", True), auto=how.pop("auto", True))
    lineage_of(store, 1)
    for i in range(len(arms)):
        draft(store, weights(0.5 + i / 100), actor=EVE)
    return running(store, arms, **how)


def held_back(store: Store) -> Rollout:
    """Promote 1.0.1 and return the holdback that follows."""
    rollout = tried(store, steps=(0.4,))
    carried(store, rollout, "PROMOTE", activation(store, rollout))
    return get_rollout(store, str(head_of(store).rollout))


def approvals(store: Store) -> list[Approval]:
    found = store.query(Query(APPROVALS))
    return sorted((Approval.from_store(s.data) for s in found), key=lambda a: a.requested_at)


def told(store: Store) -> list[str]:
    return sorted(alert.what for alert in alerts(store))


def test_a_promotion_of_a_step_opens_the_next_one(store: Store) -> None:
    rollout = tried(store)
    verdict = carried(store, rollout, "PROMOTE", scope="step")
    after = get_rollout(store, rollout.id)
    assert (verdict.effect, verdict.note) == ("step_opened", "step 2 of 2")
    assert (after.step, after.opened, after.state) == (1, (NOON, LOOK), "running")
    assert head_of(store).rollout_seal == after.seal
    entry = entries(store)[-1]
    assert (entry.action, entry.was, entry.to) == ("advance_rollout", "1 of 2", "2 of 2")
    assert entry.evidence["verdict"] == verdict.id
    assert entry.actor_kind == "machine"
    assert told(store) == []
    assert_agreement(store)


def test_a_promotion_of_the_whole_begins_the_next_gates_rollout(store: Store) -> None:
    rollout = tried(store, mode="shadow", steps=(1.0,), gates=("canary", "approval"))
    begins = prepared(gates=("approval",))
    verdict = carried(store, rollout, "PROMOTE", Follows(came_to("runs", "canary"), begins=begins))
    head = head_of(store)
    follows = get_rollout(store, str(head.rollout))
    assert verdict.effect == "next_gate"
    assert follows.id in verdict.note
    assert (follows.mode, follows.champion, follows.gates) == (
        "canary",
        f"{POLICY}@1.0.0",
        ("approval",),
    )
    assert follows.started_by == "ada"  # whose road it is: she cannot approve its end herself
    assert head.stages == {"1.0.1": "canary"}
    assert statuses(store)["1.0.1"] == "canary"
    assert get_rollout(store, rollout.id).outcome == "promoted"
    assert [e.action for e in entries(store)[-2:]] == ["pass_gate", "start_rollout"]
    assert_agreement(store)


def test_a_promotion_with_no_gate_left_activates_and_holds_back(store: Store) -> None:
    rollout = tried(store, steps=(0.4,))
    verdict = carried(store, rollout, "PROMOTE", activation(store, rollout))
    head = head_of(store)
    beside = get_rollout(store, str(head.rollout))
    assert (verdict.effect, head.active, head.previous) == ("activated", "1.0.1", "1.0.0")
    assert statuses(store) == {"1.0.0": "archived", "1.0.1": "active"}
    assert (beside.purpose, beside.champion) == ("holdback", f"{POLICY}@1.0.1")
    assert [c.version for c in beside.challengers] == [f"{POLICY}@1.0.0"]
    assert beside.shares(0) == {"control": 0.95, "former": 0.05}
    assert get_rollout(store, rollout.id).outcome == "promoted"
    assert entries(store)[-2].evidence["verdict"] == verdict.id
    assert_agreement(store)


def test_units_that_met_the_former_version_stay_on_it_in_the_holdback(embedded: Store) -> None:
    rollout = tried(embedded, steps=(0.4,))
    before = rollout.allocation()
    carried(embedded, rollout, "PROMOTE", activation(embedded, rollout))
    after = get_rollout(embedded, str(head_of(embedded).rollout)).allocation()
    kept = [u for u in map(str, range(400)) if after.assign(u).version == f"{POLICY}@1.0.0"]
    assert len(kept) > 5
    assert {before.assign(u).version for u in kept} == {f"{POLICY}@1.0.0"}


def test_a_profile_without_a_holdback_leaves_no_rollout(embedded: Store) -> None:
    alone = PROFILES["significance"].model_copy(update={"holdback": Holdback(hours=0)})
    rollout = tried(embedded, steps=(0.4,), profile=alone)
    carried(embedded, rollout, "PROMOTE", activation(embedded, rollout))
    assert (head_of(embedded).active, head_of(embedded).rollout) == ("1.0.1", None)


@pytest.mark.parametrize(
    ("auto", "onward"), [(True, came_to("asks")), (False, Onward(Entered("passed")))]
)
def test_a_gate_or_the_switch_makes_a_promotion_wait_for_a_person(
    embedded: Store, auto: bool, onward: Any
) -> None:
    rollout = tried(embedded, steps=(0.4,), auto=auto)
    verdict = carried(embedded, rollout, "PROMOTE", Follows(onward))
    (asked,) = approvals(embedded)
    after = get_rollout(embedded, rollout.id)
    assert verdict.effect == "approval_asked"
    assert (asked.version, asked.champion) == (f"{POLICY}@1.0.1", f"{POLICY}@1.0.0")
    assert (asked.rollout, asked.verdict) == (rollout.id, verdict.id)
    assert set(asked.involved) == {"ada", "eve", "evaluate_rollouts"}
    assert (after.approval, after.state, head_of(embedded).active) == (asked.id, "running", "1.0.0")
    assert told(embedded) == ["approval-asked"]
    again = carried(embedded, rollout, "PROMOTE", Follows(onward), now=LOOK + HOUR)
    assert again.effect == "none"
    assert asked.id in again.note
    assert len(approvals(embedded)) == 1
    assert_agreement(embedded)


def test_an_approval_that_nobody_gave_in_time_is_asked_for_again(embedded: Store) -> None:
    rollout = tried(embedded, steps=(0.4,))
    carried(embedded, rollout, "PROMOTE", Follows(came_to("asks")))
    carried(embedded, rollout, "PROMOTE", Follows(came_to("asks")), now=LOOK + LIFE)
    assert len(approvals(embedded)) == 2
    assert get_rollout(embedded, rollout.id).approval == approvals(embedded)[1].id


def test_past_the_deadline_an_approval_that_nobody_gave_expires_the_rollout(
    embedded: Store,
) -> None:
    rollout = tried(embedded, steps=(0.4,))
    late = rollout.deadline - HOUR
    carried(embedded, rollout, "PROMOTE", Follows(came_to("asks")), now=late)
    waits = carried(embedded, rollout, "PROMOTE", Follows(came_to("asks")), now=late + 2 * HOUR)
    assert (waits.effect, get_rollout(embedded, rollout.id).state) == ("none", "running")
    over = carried(embedded, rollout, "PROMOTE", Follows(came_to("asks")), now=late + LIFE)
    assert (over.decision, over.effect) == ("PROMOTE", "expired")
    assert (head_of(embedded).active, head_of(embedded).rollout) == ("1.0.0", None)
    assert statuses(embedded)["1.0.1"] == "draft"
    assert_agreement(embedded)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_rollback_gives_the_champion_everything_with_the_switch_off_too(
    embedded: Store, enabled: bool
) -> None:
    rollout = tried(embedded, TWO, enabled=enabled)
    verdict = carried(embedded, rollout, "ROLL_BACK")
    assert verdict.effect == "rolled_back"
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "rejected", "1.0.2": "rejected"}
    assert (head_of(embedded).rollout, head_of(embedded).stages) == (None, {})
    assert get_rollout(embedded, rollout.id).outcome == "rolled_back"
    assert entries(embedded)[-1].reason == "the test says ROLL_BACK"
    assert told(embedded) == ["rollout-rolled-back"]
    assert_agreement(embedded)


def test_a_version_that_was_active_once_is_archived_by_a_rollback(embedded: Store) -> None:
    lineage_of(embedded, 2)
    rollback(embedded, KEYS, ADA, POLICY, version="1.0.0", now=NOON)
    carried(embedded, running(embedded), "ROLL_BACK")
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "archived"}


def test_an_expiry_keeps_the_champion_and_leaves_a_draft(store: Store) -> None:
    rollout = tried(store)
    verdict = carried(store, rollout, "EXPIRED", now=rollout.deadline)
    assert verdict.effect == "expired"
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "draft"}
    assert get_rollout(store, rollout.id).outcome == "expired"
    assert told(store) == ["rollout-expired"]
    assert_agreement(store)


def test_a_hold_writes_the_verdict_alone(embedded: Store) -> None:
    rollout = tried(embedded)
    before = (head_of(embedded), get_rollout(embedded, rollout.id), len(entries(embedded)))
    assert carried(embedded, rollout, "HOLD").effect == "none"
    assert (head_of(embedded), get_rollout(embedded, rollout.id), len(entries(embedded))) == before
    assert told(embedded) == []


def test_shadows_that_cost_what_they_may_run_no_more_and_are_judged_on(store: Store) -> None:
    rollout = tried(store, mode="shadow", steps=(1.0,))
    cap = rollout.profile.shadow.spend_usd
    assert carried(store, rollout, "HOLD", spent_usd=cap - 0.01).effect == "none"
    assert get_rollout(store, rollout.id).allocation().assign("u").shadows
    assert carried(store, rollout, "HOLD", spent_usd=cap, now=LOOK + HOUR).effect == "spent"
    after = get_rollout(store, rollout.id)
    assert (after.state, after.allocation().assign("u").shadows) == ("running", ())
    assert carried(store, rollout, "HOLD", spent_usd=cap, now=LOOK + 2 * HOUR).effect == "none"
    assert_agreement(store)


def test_a_promotion_waits_while_learning_is_off(embedded: Store) -> None:
    rollout = tried(embedded, enabled=False)
    for follows, scope in ((None, "step"), (activation(embedded, rollout), "whole")):
        now = LOOK if scope == "step" else LOOK + HOUR
        verdict = carried(embedded, rollout, "PROMOTE", follows, scope=scope, now=now)
        assert verdict.effect == "learning_off"
    assert get_rollout(embedded, rollout.id) == rollout
    assert head_of(embedded).active == "1.0.0"


def test_a_promotion_waits_while_a_person_holds_it_and_a_rollback_does_not(embedded: Store) -> None:
    rollout = tried(embedded)
    hold(embedded, rollout)
    verdict = carried(embedded, rollout, "PROMOTE", scope="step")
    assert verdict.effect == "held"
    assert "--release" in verdict.note
    assert get_rollout(embedded, rollout.id).step == 0
    assert carried(embedded, rollout, "ROLL_BACK", now=LOOK + HOUR).effect == "rolled_back"


def hold(store: Store, rollout: Rollout) -> None:
    hold_rollout(store, KEYS, ADA, rollout.id, reason="wait", now=NOON)


@pytest.mark.parametrize("why", ["held", "learning", "gate"])
def test_what_may_not_be_carried_out_by_the_deadline_expires(embedded: Store, why: str) -> None:
    rollout = tried(embedded, enabled=why != "learning", steps=(0.4,))
    if why == "held":
        hold(embedded, rollout)
    follows = Follows(came_to("waits", "replay"))
    now = rollout.deadline
    assert carried(embedded, rollout, "PROMOTE", follows, now=now - HOUR).effect != "expired"
    verdict = carried(embedded, rollout, "PROMOTE", follows, now=now)
    assert verdict.effect == "expired"
    assert entries(embedded)[-1].reason.startswith("the deadline is over: ")
    assert (head_of(embedded).active, head_of(embedded).rollout) == ("1.0.0", None)
    assert "rollout-expired" in told(embedded)


def test_a_gate_that_waits_is_asked_again_and_one_that_stops_rejects(embedded: Store) -> None:
    rollout = tried(embedded, steps=(0.4,))
    verdict = carried(embedded, rollout, "PROMOTE", Follows(came_to("waits", "replay")))
    assert (verdict.effect, head_of(embedded).rollout) == ("gate_waits", rollout.id)
    stopped = Follows(came_to("stopped", "replay"))
    verdict = carried(embedded, rollout, "PROMOTE", stopped, now=LOOK + HOUR)
    assert verdict.effect == "gate_stopped"
    assert verdict.evidence["replay"]["reasons"] == ["the test says stopped"]
    assert entries(embedded)[-1].reason == "gate replay: the test says stopped"
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "rejected"}
    assert told(embedded) == ["rollout-gate-stopped"]
    assert_agreement(embedded)


def test_one_of_two_challengers_is_dropped_alone(embedded: Store) -> None:
    rollout = tried(embedded, TWO)
    verdict = carried(embedded, rollout, "HOLD", arms={"1.0.2": "ROLL_BACK"})
    after = get_rollout(embedded, rollout.id)
    assert (verdict.effect, after.state, after.dropped) == ("dropped", "running", ("1.0.2",))
    assert after.allocation().shares() == rollout.allocation().shares()
    assert {slot.version for slot in after.allocation().slots} == {
        f"{POLICY}@1.0.0",
        f"{POLICY}@1.0.1",
    }
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "canary", "1.0.2": "rejected"}
    assert told(embedded) == ["rollout-challenger-dropped"]
    assert_agreement(embedded)


def test_a_challenger_that_is_dropped_takes_no_part_in_the_step_that_opens(store: Store) -> None:
    rollout = tried(store, TWO)
    calls = {"1.0.1": "PROMOTE", "1.0.2": "ROLL_BACK"}
    verdict = carried(store, rollout, "PROMOTE", scope="step", arms=calls)
    after = get_rollout(store, rollout.id)
    assert verdict.effect == "step_opened"
    assert (after.step, after.dropped) == (1, ("1.0.2",))
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "canary", "1.0.2": "rejected"}
    assert [e.action for e in entries(store)[-2:]] == ["drop_challenger", "advance_rollout"]
    assert told(store) == ["rollout-challenger-dropped"]
    assert_agreement(store)


@pytest.mark.parametrize("onward", ["runs", "asks", "none", "expired"])
def test_a_challenger_is_dropped_in_the_transaction_that_decides_of_the_other(
    embedded: Store, onward: str
) -> None:
    rollout = tried(embedded, TWO, steps=(0.4,))
    follows = {
        "runs": Follows(came_to("runs", "canary"), begins=prepared()),
        "asks": Follows(came_to("asks")),
        "none": activation(embedded, rollout),
        "expired": None,
    }[onward]
    decision = "EXPIRED" if onward == "expired" else "PROMOTE"
    calls = {"1.0.1": decision, "1.0.2": "ROLL_BACK"}
    verdict = carried(embedded, rollout, decision, follows, arms=calls, winner="1.0.1")
    assert (
        verdict.effect
        == {
            "runs": "next_gate",
            "asks": "approval_asked",
            "none": "activated",
            "expired": "expired",
        }[onward]
    )
    assert "1.0.2" in verdict.note
    assert statuses(embedded)["1.0.2"] == "rejected"
    assert_agreement(embedded)


def test_nobody_may_approve_a_challenger_that_was_dropped_since(embedded: Store) -> None:
    rollout = tried(embedded, TWO, steps=(0.4,))
    calls = {"1.0.1": "PROMOTE", "1.0.2": "HOLD"}
    carried(embedded, rollout, "PROMOTE", Follows(came_to("asks")), arms=calls)
    carried(embedded, rollout, "HOLD", arms={"1.0.1": "ROLL_BACK"}, now=LOOK + HOUR)
    assert get_rollout(embedded, rollout.id).approval is None


def test_the_best_of_several_is_activated_and_the_other_is_a_draft_again(embedded: Store) -> None:
    rollout = tried(embedded, TWO, mode="split", steps=(0.3,))
    follows = activation(embedded, rollout, "1.0.2")
    assert carried(embedded, rollout, "PROMOTE", follows, winner="1.0.2").effect == "activated"
    assert statuses(embedded) == {"1.0.0": "archived", "1.0.1": "draft", "1.0.2": "active"}
    assert_agreement(embedded)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_regression_brings_the_former_version_back(embedded: Store, enabled: bool) -> None:
    beside = held_back(embedded)
    switch_flags(embedded, enabled=enabled)
    verdict = carried(embedded, beside, "ROLL_BACK", now=LOOK + 5 * HOUR)
    head = head_of(embedded)
    assert verdict.effect == "rolled_back"
    assert (head.active, head.rollout) == ("1.0.0", None)
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "archived"}
    assert get_rollout(embedded, beside.id).outcome == "rolled_back"
    assert entries(embedded)[-1].action == "rollback"
    assert_agreement(embedded)


def test_a_holdback_that_shows_nothing_ends_as_kept(store: Store) -> None:
    beside = held_back(store)
    verdict = carried(store, beside, "PROMOTE", now=LOOK + 25 * HOUR)
    assert (verdict.effect, head_of(store).active) == ("kept", "1.0.1")
    assert get_rollout(store, beside.id).outcome == "kept"
    assert head_of(store).rollout is None
    assert_agreement(store)


@pytest.mark.parametrize("decision", ["PROMOTE", "ROLL_BACK", "HOLD"])
def test_an_aa_changes_nothing_whatever_it_shows(embedded: Store, decision: str) -> None:
    rollout = tried(embedded, ("aa1",), purpose="aa", mode="split", steps=(0.5,))
    before = (head_of(embedded), statuses(embedded))
    verdict = carried(embedded, rollout, decision, arms={"aa1": decision})
    assert (verdict.decision, verdict.effect) == (decision, "none")
    assert (head_of(embedded), statuses(embedded)) == before
    assert told(embedded) == []


@pytest.mark.parametrize("shown", ["EXPIRED", "ROLL_BACK"])
def test_an_aa_ends_at_its_deadline(embedded: Store, shown: str) -> None:
    rollout = tried(embedded, ("aa1",), purpose="aa", mode="split", steps=(0.5,))
    carried(embedded, rollout, "EXPIRED", arms={"aa1": shown})
    assert get_rollout(embedded, rollout.id).outcome == "expired"
    assert entries(embedded)[-2].action == "start_rollout"
    assert [alert.severity for alert in alerts(embedded)] == ["info"]
