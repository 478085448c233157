"""Roads: which gates a version is under, and how far it comes at once."""

from collections.abc import Mapping
from typing import Any

import pytest

from ratchet.govern.config_change import set_config
from ratchet.kernel.errors import BadSignature, InvalidInput, NotFound
from ratchet.policies.version import COLLECTION
from ratchet.rollouts import road as roads
from ratchet.rollouts.gate_rules import ClassRules, Gates, PolicyRules
from ratchet.rollouts.gates.gate import Entered, Gate, Road
from ratchet.rollouts.road import class_rules, open_road, walk
from ratchet.rollouts.rollout import Challenger
from ratchet.store.port import Ref, Store
from tests.support.governed import ADA, KEYS, NOON, PARAMS, POLICY, draft, promote, stored
from tests.support.roads import road_of
from tests.support.turns import drafted, reader


def said(result: Any) -> Gate:
    """Return a gate that always says the same."""

    def enter(road: Road) -> Entered:
        return Entered(result, (f"it is {result}",), {"seen": 1})

    return enter


GATES: Mapping[str, Gate] = {
    name: said(name) for name in ("passed", "not_asked", "waits", "stopped", "asks")
}


@pytest.fixture
def own_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roads, "GATES", GATES)


@pytest.mark.usefixtures("own_gates")
def test_a_walk_ends_at_the_first_gate_that_does_not_let_through(embedded: Store) -> None:
    road = road_of(embedded, "1.0.1")
    onward = walk(road, ["passed", "not_asked", "waits", "asks"])
    assert (onward.gate, onward.entered.result, onward.left) == ("waits", "waits", ("asks",))
    assert [gate for gate, _ in onward.behind] == ["passed", "not_asked"]
    assert onward.told() == {
        name: {"result": name, "reasons": [f"it is {name}"], "seen": 1}
        for name in ("passed", "not_asked", "waits")
    }


@pytest.mark.usefixtures("own_gates")
def test_a_walk_through_all_gates_comes_to_none(embedded: Store) -> None:
    onward = walk(road_of(embedded, "1.0.1"), ["not_asked", "passed"])
    assert (onward.gate, onward.entered.result, onward.left) == ("", "passed", ())
    assert list(onward.told()) == ["not_asked", "passed"]


def test_a_gate_that_there_is_not_any_more_is_named(embedded: Store) -> None:
    with pytest.raises(InvalidInput, match="'oracle'") as error:
        walk(road_of(embedded, "1.0.1"), ["oracle"])
    assert error.value.field == "gates"
    assert "abort" in error.value.mend


def test_one_change_of_behaviour_puts_all_versions_under_its_rules(embedded: Store) -> None:
    road = road_of(embedded, "1.0.1", "1.0.2")
    allocation = [v.model_copy(update={"change_class": "allocation"}) for v in road.versions]
    behaviour = allocation[1].model_copy(update={"change_class": "behaviour"})
    at = reader(embedded)
    assert class_rules(at, road.champion, allocation) == Gates().allocation
    assert class_rules(at, road.champion, [allocation[0], behaviour]) == Gates().behaviour


def test_a_version_is_held_against_the_champion_too_which_may_not_be_its_parent(
    embedded: Store,
) -> None:
    drafted(embedded)  # 1.0.1 is an allocation of 1.0.0
    draft(embedded, PARAMS | {"cooldownMs": 1})
    promote(embedded, "1.0.2")
    tried = [Challenger(arm="a", version=f"{POLICY}@1.0.1")]
    road = open_road(embedded, KEYS, reader(embedded), f"{POLICY}@1.0.2", tried, now=NOON)
    assert road.versions[0].change_class == "allocation"
    assert road.rules == Gates().behaviour


def test_a_policy_may_have_rules_of_its_own_and_a_rollout_keeps_its_profile(
    embedded: Store,
) -> None:
    own = ClassRules(gates=("canary",), profile="quality-gain")
    gates = Gates(policies={POLICY: PolicyRules(allocation=own)})
    set_config(embedded, KEYS, ADA, Gates, gates.to_map(), reason="test", now=NOON)
    road = road_of(embedded, "1.0.1")
    assert (road.rules, road.profile_name) == (own, "quality-gain")
    other = road.champion.model_copy(update={"id": "other"})
    assert class_rules(reader(embedded), other, road.versions) == Gates().allocation
    pinned = ("kept", gates.profile("cheaper-not-worse"))
    road = open_road(
        embedded, KEYS, reader(embedded), road.champion.key(), [], now=NOON, profile=pinned
    )
    assert (road.profile_name, road.profile) == pinned


def test_a_version_that_is_gone_or_changed_goes_nowhere(embedded: Store) -> None:
    road_of(embedded, "1.0.1")
    key = f"{POLICY}@1.0.1"
    embedded.set(Ref(COLLECTION, key), stored(embedded, "1.0.1") | {"params": {"x": 1}})
    for number, fault in (("1.0.1", BadSignature), ("9.0.0", NotFound)):
        tried = [Challenger(arm="a", version=f"{POLICY}@{number}")]
        with pytest.raises(fault):
            open_road(embedded, KEYS, reader(embedded), f"{POLICY}@1.0.0", tried, now=NOON)
