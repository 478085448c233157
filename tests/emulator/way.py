"""The steps of one project's day: each is one request, tick, or edit, safe to repeat as it is."""

from collections.abc import Callable
from typing import Any

from ratchet.entry.ticks import SCHEDULES
from ratchet.kernel.clock import millis
from tests.emulator.cloud import Cloud
from tests.support.functions import SERVICE, Answer
from tests.support.governed import POLICY

Step = Callable[[Cloud], Answer | None]


def send(cloud: Cloud, batch: str, n: int, **fields: Any) -> Answer:
    """Record a batch of observations; repeated, it is the same batch."""
    one = {"ts": millis(cloud.began), "component": "router:gpt-5", "outcome": "success"}
    payload = {"id": batch, "observations": [one | {"durationMs": 900.0} | fields] * n}
    return cloud.functions.send("record", actor=SERVICE, json=payload)


def grade(cloud: Cloud, observation: str, grade: float) -> Answer:
    """Send a late grade."""
    payload = {"obsId": observation, "source": "person", "grade": grade}
    return cloud.functions.send("feedback", actor=SERVICE, json=payload)


def resolve(cloud: Cloud, **headers: str) -> Answer:
    """Ask which version to run."""
    asked = f"resolve?policy={POLICY}"
    return cloud.functions.send(asked, method="GET", actor=SERVICE, headers=headers)


def propose(cloud: Cloud, version: str, **params: Any) -> Answer:
    """Propose a version of this number, so that a repetition is no second one."""
    data = {"policy": POLICY, "params": params, "version": version, "reason": "test"}
    return cloud.functions.call("propose_policy", data)


def activate(cloud: Cloud, version: str) -> Answer:
    """Activate a version."""
    data = {"policy": POLICY, "version": version, "reason": "test"}
    return cloud.functions.call("activate_policy", data)


def switch(cloud: Cloud, **switches: bool) -> Answer:
    """Set the switches."""
    return cloud.functions.call("set_flags", switches | {"reason": "test"})


def tick(cloud: Cloud, name: str) -> Answer:
    """Run a scheduled function."""
    return cloud.functions.tick(name)


def ticks(cloud: Cloud) -> None:
    """Run every scheduled function, in their order."""
    for name in SCHEDULES:
        assert tick(cloud, name).status == 200, name
