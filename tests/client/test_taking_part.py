"""A rollout on its way to a component and back: over each transport, to the store, end to end."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from ratchet.client import (
    Assignment,
    AsyncOfflineTransport,
    AsyncPolicyClient,
    HttpTransport,
    PolicyClient,
    Recorder,
    Resolved,
)
from ratchet.client.direct import DirectTransport
from ratchet.kernel.clock import ManualClock
from ratchet.observe.observation import COLLECTION
from ratchet.store.port import Query, Store
from tests.client.service import Service
from tests.client.test_assigning import UNITS, Exposed, Rig, running
from tests.support.governed import KEYS, NOON, POLICY
from tests.support.trials import begin, finish, ready


@pytest.mark.parametrize(
    "spoilt",
    [
        {"mode": "duel"},
        {"arms": [{"arm": "new"}]},
        {"arms": 3},
        {"salt": None, "step": "x"},
        {"arms": [running()["rollout"]["arms"][0] | {"params": 3}]},
    ],
)
def test_a_rollout_that_is_not_understood_leaves_the_champion_serving(
    spoilt: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = running()
    answer["rollout"] = answer["rollout"] | spoilt
    rig = Rig(answer)
    assert rig.client.choose("user-1").policy_version == f"{POLICY}@1.0.0"
    assert rig.client.assign("user-1") is None
    assert "a rollout is left out" in caplog.text


def test_an_answer_comes_back_from_its_json() -> None:
    found = Resolved.from_wire(running() | {"policy": POLICY, "etag": "e"})
    assert found.rollout is not None
    assert Resolved.from_wire(json.loads(json.dumps(found.to_wire()))) == found
    assert found.to_wire() == running() | {"policy": POLICY, "etag": "e"}


def test_asyncio_assigns_alike() -> None:
    async def story() -> None:
        recorder = Exposed()
        carrier = AsyncOfflineTransport({POLICY: running()})
        client = AsyncPolicyClient(carrier, POLICY, recorder=recorder, wall_clock=lambda: NOON)
        rig = Rig()
        for unit in UNITS[:50]:
            assert await client.choose(unit) == rig.client.choose(unit)
        assert await client.assign("user-1") == rig.client.assign("user-1")
        assert recorder.told == rig.recorder.told

    asyncio.run(story())


def test_over_http_a_component_takes_part(service: Service, transport: HttpTransport) -> None:
    service.policies[POLICY] = running() | {"policy": POLICY, "etag": "e1"}
    client, rig = PolicyClient(transport, POLICY), Rig()
    for unit in UNITS[:50]:
        assert client.choose(unit) == rig.client.choose(unit)


def test_a_component_takes_part_end_to_end(store: Store) -> None:
    ready(store)
    started = begin(store, steps=(0.5,))
    transport = DirectTransport(store, KEYS, ManualClock(NOON))
    with Recorder(transport, clock=lambda: NOON) as recorder:
        client = PolicyClient(transport, POLICY, recorder=recorder, wall_clock=lambda: NOON)
        arms: dict[str, Assignment] = {}
        for unit in UNITS[:60]:
            choice = client.choose(unit)
            assert choice.assignment is not None
            arms[unit] = choice.assignment
            recorder.record(choice.as_observation(), component="router", outcome="success")
    assert (recorder.stats.rejected, recorder.stats.pending) == (0, 0)
    assert recorder.rejections == ()
    documents = [s.data for s in store.query(Query(COLLECTION))]
    items = [item for data in documents for item in data.get("items", ())]
    exposures = [item for data in documents for item in data.get("exposures", ())]
    wanted = Counter(a.arm for a in arms.values())
    assert Counter(item["rolloutArm"] for item in items) == wanted
    assert Counter(item["rolloutArm"] for item in exposures) == wanted
    assert {item["rolloutId"] for item in [*items, *exposures]} == {started.id}
    assert {(i["rolloutArm"], i["policyVersion"]) for i in items} == {
        ("control", f"{POLICY}@1.0.0"),
        ("1.0.1", f"{POLICY}@1.0.1"),
    }
    assert {item["unit"] for item in items} == {item["unit"] for item in exposures}
    finish(store, started.id)
    assert PolicyClient(transport, POLICY).assign("user-1") is None


def test_a_shadow_takes_part_end_to_end(embedded: Store) -> None:
    ready(embedded)
    begin(embedded, steps=(1.0,), mode="shadow")
    transport = DirectTransport(embedded, KEYS, ManualClock(NOON))
    with Recorder(transport, clock=lambda: NOON) as recorder:
        client = PolicyClient(transport, POLICY, recorder=recorder, wall_clock=lambda: NOON)
        choice = client.choose("user-1")
        for one in (choice, *choice.shadows):
            recorder.record(one.as_observation(), component="router", outcome="success")
    assert recorder.rejections == ()
    items = [i for s in embedded.query(Query(COLLECTION)) for i in s.data.get("items", ())]
    told = {i["rolloutArm"]: (i.get("paired"), i.get("shadow")) for i in items}
    assert told == {"control": (["1.0.1"], None), "1.0.1": (None, True)}
