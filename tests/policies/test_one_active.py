"""One active version: under concurrent activations, deaths and lost answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ratchet.kernel.errors import Unavailable
from ratchet.policies.activate import activate, reject, rollback
from ratchet.store.port import Store
from tests.support.faults import Died, FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    assert_agreement,
    draft,
    entries,
    head_of,
    lineage_of,
    promote,
    statuses,
    switch_flags,
    weights,
)
from tests.support.trials import begin

Change = Callable[[Store], Any]


def activation(store: Store) -> None:
    """Activate the highest draft."""
    version = head_of(store).drafts[-1]
    activate(store, KEYS, ADA, POLICY, version, now=NOON, reason="x", evidence={"gain": 0.1})


def roll(store: Store) -> None:
    rollback(store, KEYS, ADA, POLICY, now=NOON)


def rejection(store: Store) -> None:
    version = head_of(store).drafts[-1]
    reject(store, KEYS, ADA, POLICY, version, now=NOON, reason="x")


CHANGES = pytest.mark.parametrize("change", [activation, roll, rejection])


def ready(store: Store) -> None:
    lineage_of(store, 2)
    for i in range(4):
        draft(store, weights(0.5 + i / 100))


def test_25_concurrent_activations_leave_one_active_version(store: Store) -> None:
    switch_flags(store)
    lineage_of(store, 1)
    versions = [draft(store, weights(0.4 + i / 100)).version for i in range(5)]
    with ThreadPoolExecutor(25) as pool:
        heads = list(pool.map(lambda i: promote(store, versions[i % 5]), range(25)))
    assert_agreement(store)
    assert head_of(store).active in versions
    assert {head.active for head in heads} == set(versions)
    assert set(statuses(store).values()) == {"active", "archived"}


def test_activations_and_rollbacks_at_once_leave_one_active_version(store: Store) -> None:
    versions = lineage_of(store, 5)
    moves = [*versions, None] * 4

    def move(version: str | None) -> None:
        rollback(store, KEYS, ADA, POLICY, version=version, now=NOON)

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(move, moves))
    assert_agreement(store)


@CHANGES
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_anywhere_leaves_head_statuses_and_audit_in_agreement(
    store: Store, change: Change, when: Any
) -> None:
    ready(store)
    counted = FaultyStore(store)
    change(counted)
    assert counted.calls >= 2
    for call in range(1, counted.calls + 1):
        with pytest.raises(Died):
            change(FaultyStore(store, call, when))
        assert_agreement(store)


@CHANGES
def test_a_lost_answer_writes_one_entry(store: Store, change: Change) -> None:
    ready(store)
    counted = FaultyStore(store)
    change(counted)
    call, before = 1 + counted.log.index("commit"), len(entries(store))
    for when in ("after", "before"):
        change(FaultyStore(store, call, when, Unavailable("the answer was lost")))
        assert_agreement(store)
    assert len(entries(store)) == before + 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_while_a_rollout_is_ended_ends_it_whole_or_not_at_all(
    embedded: Store, when: Any
) -> None:
    lineage_of(embedded, 2)
    draft(embedded, weights(0.5))
    calls = 0
    while True:
        calls += 1
        if head_of(embedded).rollout is None:
            begin(embedded, arms={"c": f"{POLICY}@1.0.2"})
        target = "1.0.0" if head_of(embedded).active == "1.0.1" else "1.0.1"
        dying = FaultyStore(embedded, calls, when)
        try:
            activate(dying, KEYS, ADA, POLICY, target, now=NOON, reason="x")
        except Died:
            pass
        else:
            break
        assert_agreement(embedded)
        head = head_of(embedded)
        ended = head.active == target
        assert (head.rollout is None, head.stages == {}) == (ended, ended)
        assert statuses(embedded)["1.0.2"] == ("draft" if ended else "canary")
    assert calls > 3
