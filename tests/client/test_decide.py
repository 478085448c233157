"""PolicyClient.decide: features in, a decision with its propensity out, without the service."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from ratchet.client import AsyncOfflineTransport, AsyncPolicyClient, Decision
from ratchet.kernel.errors import InvalidInput
from ratchet.policies import heuristic as carried
from tests.client.test_assigning import PARAMS, UNITS, Rig, running
from tests.support.governed import NOON, POLICY
from tests.support.taught import heuristic, router

URGENT, CALM = {"urgent": True}, {"urgent": False}


def answer(data: dict[str, Any], **params: Any) -> dict[str, Any]:
    return {"version": f"{POLICY}@1.0.0", "params": PARAMS | {"heuristic": data} | params}


def test_a_classifier_decides_with_its_probability_and_certainly() -> None:
    client = Rig(answer(heuristic())).client
    yes, no = client.decide(URGENT), client.decide(CALM)
    assert (yes.decision, no.decision) == ("good", "bad")
    assert yes.probability == pytest.approx(0.7310585786)  # 1 / (1 + exp(-1))
    assert no.probability == pytest.approx(0.2689414214)
    assert no.confidence == pytest.approx(0.7310585786)
    assert (yes.propensity, yes.policy_version) == (1.0, f"{POLICY}@1.0.0")


def test_a_decision_is_recorded_as_an_arm_with_its_propensity() -> None:
    found = Rig(answer(router())).client.decide(URGENT)
    assert found.as_observation() == {
        "arm": "b",
        "propensity": 1.0,
        "confidence": pytest.approx(0.7310585786),
        "policyVersion": f"{POLICY}@1.0.0",
    }
    assert found.values == {"a": 0.5, "b": pytest.approx(0.7310585786)}


def test_the_share_that_explores_is_drawn_as_often_as_its_propensity_says() -> None:
    client = Rig(answer(router(explore=0.3)), rng=random.Random(5)).client
    found = [client.decide(URGENT) for _ in range(4000)]
    assert {(d.decision, d.propensity) for d in found} == {("b", 0.85), ("a", 0.15)}
    assert Counter(d.decision for d in found)["a"] / 4000 == pytest.approx(0.15, abs=0.02)


def test_an_explored_no_of_a_classifier_keeps_the_probability_of_yes() -> None:
    client = Rig(answer(heuristic(explore=0.5)), rng=random.Random(5)).client
    found = {d.decision: d for d in (client.decide(URGENT) for _ in range(50))}
    assert found["bad"].probability == found["good"].probability == pytest.approx(0.7310585786)
    assert (found["bad"].propensity, found["good"].propensity) == (0.25, 0.75)


def test_an_arm_that_cools_down_is_replaced_by_the_next_best_without_a_propensity() -> None:
    client = Rig(answer(router(), fallbackOn=["timeout"], cooldownMs=60_000)).client
    first = client.decide(URGENT)
    client.report(first, "timeout")
    fallback = client.decide(URGENT)
    assert (fallback.decision, fallback.fallback_from, fallback.propensity) == ("a", "b", None)
    assert fallback.probability == 0.5
    client.report(fallback, "timeout")
    assert client.decide(URGENT).decision == "b"  # where none is left, the one that was decided


def test_a_version_without_a_heuristic_says_how_to_get_one() -> None:
    client = Rig({"version": f"{POLICY}@1.0.0", "params": PARAMS}).client
    for _ in range(2):
        with pytest.raises(InvalidInput, match=f"{POLICY}@1.0.0 carries no heuristic") as refused:
            client.decide(URGENT)
    assert "ratchet heuristics train" in refused.value.mend


@pytest.mark.parametrize("features", [{"urgent": "yes"}, {"hurry": True}])
def test_features_that_are_none_are_refused_by_name(features: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        Rig(answer(heuristic())).client.decide(features)
    assert refused.value.field == next(iter(features))


def test_a_unit_is_decided_by_the_version_it_is_assigned_to_and_exposed_once_a_decision() -> None:
    tried = running(heuristic=router(costWeight=9.0))
    rig = Rig(tried | {"params": PARAMS | {"heuristic": router()}})
    found = {unit: rig.client.decide(URGENT, unit) for unit in UNITS[:200]}
    new = {d.decision for d in found.values() if d.policy_version == f"{POLICY}@1.0.1"}
    old = {d.decision for d in found.values() if d.policy_version == f"{POLICY}@1.0.0"}
    assert (new, old) == ({"a"}, {"b"})
    assert len(rig.recorder.told) == 200
    told = found["user-1"].as_observation()
    assert (told["unit"], told["rolloutId"]) == ("user-1", "r1")
    assert told["intendedVersion"] == found["user-1"].policy_version


def test_a_challenger_that_cannot_decide_leaves_it_to_the_champion() -> None:
    rig = Rig(running(share=1.0) | {"params": PARAMS | {"heuristic": router()}})
    found = rig.client.decide(URGENT, "user-1")
    assert (found.decision, found.policy_version) == ("b", f"{POLICY}@1.0.0")
    assert found.intended_version == f"{POLICY}@1.0.1"


def test_a_shadow_decides_beside_the_champion() -> None:
    tried = running("shadow", 1.0, heuristic=router(costWeight=9.0))
    rig = Rig(tried | {"params": PARAMS | {"heuristic": router()}})
    found = rig.client.decide(URGENT, "user-1")
    (beside,) = found.shadows
    assert (found.decision, beside.decision) == ("b", "a")
    assert found.as_observation()["paired"] == ["new"]
    assert beside.as_observation()["shadow"] is True


def test_failures_of_a_challenger_open_its_own_breaker_alone() -> None:
    tried = running(heuristic=router(), cooldownMs=60_000)
    rig = Rig(tried | {"params": PARAMS | {"heuristic": router()}})
    met = [rig.client.decide(URGENT, unit) for unit in UNITS[:50]]
    failed = next(d for d in met if d.policy_version == f"{POLICY}@1.0.1")
    rig.client.report(failed, "timeout")
    again = [rig.client.decide(URGENT, unit) for unit in UNITS[:50]]
    assert {d.fallback_from for d in again if d.policy_version == f"{POLICY}@1.0.1"} == {"b"}
    assert {d.fallback_from for d in again if d.policy_version == f"{POLICY}@1.0.0"} == {None}


def test_a_version_is_parsed_once_and_another_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(answer(heuristic()))
    parsed: list[str] = []
    real = carried.heuristic_of

    def counted(params: Mapping[str, Any], version: str) -> carried.Heuristic:
        parsed.append(version)
        return real(params, version)

    monkeypatch.setattr(carried, "heuristic_of", counted)
    for _ in range(3):
        rig.client.decide(URGENT)
    assert parsed == [f"{POLICY}@1.0.0"]
    rig.answer(**answer(heuristic(threshold=0.9)) | {"version": f"{POLICY}@1.0.1"})
    assert rig.client.decide(URGENT).decision == "bad"
    assert parsed == [f"{POLICY}@1.0.0", f"{POLICY}@1.0.1"]


def test_asyncio_decides_alike() -> None:
    async def decided() -> Decision:
        carrier = AsyncOfflineTransport({POLICY: answer(router())})
        return await AsyncPolicyClient(carrier, POLICY, wall_clock=lambda: NOON).decide(URGENT)

    assert asyncio.run(decided()) == Rig(answer(router())).client.decide(URGENT)
