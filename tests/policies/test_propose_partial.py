"""Proposals of some params: the others are those of whatever is active when it lands."""

from collections.abc import Callable
from itertools import count
from typing import Any

from ratchet.policies.history import get_version
from ratchet.policies.propose import propose
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import FaultyStore
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    assert_agreement,
    draft,
    lineage_of,
    promote,
    weights,
)


def test_a_partial_proposal_takes_the_params_that_it_does_not_name_from_the_active_version(
    store: Store,
) -> None:
    first = propose(store, KEYS, ADA, POLICY, PARAMS, now=NOON, reason="x", partial=True)
    assert first.params == PARAMS, "there is nothing to take them from"
    lineage_of(store, 1)
    change = {"cooldownMs": 60000}
    made = propose(store, KEYS, ADA, POLICY, change, now=NOON, reason="x", partial=True)
    assert made.params == weights(0.6) | change
    whole = propose(store, KEYS, ADA, POLICY, change, now=NOON, reason="x", tuning_space={})
    assert whole.params == change


class Meanwhile(FaultyStore):
    """A store at one of whose calls somebody else acts first."""

    def __init__(self, inner: Store, act_at: int, act: Callable[[], Any]) -> None:
        super().__init__(inner)
        self._act_at, self._act = act_at, act

    def _call(self, name: str, act: Callable[[], Any]) -> Any:
        if self.calls + 1 == self._act_at:
            self._act()
        return super()._call(name, act)


def test_a_partial_proposal_does_not_undo_what_another_activates_meanwhile() -> None:
    change = {"cooldownMs": 60000}
    parents = []
    for place in count(1):
        store = SqliteStore()
        lineage_of(store, 1)
        draft(store, weights(0.6) | {"latencyTargetMs": 2000})
        busy = Meanwhile(store, place, lambda s=store: promote(s, "1.0.1"))  # type: ignore[misc]
        made = propose(busy, KEYS, ADA, POLICY, change, now=NOON, reason="x", partial=True)
        if busy.calls < place:
            break
        # Whatever is active when it lands is what it goes on from, and differs in this alone.
        active = get_version(store, KEYS, POLICY, "1.0.1").params
        assert (made.parent, made.params) == (f"{POLICY}@1.0.1", active | change)
        assert made.params["latencyTargetMs"] == 2000
        assert_agreement(store)
        parents.append(made.parent)
        store.close()
    assert len(parents) >= 3  # reads, and the commit
