"""Aborting a rollout: everybody gets the active version, and the tried are what they were."""

from typing import Any

import pytest

from ratchet.govern.audit import verify_audit
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import Forbidden, InvalidInput, NotFound
from ratchet.kernel.seal import is_sealed
from ratchet.observe.epochs import current_epoch
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.history import get_rollout, list_rollouts
from ratchet.rollouts.resolve import resolve
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref, Store
from ratchet.tune.auto_tune import auto_tune
from ratchet.tune.carry import Carried
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    KEYS,
    NOON,
    POLICY,
    SECOND,
    assert_agreement,
    entries,
    head_of,
    statuses,
    switch_flags,
)
from tests.support.trials import begin, behaving, by_gates, finish, reader_of, ready, start

EVE = Actor(name="eve", kind="person", role="service")


def test_an_abort_gives_policy_and_versions_back(store: Store) -> None:
    behaving(store)
    started = start(store, by_gates())
    assert statuses(store)["1.0.1"] == "shadow"
    head = finish(store, started.id, now=NOON + SECOND)
    assert (head.rollout, head.rollout_seal, head.stages) == (None, None, {})
    ended = get_rollout(store, started.id)
    assert (ended.state, ended.outcome, ended.ended_at) == ("ended", "aborted", NOON + SECOND)
    assert is_sealed(KEYS, Rollout, ended.id, ended.to_map())
    assert statuses(store) == {"1.0.0": "active", "1.0.1": "draft"}
    entry = entries(store)[-1]
    assert (entry.action, entry.to, entry.reason) == ("abort_rollout", "aborted", "enough")
    assert resolve(store, KEYS, POLICY, now=NOON).rollout is None
    assert_agreement(store)


def test_a_rollout_is_aborted_once_and_with_the_kill_switch_off(embedded: Store) -> None:
    ready(embedded)
    started = begin(embedded)
    switch_flags(embedded, enabled=False)
    first = finish(embedded, started.id)
    assert finish(embedded, started.id, now=NOON + SECOND) == first
    assert get_rollout(embedded, started.id).ended_at == NOON


@pytest.mark.parametrize("actor", [EVE, machine("tuner")])
def test_only_an_admin_aborts_and_says_why(embedded: Store, actor: Actor) -> None:
    ready(embedded)
    started = begin(embedded)
    with pytest.raises(Forbidden):
        finish(embedded, started.id, actor=actor)
    with pytest.raises(InvalidInput):
        finish(embedded, started.id, reason="two\nlines")
    assert head_of(embedded).rollout == started.id


def test_what_does_not_exist_is_not_aborted(embedded: Store) -> None:
    ready(embedded)
    for name in ("router-core-r9", "router-core", "other-r1", "config-r1"):
        with pytest.raises(NotFound, match="does not exist"):
            finish(embedded, name)
        with pytest.raises(NotFound):
            get_rollout(embedded, name)


@pytest.mark.parametrize(
    "spoilt", [None, {"a": 1}, {"policy": "No one", "state": "running"}, {"policy": "other"}]
)
def test_a_rollout_whose_document_is_broken_or_gone_can_be_aborted(
    store: Store, spoilt: dict[str, Any] | None
) -> None:
    ready(store)
    ref = Ref("ops_rollouts", begin(store).id)
    if spoilt is None:
        store.delete(ref)
    else:
        store.set(ref, spoilt)
    assert finish(store, ref.id).rollout is None
    assert statuses(store)["1.0.1"] == "draft"
    assert_agreement(store)
    if spoilt is None:
        with pytest.raises(NotFound):
            finish(store, ref.id)
    else:
        assert finish(store, ref.id).rollout is None


def test_what_somebody_wrote_by_hand_is_ended_and_sealed_by_nobody(embedded: Store) -> None:
    ready(embedded)
    started = begin(embedded)
    ref = Ref("ops_rollouts", started.id)
    embedded.set(ref, started.to_map() | {"promoteAlpha": 0.4})
    assert finish(embedded, started.id).rollout is None
    found = embedded.get(ref)
    assert found is not None
    assert (found.data["state"], found.data["outcome"]) == ("ended", "aborted")
    assert not is_sealed(KEYS, Rollout, ref.id, found.data)
    assert_agreement(embedded)


def test_tuning_is_frozen_until_a_rollout_is_aborted(embedded: Store) -> None:
    switch_flags(embedded)
    ready(embedded)
    started = begin(embedded)
    assert tuned(embedded) == (f"frozen while rollout {started.id} runs",)
    finish(embedded, started.id)
    assert "frozen" not in " ".join(tuned(embedded))


def tuned(store: Store) -> tuple[str, ...]:
    def carry(_: PolicyVersion, /) -> Carried:
        return Carried("proposed")

    reader = reader_of(store)
    return auto_tune(store, KEYS, reader, head_of(store), carry=carry, now=NOON).reasons


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("verb", ["start", "abort"])
def test_a_death_at_any_call_leaves_all_or_nothing(embedded: Store, verb: str, when: Any) -> None:
    ready(embedded)
    current_epoch(embedded, reader_of(embedded), now=NOON)
    calls = 0
    while True:
        calls += 1
        running = head_of(embedded).rollout
        if verb == "abort" and running is None:
            running = begin(embedded).id
        elif verb == "start" and running is not None:
            finish(embedded, running)
            running = None
        dying = FaultyStore(embedded, calls, when)
        try:
            finish(dying, str(running)) if verb == "abort" else begin(dying)
        except Died:
            pass
        else:
            break
        assert_whole(embedded)
    assert calls > 3
    assert_whole(embedded)


def assert_whole(store: Store) -> None:
    """Hold head, statuses, rollouts and audit against each other."""
    assert verify_audit(store, KEYS, POLICY).valid
    running = [r.id for r in list_rollouts(store) if r.state == "running"]
    named = head_of(store).rollout
    assert running == ([named] if named else [])
    assert statuses(store)["1.0.1"] == ("canary" if named else "draft")
    actions = [e.action for e in entries(store) if e.action.endswith("_rollout")]
    assert actions == (["start_rollout", "abort_rollout"] * len(actions))[: len(actions)]
    assert len(actions) % 2 == bool(named)
