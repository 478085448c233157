"""Evaluating at once, and while persons act on the same rollout or somebody edits it by hand."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ratchet.kernel.seal import is_sealed
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.activate import activate
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.hold import hold_rollout
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.carried import LOOK, assert_sound, verdicts
from tests.support.governed import ADA, KEYS, POLICY, alerts, entries, head_of, statuses
from tests.support.meddled import Meddled
from tests.support.turns import TURNS, evaluate, good, poor

pytestmark = pytest.mark.slow

ID = f"{POLICY}-r4"


def meddle(
    before: Callable[[Store], Any], act: Callable[[Store], Any], *, every: int = 1
) -> Iterator[Store]:
    """Yield how it ends where somebody acts before the first call, a later one, and so on."""
    at, calls = 1, 1
    while at <= calls:
        store = SqliteStore()
        before(store)
        meddled = Meddled(store, at, act)
        evaluate(meddled)
        yield store
        at, calls = at + every, meddled.calls


@pytest.mark.parametrize("name", ["step", "activation"])
def test_evaluators_at_once_decide_once(store: Store, name: str) -> None:
    TURNS[name].before(store)
    before = len(entries(store))
    with ThreadPoolExecutor(4) as pool:
        looked = list(pool.map(lambda _: evaluate(store), range(4)))
    assert all(look == looked[0] for look in looked)
    assert [e.action for e in entries(store)[before:]] == list(TURNS[name].actions)
    assert len([v for v in verdicts(store) if v.rollout == ID]) == 1
    assert_sound(store)


def test_a_person_who_aborts_meanwhile_and_a_promotion_never_both_have_it() -> None:
    def abort(store: Store) -> None:
        abort_rollout(store, KEYS, ADA, ID, reason="enough", now=LOOK)

    outcomes = []
    for store in meddle(good, abort):
        outcome = get_rollout(store, ID).outcome
        assert (head_of(store).active, outcome) in (("1.0.0", "aborted"), ("1.0.1", "promoted"))
        assert [v.effect for v in verdicts(store)] == (["activated"] * (outcome == "promoted"))
        assert_sound(store)
        outcomes.append(outcome)
    assert set(outcomes) == {"aborted", "promoted"}


def test_a_person_who_holds_meanwhile_and_a_promotion_never_both_have_it() -> None:
    def hold(store: Store) -> None:
        hold_rollout(store, KEYS, ADA, ID, reason="wait", now=LOOK)

    ends = []
    for store in meddle(good, hold, every=3):
        held = get_rollout(store, ID).held
        (verdict,) = verdicts(store)
        assert (verdict.effect, head_of(store).active) == (
            ("held", "1.0.0") if held else ("activated", "1.0.1")
        )
        assert verdict.judged.as_of.held == held
        assert_sound(store)
        ends.append(held)
    assert set(ends) == {True, False}


def test_an_activation_by_a_person_meanwhile_leaves_one_active_version() -> None:
    def other(store: Store) -> None:
        activate(store, KEYS, ADA, POLICY, "1.0.1", reason="now", now=LOOK)

    ends = []
    for store in meddle(poor, other, every=2):
        evaluate(store, LOOK.replace(hour=23))
        ends.append((head_of(store).active, get_rollout(store, ID).outcome))
        assert_sound(store)
    assert set(ends) == {("1.0.1", "superseded"), ("1.0.0", "rolled_back")}


def test_a_hand_edit_meanwhile_is_not_carried_into_what_is_decided() -> None:
    def edit(store: Store) -> None:
        found = store.get(Ref(ROLLOUTS, ID))
        assert found is not None
        store.set(found.ref, found.data | {"salt": "a salt of somebody else, random"})

    ends = []
    for store in meddle(poor, edit, every=2):
        found = store.get(Ref(ROLLOUTS, ID))
        assert found is not None
        whole = is_sealed(KEYS, Rollout, ID, found.data)
        decided = [verdict.effect for verdict in verdicts(store)]
        told = {alert.what for alert in alerts(store)}
        if "rollout-not-judged" in told:
            assert (decided, statuses(store)["1.0.1"], whole) == ([], "canary", False)
        else:
            assert (decided, statuses(store)["1.0.1"]) == (["rolled_back"], "rejected")
        assert head_of(store).active == "1.0.0"
        ends.append(whole)
    assert set(ends) == {True, False}
