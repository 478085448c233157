"""PolicyClient while a rollout runs: who meets which version, what is told of it, and on what."""

import json
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ratchet.client import (
    Choice,
    OfflineTransport,
    PolicyClient,
)
from ratchet.kernel.errors import InvalidInput
from tests.support.governed import NOON, POLICY

PARAMS: dict[str, Any] = {
    "modelWeights": {"a": 0.6, "b": 0.4},
    "fallbackOn": ["timeout"],
    "cooldownMs": 30_000,
}
TRIED: dict[str, Any] = PARAMS | {"modelWeights": {"b": 0.5, "c": 0.5}, "prompts": {"x": "new"}}
UNITS = [f"user-{i}" for i in range(2000)]


def running(mode: str = "canary", share: float = 0.25, **params: Any) -> dict[str, Any]:
    """Return an answer with a rollout of one challenger."""
    arm = {"arm": "new", "version": f"{POLICY}@1.0.1", "start": 0.0, "share": share}
    arm |= {"params": TRIED | params}
    rollout = {"id": "r1", "step": 0, "salt": "0123456789abcdef", "mode": mode, "arms": [arm]}
    return {"version": f"{POLICY}@1.0.0", "params": PARAMS, "rollout": rollout}


class Exposed:
    """A recorder that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def expose(self, exposure: Mapping[str, Any], /) -> None:
        self.told.append(dict(exposure))


class Rig:
    """A client, its offline service, its clock and its recorder."""

    def __init__(self, answer: dict[str, Any] | None = None, **options: Any) -> None:
        self.now = 1000.0
        self.offline = OfflineTransport({POLICY: answer or running()})
        self.recorder = Exposed()
        given: dict[str, Any] = {"rng": random.Random(3), "recorder": self.recorder}
        given |= {"wall_clock": lambda: NOON} | options
        self.client = PolicyClient(self.offline, POLICY, clock=lambda: self.now, **given)

    def answer(self, **answer: Any) -> None:
        """Let the service answer something else, and the client ask."""
        self.offline.policies[POLICY] = answer
        self.now += 60
        self.client.current()


def is_new(choice: Choice) -> bool:
    return choice.assignment is not None and choice.assignment.arm == "new"


def test_a_unit_runs_the_version_of_its_arm_and_draws_from_its_weights() -> None:
    rig = Rig()
    choices = [rig.client.choose(unit) for unit in UNITS]
    new, control = [c for c in choices if is_new(c)], [c for c in choices if not is_new(c)]
    assert 0.22 < len(new) / len(UNITS) < 0.28
    assert {(c.policy_version, c.params["prompts"]["x"]) for c in new} == {
        (f"{POLICY}@1.0.1", "new")
    }
    assert {c.policy_version for c in control} == {f"{POLICY}@1.0.0"}
    assert {c.params == PARAMS for c in control} == {True}
    assert {c.arm: c.propensity for c in new} == {"b": 0.5, "c": 0.5}
    assert {c.arm: c.propensity for c in control} == {"a": 0.6, "b": 0.4}
    shares = Counter(c.arm for c in new)
    assert 0.4 < shares["c"] / len(new) < 0.6


def test_an_outcome_tells_the_rollout_the_arm_and_both_versions() -> None:
    rig = Rig(running(share=0.9999))
    choice = rig.client.choose("user-1")
    assert choice.as_observation() == {
        "rolloutId": "r1",
        "rolloutStep": 0,
        "rolloutArm": "new",
        "unit": "user-1",
        "exposedAt": 1_767_268_800_000,  # 2026-01-01T12:00:00Z, as the wall clock of the client
        "arm": choice.arm,
        "propensity": 0.5,
        "policyVersion": f"{POLICY}@1.0.1",
        "intendedVersion": f"{POLICY}@1.0.1",
    }


def test_a_unit_stays_where_it_is_whoever_asks_and_a_ramp_moves_only_the_controls() -> None:
    rig, other = Rig(), Rig(rng=random.Random(99))
    before = [rig.client.choose(unit) for unit in UNITS]
    assert [other.client.choose(unit) for unit in UNITS] == before
    wider = running(share=0.5)
    wider["rollout"]["step"] = 1
    rig.answer(**wider)
    after = [rig.client.choose(unit) for unit in UNITS]
    assert all(is_new(b) for a, b in zip(before, after, strict=True) if is_new(a))
    assert sum(map(is_new, after)) > 1.5 * sum(map(is_new, before))
    assert {c.assignment.step for c in after if c.assignment} == {1}


def test_every_assignment_is_exposed_whether_or_not_an_outcome_follows() -> None:
    rig = Rig()
    found = rig.client.assign("user-1")
    assert found is not None
    rig.client.choose("user-1")
    assert rig.recorder.told == [found.as_exposure()] * 2
    assert rig.recorder.told[0]["propensity"] in (0.25, 0.75)


def test_without_a_unit_nobody_is_assigned_and_the_champion_serves() -> None:
    rig = Rig()
    for unit in (None, ""):
        choices = [rig.client.choose(unit) for _ in range(100)]
        assert {(c.policy_version, c.assignment) for c in choices} == {(f"{POLICY}@1.0.0", None)}
        assert not {"rolloutId", "rolloutArm", "intendedVersion"} & set(choices[0].as_observation())
    assert rig.recorder.told == []


def test_without_a_rollout_assign_says_so_and_choose_is_as_ever() -> None:
    plain = {"version": f"{POLICY}@1.0.0", "params": PARAMS}
    rig = Rig(plain)
    assert rig.client.assign("user-1") is None
    assert rig.client.choose("user-1").assignment is None
    with_one = Rig(running())
    same = [u for u in UNITS if not is_new(with_one.client.choose(u))]
    arms = [rig.client.choose(u).arm for u in same]
    assert [with_one.client.choose(u).arm for u in same] == arms


def test_an_assignment_brings_the_params_of_its_version() -> None:
    rig = Rig()
    found = [rig.client.assign(unit) for unit in UNITS[:50]]
    params = {a.arm: a.params for a in found if a is not None}
    assert params == {"new": TRIED, "control": PARAMS}


def test_a_rollout_goes_on_from_the_cache_file_with_the_service_down(tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    before = [Rig(cache=cache).client.choose(unit) for unit in UNITS[:100]]
    later = Rig(cache=cache)
    later.offline.down = True
    assert [later.client.choose(unit) for unit in UNITS[:100]] == before
    assert {c.policy_version for c in before} == {f"{POLICY}@1.0.0", f"{POLICY}@1.0.1"}
    written = json.loads(cache.read_text())
    assert written["rollout"] == running()["rollout"]


def test_a_rollout_that_ends_gives_all_units_back() -> None:
    rig = Rig(running(share=0.9999))
    choice = rig.client.choose("user-1")
    rig.answer(version=f"{POLICY}@1.0.0", params=PARAMS)
    assert rig.client.choose("user-1").policy_version == f"{POLICY}@1.0.0"
    rig.client.report(choice, "timeout")  # of a version that is served no more
    arms = {rig.client.choose() for _ in range(100)}
    assert {c.fallback_from for c in arms} == {None}


def test_a_challengers_failures_turn_none_of_the_champions_requests_away() -> None:
    rig = Rig()
    failed = Counter[str]()
    for unit in UNITS:
        choice = rig.client.choose(unit)
        if is_new(choice):
            rig.client.report(choice, "timeout" if choice.arm == "b" else "success")
            failed[choice.arm] += choice.arm == "b"
    assert failed["b"] == 1
    choices = [rig.client.choose(unit) for unit in UNITS]
    new = [c for c in choices if is_new(c)]
    assert {c.arm for c in new} == {"c"}
    assert {"b", None} == {c.fallback_from for c in new}
    assert {c.fallback_from for c in choices if not is_new(c)} == {None}
    assert {c.arm for c in choices if not is_new(c)} == {"a", "b"}


def test_a_fallback_stays_in_its_version() -> None:
    rig = Rig()
    choice = next(c for c in map(rig.client.choose, UNITS) if is_new(c) and c.arm == "b")
    rig.client.report(choice, "timeout")
    again = rig.client.choose(str(choice.assignment and choice.assignment.unit))
    told = again.as_observation()
    assert (told["arm"], told["fallbackFrom"]) == ("c", "b")
    assert (told["policyVersion"], told["intendedVersion"]) == (f"{POLICY}@1.0.1",) * 2
    assert "propensity" not in told


def test_each_version_has_the_breaker_rule_of_its_params() -> None:
    rig = Rig(running(fallbackOn=[]))
    for unit in UNITS:
        rig.client.report(rig.client.choose(unit), "timeout")
    choices = [rig.client.choose(unit) for unit in UNITS]
    assert {c.fallback_from for c in choices if is_new(c)} == {None}


def test_a_component_that_serves_another_version_reports_both() -> None:
    rig = Rig(running(share=0.9999))
    told = rig.client.choose("user-1").served(f"{POLICY}@1.0.0").as_observation()
    assert told["policyVersion"] == f"{POLICY}@1.0.0"
    assert told["intendedVersion"] == f"{POLICY}@1.0.1"
    assert told["rolloutArm"] == "new"
    assert "propensity" not in told
    choice = Choice("a", 0.6, "p@1.0.0")
    assert choice.served("p@1.0.0") is choice
    assert choice.served("p@0.9.0").as_observation() == {
        "arm": "a",
        "policyVersion": "p@0.9.0",
        "intendedVersion": "p@1.0.0",
    }


def test_a_challenger_without_any_weight_stops_no_component() -> None:
    rig = Rig(running(share=0.9999, modelWeights={}))
    told = rig.client.choose("user-1").as_observation()
    assert told["policyVersion"] == f"{POLICY}@1.0.0"
    assert (told["intendedVersion"], told["rolloutArm"]) == (f"{POLICY}@1.0.1", "new")
    choice = rig.client.choose("user-1")
    rig.client.report(choice, "timeout")  # to the breaker of the version that served it
    assert choice.arm not in {rig.client.choose().arm for _ in range(50)}
    beside = Rig(running("shadow", modelWeights={}, share=1.0)).client.choose("user-1")
    assert beside.shadows == ()
    assert "paired" not in beside.as_observation()


def test_no_arms_at_all_name_what_to_mend() -> None:
    rig = Rig(running(modelWeights={}) | {"params": {}})
    for unit in UNITS[:20]:
        with pytest.raises(InvalidInput, match="gives no arm any weight"):
            rig.client.choose(unit)
    assert all(rig.client.assign(unit) for unit in UNITS[:20])


def test_what_decides_and_has_no_arms_is_to_be_asked_to_decide() -> None:
    rig = Rig(running(modelWeights={}) | {"params": {"heuristic": {}}})
    with pytest.raises(InvalidInput) as raised:
        rig.client.choose()
    assert "ask decide(features), not choose()" in raised.value.mend


def test_in_shadow_mode_the_champion_serves_and_challengers_run_beside() -> None:
    rig = Rig(running("shadow", share=0.5))
    choices = [rig.client.choose(unit) for unit in UNITS]
    assert {c.policy_version for c in choices} == {f"{POLICY}@1.0.0"}
    assert {c.assignment.arm for c in choices if c.assignment} == {"control"}
    paired = [c for c in choices if c.shadows]
    assert 0.45 < len(paired) / len(UNITS) < 0.55
    for choice in paired[:50]:
        (shadow,) = choice.shadows
        served, beside = choice.as_observation(), shadow.as_observation()
        assert (served["rolloutArm"], served["paired"]) == ("control", ["new"])
        assert (beside["rolloutArm"], beside["shadow"]) == ("new", True)
        assert beside["policyVersion"] == beside["intendedVersion"] == f"{POLICY}@1.0.1"
        assert (beside["unit"], beside["rolloutId"]) == (served["unit"], served["rolloutId"])
        assert shadow.arm in TRIED["modelWeights"]
        assert shadow.params == TRIED
    assert {(e["rolloutArm"], e["propensity"]) for e in rig.recorder.told} == {("control", 1.0)}
    rig.client.report(paired[0].shadows[0], "timeout")
    assert {rig.client.choose(unit).fallback_from for unit in UNITS} == {None}
