"""A rollout that its policy left behind is ended; one that it still names is not."""

import pytest

from ratchet.kernel.errors import NotFound
from ratchet.policies.activate import activate
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.supersede import is_current, supersede
from ratchet.store.port import Ref, Store
from tests.support.carried import JUDGE, assert_sound
from tests.support.governed import ADA, KEYS, NOON, POLICY, entries, head_of
from tests.support.turns import left_behind, ready


def test_what_another_activation_left_behind_is_ended_and_audited_once(store: Store) -> None:
    left_behind(store)
    rollout = get_rollout(store, f"{POLICY}-r6")
    assert not is_current(head_of(store), rollout)
    assert supersede(store, KEYS, JUDGE, rollout, now=NOON)
    assert not supersede(store, KEYS, JUDGE, rollout, now=NOON)
    ended = get_rollout(store, rollout.id)
    assert (ended.state, ended.outcome, ended.ended_at) == ("ended", "superseded", NOON)
    assert [e.action for e in entries(store)[-2:]] == ["rollback", "end_rollout"]
    assert entries(store)[-1].reason == "1.0.0 is active"
    assert_sound(store)


def test_what_runs_stays_as_it_is(embedded: Store) -> None:
    rollout = ready(embedded)
    assert is_current(head_of(embedded), rollout)
    assert not supersede(embedded, KEYS, JUDGE, rollout, now=NOON)
    assert get_rollout(embedded, rollout.id) == rollout


def test_a_rollout_that_was_written_since_is_left_to_the_next_look(embedded: Store) -> None:
    stale = ready(embedded).model_copy(update={"seal": "of an earlier state"})
    activate(embedded, KEYS, ADA, POLICY, "1.0.1", reason="now", now=NOON)
    assert not supersede(embedded, KEYS, JUDGE, stale, now=NOON)
    assert get_rollout(embedded, stale.id).state == "running"


def test_a_policy_that_is_gone_is_named(embedded: Store) -> None:
    rollout = ready(embedded)
    embedded.delete(Ref(PolicyHead.collection, POLICY))
    with pytest.raises(NotFound, match=POLICY):
        supersede(embedded, KEYS, JUDGE, rollout, now=NOON)
