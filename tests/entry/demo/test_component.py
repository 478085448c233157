"""The component of the demo of gates: it records as one in production would."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ratchet.client import Batch, Resolved, SendResult
from ratchet.client.transport import Rejected
from ratchet.entry.demo.component import Component
from ratchet.entry.demo.world import Row
from ratchet.kernel.clock import ManualClock, millis
from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.assign import Allocation, Mode, Slot
from tests.support.observing import NOON

ROLLOUT = "p-r3"


class Service:
    """Answers with a rollout in one mode, and keeps what it is sent."""

    def __init__(self, mode: Mode, *, refusing: bool = False) -> None:
        slot = Slot("tried", "p@1.0.1", 0.0, 0.5, {"modelWeights": {"new": 1.0}})
        self.rollout = Allocation(
            ROLLOUT, 0, "a salt of sixteen characters", mode, "p@1.0.0", (slot,)
        )
        self.refusing = refusing
        self.items: list[dict[str, Any]] = []
        self.sizes: list[int] = []

    def resolve(self, policy: str, etag: str | None) -> Resolved | None:
        return Resolved(policy, "p@1.0.0", {"modelWeights": {"old": 1.0}}, rollout=self.rollout)

    def send(self, batch: Batch) -> SendResult:
        self.items += batch.observations
        self.sizes.append(len(batch))
        return SendResult(0, (Rejected(0, "ts", "too old"),) if self.refusing else ())

    def feedback(self, items: Sequence[Mapping[str, Any]]) -> SendResult:
        raise AssertionError("nobody grades here")


def answer(arm: str, request: str) -> Row:
    """Return an answer that tells who was asked what."""
    return {"outcome": "success", "durationMs": 5.0, "meta": {"arm": arm, "request": request}}


def served(mode: Mode, requests: int) -> Service:
    """Return a service that heard of some requests."""
    service = Service(mode)
    component = Component(service, "p", ManualClock(NOON), answer)
    for i in range(requests):
        component.serve(f"user-{i}")
    component.flush()
    return service


def test_each_unit_is_exposed_to_the_arm_whose_version_served_it() -> None:
    items = served("canary", 200).items
    exposed = {i["unit"]: i for i in items if i.get("kind") == "exposure"}
    answered = {i["unit"]: i for i in items if "outcome" in i}
    assert len(exposed) == len(answered) == 200
    assert len(items) == 400
    for unit, item in answered.items():
        assert item["rolloutArm"] == exposed[unit]["rolloutArm"]
        assert item["exposedAt"] == exposed[unit]["ts"] == item["ts"] == millis(NOON)
        tried = item["rolloutArm"] == "tried"
        assert item["policyVersion"] == ("p@1.0.1" if tried else "p@1.0.0")
        assert item["component"] == ("router:new" if tried else "router:old")
    assert 60 < sum(item["rolloutArm"] == "tried" for item in answered.values()) < 140


def test_a_shadow_runs_beside_on_the_same_request_and_is_recorded_with_its_pair() -> None:
    items = [i for i in served("shadow", 100).items if "outcome" in i]
    shadows = {i["unit"]: i for i in items if i.get("shadow")}
    paired = {i["unit"]: i for i in items if i.get("paired")}
    assert set(shadows) == set(paired)
    assert 20 < len(shadows) < 80
    for unit, shadow in shadows.items():
        assert shadow["meta"] == {"arm": "new", "request": unit}
        assert paired[unit]["meta"] == {"arm": "old", "request": unit}
        assert paired[unit]["rolloutArm"] == "control"


def test_what_is_sent_goes_in_batches_that_the_service_takes() -> None:
    assert served("canary", 400).sizes == [500, 300]


def test_a_refusal_is_raised_and_not_passed_over() -> None:
    component = Component(Service("canary", refusing=True), "p", ManualClock(NOON), answer)
    component.serve("user-1")
    with pytest.raises(InvalidInput, match="too old") as caught:
        component.flush()
    assert caught.value.field == "ts"
