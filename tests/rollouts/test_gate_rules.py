"""Gate rules: which gates and which profile, by policy and change class."""

import json
from pathlib import Path
from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.rollouts.gate_rules import Gates
from ratchet.rollouts.profile import PROFILES

SEED = Path(__file__).parents[2] / "seed" / "config" / "gates.json"


def test_an_allocation_is_replayed_and_a_behaviour_takes_the_whole_road() -> None:
    rules = Gates()
    assert rules.rules("router-core", "allocation").gates == ("replay",)
    assert rules.rules("router-core", "behaviour").gates == ("shadow", "canary", "approval")


def test_what_is_seeded_is_what_ships() -> None:
    assert Gates.from_store(json.loads(SEED.read_text())) == Gates()


def test_a_policy_has_rules_of_its_own_for_a_class_and_the_usual_for_the_other() -> None:
    own = {"behaviour": {"gates": ["canary"], "profile": "quality-gain"}}
    gates = Gates.from_store({"policies": {"router-core": own}})
    found = gates.rules("router-core", "behaviour")
    assert (found.gates, found.profile) == (("canary",), "quality-gain")
    assert gates.rules("router-core", "allocation").gates == ("replay",)
    assert gates.rules("another", "behaviour").gates == ("shadow", "canary", "approval")


def test_a_profile_is_added_or_stands_in_for_one_that_ships() -> None:
    mine = {"goal": {"metric": "success", "above": "1 points"}}
    gates = Gates.from_store({"profiles": {"mine": mine, "significance": mine}})
    assert gates.profile("mine").goal.metric == "success"
    assert gates.profile("significance").goal.metric == "success"
    assert gates.profile("quality-gain") == PROFILES["quality-gain"]
    with pytest.raises(InvalidInput, match="no profile 'yours'") as refused:
        gates.profile("yours")
    assert "mine" in refused.value.mend


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"behaviour": {"gates": ["shadows"]}}, "behaviour.gates"),
        ({"behaviour": {"gates": ["canary", "canary"]}}, "named twice"),
        ({"behaviour": {"gates": ["canary"], "profile": "none"}}, "no profile 'none'"),
        ({"allocation": {"gates": [], "maxLoss": "2 usd"}}, "maxLoss"),
        ({"policies": {"No": {}}}, "policies"),
    ],
)
def test_rules_that_cannot_be_are_refused(data: dict[str, Any], said: str) -> None:
    with pytest.raises(RatchetError, match=said):
        Gates.from_store(data)
