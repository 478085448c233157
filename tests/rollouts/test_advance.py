"""Advancing a rollout: the next step opens, at once with head and audit, and nobody moves back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from ratchet.client import PolicyClient
from ratchet.client.direct import DirectTransport
from ratchet.govern.audit import verify_audit
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import (
    BadSignature,
    Forbidden,
    IllegalTransition,
    InvalidInput,
    NotFound,
    Refused,
)
from ratchet.policies.activate import reject, rollback
from ratchet.policies.version import COLLECTION
from ratchet.rollouts.advance import advance_rollout
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.resolve import resolve
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref, Store
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    ROBOT,
    SECOND,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    promote,
    stored,
    switch_flags,
    weights,
)
from tests.support.trials import begin, finish, ready

EVE = Actor(name="eve", kind="person", role="service")
RAMP = (0.1, 0.3, 0.5)


def advance(store: Store, rollout_id: str, **options: Any) -> Rollout:
    """Let a person advance a rollout."""
    given: dict[str, Any] = {"reason": "it held", "now": NOON} | options
    return advance_rollout(store, KEYS, given.pop("actor", ADA), rollout_id, **given)


def test_an_advance_writes_rollout_head_and_audit_together(store: Store) -> None:
    ready(store)
    started = begin(store, steps=RAMP)
    before = head_of(store)
    new = advance(store, started.id, now=NOON + SECOND)
    changed = {"step": 1, "opened": (NOON, NOON + SECOND), "seal": new.seal}
    assert get_rollout(store, started.id) == new == started.model_copy(update=changed)
    entry = entries(store)[-1]
    assert (entry.action, entry.id, entry.reason) == ("advance_rollout", started.id, "it held")
    assert (entry.was, entry.to) == ("1 of 3", "2 of 3")
    assert entry.evidence == {"step": 1, "shares": {"1.0.1": 0.3}}
    assert entry.override  # it waited for no verdict
    head = head_of(store)
    assert (head.rollout, head.rollout_seal) == (started.id, new.seal)
    kept = {"audit_sequence", "audit_hash", "updated_at", "rollout_seal"}
    assert head.model_dump(exclude=kept) == before.model_dump(exclude=kept)
    assert_agreement(store)


def test_components_are_told_by_another_tag(embedded: Store) -> None:
    ready(embedded)
    started = begin(embedded, steps=RAMP)
    first = resolve(embedded, KEYS, POLICY, now=NOON)
    advance(embedded, started.id)
    second = resolve(embedded, KEYS, POLICY, now=NOON)
    assert first.etag != second.etag
    assert second.rollout is not None
    assert (second.rollout.step, second.rollout.arms[0].share) == (1, 0.3)


def test_a_unit_keeps_its_challenger_over_the_steps(store: Store) -> None:
    ready(store)
    started = begin(store, steps=RAMP)
    seconds = [0.0]
    client = PolicyClient(
        DirectTransport(store, KEYS, ManualClock(NOON)), POLICY, clock=lambda: seconds[0]
    )
    units = [f"user-{i}" for i in range(200)]

    def met() -> set[str]:
        seconds[0] += 3600.0  # past the client's time to live
        arms = {unit: client.choose(unit).assignment for unit in units}
        return {unit for unit, a in arms.items() if a is not None and a.arm == "1.0.1"}

    first = met()
    advance(store, started.id)
    second = met()
    advance(store, started.id)
    assert 0 < len(first) < len(second) < len(units)
    assert first < second < met()


def test_the_last_step_has_none_after_it(embedded: Store) -> None:
    ready(embedded)
    started = begin(embedded, steps=(0.1, 0.5))
    advance(embedded, started.id)
    with pytest.raises(IllegalTransition, match="in its last step, 2 of 2"):
        advance(embedded, started.id)
    assert get_rollout(embedded, started.id).step == 1


def test_what_has_ended_or_never_was_does_not_go_on(store: Store) -> None:
    ready(store)
    started = begin(store, steps=RAMP)
    finish(store, started.id)
    with pytest.raises(Refused, match="is not served: it has ended"):
        advance(store, started.id)
    with pytest.raises(NotFound) as caught:
        advance(store, "router-core-r99")
    assert (caught.value.field, caught.value.mend) == ("rollout", "ratchet rollout list")
    assert get_rollout(store, started.id).step == 0


def test_a_rollout_that_another_active_version_ended_opens_no_step(embedded: Store) -> None:
    lineage_of(embedded, 2)
    draft(embedded, weights(0.5))
    started = begin(embedded, arms={"c": f"{POLICY}@1.0.2"}, steps=RAMP)
    rollback(embedded, KEYS, ADA, POLICY, now=NOON)
    promote(embedded, "1.0.1")  # its champion again, and still it is over
    with pytest.raises(Refused, match="does not name router-core-r") as caught:
        advance(embedded, started.id)
    assert caught.value.mend == f"ratchet rollout abort {started.id} --reason ..."


@pytest.mark.parametrize("version", ["1.0.0", "1.0.1"])
def test_a_version_that_was_changed_by_hand_opens_no_step(embedded: Store, version: str) -> None:
    ready(embedded)
    started = begin(embedded, steps=RAMP)
    changed = stored(embedded, version) | {"params": weights(0.1)}
    embedded.set(Ref(COLLECTION, f"{POLICY}@{version}"), changed)
    with pytest.raises(BadSignature):
        advance(embedded, started.id)


def test_a_version_that_is_tried_is_rejected_by_no_other_way(embedded: Store) -> None:
    ready(embedded)
    started = begin(embedded, steps=RAMP)
    with pytest.raises(Refused, match=f"is tried by rollout {started.id}"):
        reject(embedded, KEYS, ADA, POLICY, "1.0.1", now=NOON, reason="worse")
    assert advance(embedded, started.id).step == 1


@pytest.mark.parametrize("changes", [{"id": f"{POLICY}-r1"}, {"salt": 3}, {"step": 1}])
def test_a_document_that_was_changed_by_hand_is_refused_and_written_nowhere(
    embedded: Store, changes: dict[str, Any]
) -> None:
    ready(embedded)
    started = begin(embedded, steps=RAMP)
    ref = Ref("ops_rollouts", started.id)
    embedded.set(ref, started.to_map() | changes)
    with pytest.raises(BadSignature, match="not what was sealed") as caught:
        advance(embedded, started.id)
    assert caught.value.mend == f"ratchet rollout abort {started.id} --reason ..."
    assert embedded.get(Ref("ops_rollouts", f"{POLICY}-r1")) is None
    assert entries(embedded)[-1].action == "start_rollout"


def test_a_state_that_was_sealed_before_and_put_back_by_hand_does_not_go_on(
    embedded: Store,
) -> None:
    ready(embedded)
    started = begin(embedded, steps=RAMP)
    advance(embedded, started.id)
    embedded.set(Ref("ops_rollouts", started.id), started.to_map())
    with pytest.raises(Refused, match="put back by hand to what it was before"):
        advance(embedded, started.id)


@pytest.mark.parametrize("actor", [EVE, machine("tuner"), ROBOT])
def test_only_an_admin_who_is_a_person_advances(embedded: Store, actor: Actor) -> None:
    ready(embedded)
    started = begin(embedded, steps=RAMP)
    with pytest.raises(Forbidden):
        advance(embedded, started.id, actor=actor)
    with pytest.raises(InvalidInput):
        advance(embedded, started.id, reason=" ")
    switch_flags(embedded, enabled=False)
    assert advance(embedded, started.id).step == 1  # a person acts with the kill switch off


def test_of_many_at_once_each_opens_one_step(store: Store) -> None:
    ready(store)
    started = begin(store, steps=RAMP)

    def attempt(_: int) -> int | None:
        try:
            return advance(store, started.id).step
        except IllegalTransition:
            return None

    with ThreadPoolExecutor(6) as pool:
        won = [step for step in pool.map(attempt, range(6)) if step is not None]
    assert sorted(won) == [1, 2]
    assert get_rollout(store, started.id).step == 2
    assert_agreement(store)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_any_call_leaves_all_or_nothing(embedded: Store, when: Any) -> None:
    ready(embedded)
    started = begin(embedded, steps=tuple([0.1] * 15))
    calls = 0
    while True:
        calls += 1
        try:
            advance(FaultyStore(embedded, calls, when), started.id, now=NOON + timedelta(hours=1))
        except Died:
            pass
        else:
            break
        done = [e.to for e in entries(embedded) if e.action == "advance_rollout"]
        assert get_rollout(embedded, started.id).step == len(done)
        assert verify_audit(embedded, KEYS, POLICY).valid
    assert calls > 3
