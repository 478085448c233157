"""Rollouts: one that components do not get is an error, with the command that ends it."""

from ratchet.store.port import Ref, Store
from tests.support.edits import console_of
from tests.support.examined import case, found
from tests.support.on_road import start_canary


def test_a_rollout_that_runs_as_it_was_sealed_is_well(store: Store) -> None:
    console_of(store)
    assert found("rollouts", case(store)) == [("ok", "0 running, each as it was sealed", "")]
    start_canary(store)
    assert found("rollouts", case(store)) == [("ok", "1 running, each as it was sealed", "")]


def test_one_that_was_changed_by_hand_is_an_error(store: Store) -> None:
    console_of(store)
    rollout = start_canary(store)
    ref = Ref("ops_rollouts", rollout.id)
    data = store.get(ref)
    assert data is not None
    store.set(ref, data.data | {"held": True})
    ((severity, text, mend),) = found("rollouts", case(store))
    assert (severity, mend) == ("error", f"ratchet rollout abort {rollout.id} --reason ...")
    assert text.startswith(f"{rollout.id} runs and no component gets it")
