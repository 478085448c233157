"""Holding a rollout: it runs on, and nobody promotes it until it is released."""

from typing import Any

import pytest

from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import BadSignature, Forbidden, InvalidInput, NotFound, Refused
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.hold import hold_rollout
from ratchet.rollouts.resolve import resolve
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref, Store
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    ROBOT,
    SECOND,
    assert_agreement,
    entries,
    statuses,
    switch_flags,
)
from tests.support.trials import begin, finish, ready, start_twins

EVE = Actor(name="eve", kind="person", role="service")


def hold(store: Store, rollout_id: str, **options: Any) -> Rollout:
    given: dict[str, Any] = {"reason": "wait for the audit", "now": NOON} | options
    return hold_rollout(store, KEYS, given.pop("actor", ADA), rollout_id, **given)


def test_a_held_rollout_is_served_on_and_released_again(store: Store) -> None:
    ready(store)
    started = begin(store)
    held = hold(store, started.id)
    assert held.held
    assert held == get_rollout(store, started.id)
    assert resolve(store, KEYS, POLICY, now=NOON).rollout is not None
    released = hold(store, started.id, release=True)
    assert released == started
    told = [(e.action, e.reason, e.override) for e in entries(store)[-2:]]
    assert told == [
        ("hold_rollout", "wait for the audit", False),
        ("release_rollout", "wait for the audit", False),
    ]
    assert statuses(store)["1.0.1"] == "canary"
    assert_agreement(store)


@pytest.mark.parametrize("release", [False, True])
def test_what_is_so_already_is_written_once(embedded: Store, release: bool) -> None:
    ready(embedded)
    started = begin(embedded)
    if not release:
        hold(embedded, started.id)
    before = len(entries(embedded))
    hold(embedded, started.id, release=release, now=NOON + SECOND)
    assert len(entries(embedded)) == before


def test_a_person_holds_with_the_kill_switch_off_and_says_why(embedded: Store) -> None:
    ready(embedded)
    switch_flags(embedded, enabled=False)
    started = begin(embedded)
    for actor in (EVE, machine("tuner")):
        with pytest.raises(Forbidden):
            hold(embedded, started.id, actor=actor)
    with pytest.raises(InvalidInput):
        hold(embedded, started.id, reason=" ")
    assert hold(embedded, started.id, actor=ROBOT).held
    with pytest.raises(Forbidden, match="wants a person"):
        hold(embedded, started.id, actor=ROBOT, release=True)


def test_only_a_running_trial_as_it_was_sealed_is_held(embedded: Store) -> None:
    ready(embedded)
    with pytest.raises(NotFound):
        hold(embedded, "router-core-r9")
    twins = start_twins(embedded)
    with pytest.raises(Refused, match="promotes nothing") as caught:
        hold(embedded, twins.id)
    assert caught.value.mend == f"ratchet rollout abort {twins.id} --reason ..."
    finish(embedded, twins.id)
    with pytest.raises(Refused, match="it has ended"):
        hold(embedded, twins.id)
    started = begin(embedded)
    embedded.set(Ref("ops_rollouts", started.id), started.to_map() | {"held": True})
    with pytest.raises(BadSignature):
        hold(embedded, started.id, release=True)
