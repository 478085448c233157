"""What begins and ends a rollout: its number, its deadline, and a head that knows another."""

from datetime import timedelta

import pytest

from ratchet.kernel.errors import AlreadyExists
from ratchet.policies.activate import read_head
from ratchet.rollouts.changes import finish, read_changes
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.profile import PROFILES
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction
from tests.support.carried import activation, carried
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
    promote,
    statuses,
    switch_flags,
    weights,
)
from tests.support.trials import begin, ready


def over(store: Store, rollout: Rollout) -> None:
    """End a rollout as superseded, whatever the head names."""

    def body(tx: Transaction) -> None:
        head = read_head(tx, POLICY)
        tx.get(Rollout, rollout.id)
        read_changes(tx, head)
        finish(tx, KEYS, head, ADA, rollout, "superseded", "end_rollout", now=NOON + SECOND)

    store.transact(body)


def test_a_rollout_is_numbered_by_its_audit_entry_and_begins_with_the_profiles_deadline(
    store: Store,
) -> None:
    ready(store)
    started = begin(store)
    assert started.id == f"{POLICY}-r{entries(store)[-1].sequence}"
    assert started.deadline == NOON + timedelta(hours=PROFILES["significance"].deadline_hours)


def test_the_end_of_one_leaves_a_head_that_names_another_alone(store: Store) -> None:
    ready(store)
    draft(store, weights(0.4))
    first = begin(store)
    promote(store, "1.0.1")  # the head names no rollout any more
    second = begin(store, arms={"c": f"{POLICY}@1.0.2"})
    over(store, first)
    head = head_of(store)
    assert (head.rollout, head.rollout_seal) == (second.id, second.seal)
    assert statuses(store) == {"1.0.0": "archived", "1.0.1": "active", "1.0.2": "canary"}
    assert get_rollout(store, first.id).outcome == "superseded"
    assert get_rollout(store, second.id) == second
    assert_agreement(store)


def unknown(store: Store, ahead: int) -> Ref:
    """Write a rollout under a number that the head has not come to."""
    there = Ref("ops_rollouts", f"{POLICY}-r{head_of(store).audit_sequence + ahead}")
    store.set(there, {"v": 1})
    return there


def test_no_rollout_that_a_lost_head_does_not_know_is_written_over(embedded: Store) -> None:
    ready(embedded)
    there = unknown(embedded, 1)
    with pytest.raises(AlreadyExists, match=there.id):
        begin(embedded)


def test_nor_where_a_holdback_follows_a_promotion(embedded: Store) -> None:
    switch_flags(embedded, auto=True)
    ready(embedded)
    started = begin(embedded)
    there = unknown(embedded, 2)
    with pytest.raises(AlreadyExists, match=there.id):
        carried(embedded, started, "PROMOTE", activation(embedded, started))
    assert head_of(embedded).active == "1.0.0"


@pytest.mark.parametrize("ahead", [1, 2, 3])
def test_a_number_that_is_taken_keeps_nobody_from_a_rollback(embedded: Store, ahead: int) -> None:
    ready(embedded)
    started = begin(embedded)
    unknown(embedded, ahead)
    assert carried(embedded, started, "ROLL_BACK").effect == "rolled_back"
    assert statuses(embedded)["1.0.1"] == "rejected"


def test_a_holdback_ends_a_day_after_its_hours_at_the_latest(embedded: Store) -> None:
    switch_flags(embedded, auto=True)
    ready(embedded)
    started = begin(embedded)
    verdict = carried(embedded, started, "PROMOTE", activation(embedded, started))
    held = get_rollout(embedded, str(head_of(embedded).rollout))
    assert held.deadline == verdict.at + timedelta(hours=24 + 24)
