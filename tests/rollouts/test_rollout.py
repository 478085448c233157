"""Rollout documents: what they may say, and what a step of one allocates."""

from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.observe.watch import CONTROL
from ratchet.rollouts.rollout import Rollout, RolloutDraft
from ratchet.store.port import Ref, Store
from tests.support.evidenced import rollout
from tests.support.governed import POLICY
from tests.support.trials import asked

TWO = {"a": f"{POLICY}@1.0.1", "b": f"{POLICY}@1.0.2"}


def refused(**fields: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        RolloutDraft.parse(asked(**fields))
    return caught.value


def test_a_rollout_is_read_as_it_was_stored(store: Store) -> None:
    it = rollout(["1.0.1", "1.0.2"], mode="canary", steps=({"1.0.1": 0.1, "1.0.2": 0.2},) * 2)
    store.set(Ref(it.collection, it.key()), it.to_map())
    found = store.get(Ref("ops_rollouts", it.id))
    assert found is not None
    assert Rollout.from_store(found.data) == it
    assert found.data["steps"] == [{"1.0.1": 0.1, "1.0.2": 0.2}] * 2
    assert "endedAt" not in found.data


@pytest.mark.parametrize(
    ("arms", "text"),
    [
        ({"control": f"{POLICY}@1.0.1"}, "control is no name for a challenger"),
        ({"shadow:a": f"{POLICY}@1.0.1"}, "is no name for a challenger"),
        ({"pair:a": f"{POLICY}@1.0.1"}, "is no name for a challenger"),
        ({"a": "planner@1.0.1"}, "planner@1.0.1 is no version of router-core"),
    ],
)
def test_a_challenger_has_a_name_of_its_own_and_is_of_the_policy(
    arms: dict[str, str], text: str
) -> None:
    error = refused(arms=arms)
    assert (error.field, text in error.message) == ("challengers", True)


def test_two_challengers_do_not_share_a_name() -> None:
    twice = [{"arm": "a", "version": f"{POLICY}@1.0.1"}] * 2
    assert "two challengers are called a" in refused(challengers=twice).message


@pytest.mark.parametrize("count", [0, 5])
def test_there_are_one_to_four_challengers(count: int) -> None:
    arms = {f"c{i}": f"{POLICY}@1.0.{i}" for i in range(count)}
    assert refused(arms=arms, steps=(0.1,)).field == "challengers"


@pytest.mark.parametrize("version", ["1.0.1", "router-core@1.0", "router-core@", "@1.0.1", "x"])
def test_a_challenger_is_named_with_its_whole_version(version: str) -> None:
    assert refused(arms={"a": version}).field == "challengers.0.version"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"steps": (0.2, 0.1)}, "a share falls in step 2 of 2"),
        ({"steps": (0.6,)}, "a canary gives a challenger 1% to 50%, step 1 of 1 does not"),
        ({"steps": (0.1, 0.51)}, "step 2 of 2 does not"),
        ({"steps": (0.009, 0.5)}, "step 1 of 2 does not"),
        ({"steps": (0.1, 1.0)}, "step 2 of 2 leave nothing to the control"),
        ({"steps": (1.0,)}, "step 1 of 1 leave nothing to the control"),
        ({"steps": (0.1, 0.99999, 1.0)}, "leave nothing to the control"),
        ({"arms": TWO, "steps": (0.5, 0.5)}, "leave nothing to the control"),
        ({"arms": TWO, "steps": (0.1, 0.6)}, "sum to more than 1"),
        ({"arms": TWO, "steps": (0.5,), "mode": "split"}, "leave nothing to the control"),
        ({"steps": (0.1, 0.2), "mode": "split"}, "a split has one step"),
    ],
)
def test_shares_never_fall_and_leave_a_concurrent_control(
    fields: dict[str, Any], text: str
) -> None:
    error = refused(**fields)
    assert (error.field, text in error.message) == ("steps", True)


@pytest.mark.parametrize("steps", [[{}], [{"a": 0.1}], [{"1.0.1": 0.1, "a": 0.1}]])
def test_a_step_gives_a_share_to_each_challenger_and_to_nobody_else(steps: Any) -> None:
    with pytest.raises(InvalidInput, match="gives no share to each challenger"):
        RolloutDraft.parse(asked() | {"steps": steps})


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan"), 0.00001])
def test_a_share_is_a_part_of_the_units(share: float) -> None:
    assert refused(steps=(share,)).field.startswith("steps.0")


@pytest.mark.parametrize(
    "fields",
    [
        {"steps": (0.01, 0.1, 0.5)},
        {"steps": (0.1, 0.1)},
        {"steps": (0.8,), "mode": "split"},
        {"arms": TWO, "steps": (0.1, 0.4), "mode": "canary"},
        {"arms": TWO, "steps": (1.0,), "mode": "shadow"},
        {"arms": {"aa": f"{POLICY}@1.0.0"}},
    ],
)
def test_a_ramp_a_split_a_shadow_and_an_aa_test_can_be_asked_for(fields: dict[str, Any]) -> None:
    RolloutDraft.parse(asked(**fields))


@pytest.mark.parametrize(
    "changes",
    [
        {"step": 1},
        {"watch": {"arms": ("control",), "steps": 1, "epoch": 1}},
        {"watch": {"arms": ("1.0.1", "control"), "steps": 1, "epoch": 1}},
        {"watch": {"arms": ("control", "1.0.1"), "steps": 2, "epoch": 1}},
        {"salt": "short"},
        {"id": "a/b"},
        {"champion": "1.0.0"},
        {"state": "paused"},
    ],
)
def test_a_document_that_contradicts_itself_does_not_parse(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        rollout(**changes)


def test_ranges_start_where_the_greatest_share_of_those_before_ends() -> None:
    steps = ({"1.0.2": 0.1, "1.0.1": 0.05}, {"1.0.2": 0.25, "1.0.1": 0.5})
    it = rollout(["1.0.2", "1.0.1"], mode="canary", steps=steps)
    first, last = it.allocation(0), it.allocation(1)
    assert [(s.arm, s.start, s.share) for s in first.slots] == [
        ("1.0.2", 0.0, 0.1),
        ("1.0.1", 0.25, 0.05),
    ]
    assert [(s.arm, s.start, s.share) for s in last.slots] == [
        ("1.0.2", 0.0, 0.25),
        ("1.0.1", 0.25, 0.5),
    ]
    assert it.allocation() == first
    assert it.shares(1) == {CONTROL: 0.25, "1.0.2": 0.25, "1.0.1": 0.5}


def test_the_order_in_which_a_store_keeps_the_shares_does_not_matter() -> None:
    one = rollout(["1.0.2", "1.0.1"], mode="canary", steps=({"1.0.2": 0.1, "1.0.1": 0.2},))
    other = rollout(["1.0.2", "1.0.1"], mode="canary", steps=({"1.0.1": 0.2, "1.0.2": 0.1},))
    assert one.allocation() == other.allocation()


def test_in_shadow_mode_every_challenger_may_run_for_a_unit() -> None:
    it = rollout(["1.0.1", "1.0.2"], share=1.0, mode="shadow").allocation()
    assert [(slot.start, slot.share) for slot in it.slots] == [(0.0, 1.0), (0.0, 1.0)]
    assert [shadow.arm for shadow in it.assign("user-1").shadows] == ["1.0.1", "1.0.2"]


def test_a_holdback_has_the_last_points_which_no_challenger_had() -> None:
    trial = rollout(["1.0.1"], mode="canary", steps=({"1.0.1": 0.1}, {"1.0.1": 0.5}))
    held = rollout(["1.0.2"], share=0.05, purpose="holdback", mode="canary", salt=trial.salt)
    (slot,) = held.allocation().slots
    assert (slot.start, slot.share) == (0.95, 0.05)
    units = [f"user-{i}" for i in range(400)]
    kept = [unit for unit in units if held.allocation().assign(unit).arm == "1.0.2"]
    assert kept
    assert {trial.allocation(1).assign(unit).arm for unit in kept} == {CONTROL}


def test_a_dropped_challenger_keeps_its_units_and_serves_them_the_champion() -> None:
    it = rollout(["1.0.1", "1.0.2"], share=0.2, dropped=("1.0.1",))
    slots = [(slot.arm, slot.version, slot.share) for slot in it.allocation().slots]
    assert slots == [
        ("1.0.1", f"{POLICY}@1.0.0", 0.2),
        ("1.0.2", f"{POLICY}@1.0.2", 0.2),
    ]
    assert [challenger.arm for challenger in it.standing] == ["1.0.2"]
    shadow = it.model_copy(update={"mode": "shadow"}).allocation()  # and pays for nothing beside
    assert [(slot.arm, slot.version) for slot in shadow.slots] == [("1.0.2", f"{POLICY}@1.0.2")]
    with pytest.raises(InvalidInput, match="was dropped that there is not"):
        rollout(["1.0.1"], dropped=("1.0.2",))
