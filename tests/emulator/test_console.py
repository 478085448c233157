"""A person edits documents by REST, as the console does, and the triggers' guards answer."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from ratchet.entry.wiring import serving
from ratchet.govern.flags import Flags
from ratchet.kernel.errors import LearningOff
from ratchet.policies.propose import propose
from tests.emulator import way
from tests.emulator.cloud import Cloud, Order
from tests.support.governed import (
    KEYS,
    POLICY,
    TUNER,
    WHY,
    alerts,
    assert_agreement,
    entries,
    head_of,
    statuses,
)

pytestmark = pytest.mark.emulator
FLAGS = "config/flags"
STEPS = [("1.0.1", "active"), ("1.0.2", "archived")]
TWO_STEPS = pytest.mark.parametrize("steps", [STEPS, STEPS[::-1]])


@pytest.fixture
def project(cloud: Cloud) -> Iterator[Cloud]:
    """A project with 1.0.0 and 1.0.1 archived, 1.0.2 active, and the draft 1.0.3."""
    cloud.seeded()
    with serving(cloud.process()):
        for i in (1, 2, 3):
            way.propose(cloud, f"1.0.{i}", latencyTargetMs=2500 + 10 * i)
            if i < 3:
                way.activate(cloud, f"1.0.{i}")
        cloud.settle()
        yield cloud


def path(version: str) -> str:
    return f"ops_policies/{POLICY}@{version}"


def twice(deliveries: list[Any]) -> list[Any]:
    return [delivery for delivery in deliveries for _ in range(2)]


def backwards(deliveries: list[Any]) -> list[Any]:
    return deliveries[::-1]


@pytest.mark.parametrize("order", [list, twice, backwards])
@TWO_STEPS
def test_a_rollback_in_two_steps_is_carried_through_in_any_order(
    project: Cloud, steps: list[tuple[str, str]], order: Order
) -> None:
    for version, status in steps:
        project.status(version, status)
    assert "rolled_back" in project.settle(order)
    assert head_of(project.store).active == "1.0.1"
    assert way.resolve(project).body["version"] == f"{POLICY}@1.0.1"
    last = entries(project.store)[-1]
    assert (last.action, last.to, last.actor_kind) == ("rollback", "1.0.1", "console")
    assert_agreement(project.store)


@TWO_STEPS
def test_a_rollback_whose_second_step_comes_after_the_guard_is_carried_through(
    project: Cloud, steps: list[tuple[str, str]]
) -> None:
    for version, status in steps:
        project.status(version, status)
        project.settle()
    assert head_of(project.store).active == "1.0.1"
    assert_agreement(project.store)


@pytest.mark.parametrize("order", [list, twice, backwards])
def test_of_a_burst_of_edits_to_one_document_the_last_one_counts(
    project: Cloud, order: Order
) -> None:
    for status in ("active", "draft", "aktiv", "rejected", "archived", "active"):
        project.status("1.0.0", status)
    assert "rolled_back" in project.settle(order)
    assert head_of(project.store).active == "1.0.0"
    assert_agreement(project.store)


def change_step(cloud: Cloud, rollout: str) -> None:
    cloud.edit(rollout, {"step": 1, "held": True})


def forget_rollout(cloud: Cloud, rollout: str) -> None:
    cloud.delete(rollout)


def rewrite_rollout(cloud: Cloud, rollout: str) -> None:
    cloud.write(rollout, {"state": "ended", "outcome": "promoted"})
    cloud.edit(rollout, {"shares": 1.0})


@pytest.mark.parametrize(
    ("edit", "order"),
    [(change_step, list), (forget_rollout, twice), (rewrite_rollout, backwards)],
)
def test_a_running_rollout_is_put_back_as_it_was_sealed(
    project: Cloud, edit: Callable[[Cloud, str], None], order: Order
) -> None:
    challenger = {"arm": "tried", "version": f"{POLICY}@1.0.3"}
    asked = {"policy": POLICY, "challengers": [challenger], "mode": "canary", "reason": "test"}
    rollout = f"ops_rollouts/{project.functions.call('start_rollout', asked).result['id']}"
    assert set(project.settle()) == {"consistent"}
    before = project.read(rollout)
    edit(project, rollout)
    assert "put_back" in project.settle(order)
    assert project.read(rollout) == before
    assert [a.subject for a in alerts(project.store)] == [rollout]
    served = way.resolve(project).body
    assert (served["version"], served["rollout"]["step"]) == (f"{POLICY}@1.0.2", 0)
    assert_agreement(project.store)


def spoil_status(cloud: Cloud) -> None:
    cloud.status("1.0.2", "aktiv")


def activate_a_draft(cloud: Cloud) -> None:
    cloud.status("1.0.3", "active")


def change_content(cloud: Cloud) -> None:
    cloud.edit(path("1.0.2"), {"params": {"latencyTargetMs": 1}})


def take_the_signature(cloud: Cloud) -> None:
    cloud.edit(path("1.0.2"), {}, without=["signature"])


def delete(cloud: Cloud) -> None:
    cloud.delete(path("1.0.2"))


def strange_kinds(cloud: Cloud) -> None:
    elsewhere = "projects/other/databases/(default)/documents/a/b"
    reference = {"referenceValue": elsewhere}
    point = {"geoPointValue": {"latitude": 1.5, "longitude": -2.0}}
    nan = {"doubleValue": "NaN"}
    cloud.edit(path("1.0.2"), {"params": reference, "notes": point, "createdBy": nan})


@pytest.mark.parametrize(
    "edit",
    [spoil_status, activate_a_draft, change_content, take_the_signature, delete, strange_kinds],
)
def test_what_no_gate_let_through_is_put_back_with_an_alert_that_names_a_command(
    project: Cloud, edit: Callable[[Cloud], None]
) -> None:
    before = project.read(path("1.0.2")) | {"updatedAt": None}
    edit(project)
    assert "put_back" in project.settle()
    assert project.read(path("1.0.2")) | {"updatedAt": None} == before
    assert statuses(project.store)["1.0.3"] == "draft"
    (told,) = alerts(project.store)
    assert told.command.startswith("ratchet policy ")
    assert way.resolve(project).body["version"] == f"{POLICY}@1.0.2"
    assert_agreement(project.store)


def test_a_version_created_by_hand_is_a_signed_draft_with_the_rest_filled_in(
    project: Cloud,
) -> None:
    params = project.read(path("1.0.2"))["params"] | {"latencyTargetMs": 2000}
    project.write(path("1.1.0"), {"id": POLICY, "version": "1.1.0", "params": params})
    assert "adopted" in project.settle()
    made = project.read(path("1.1.0"))
    assert (made["status"], made["parent"]) == ("draft", f"{POLICY}@1.0.2")
    assert made["signature"]
    assert entries(project.store)[-1].action == "propose"
    assert way.activate(project, "1.1.0").result["active"] == "1.1.0"
    assert way.resolve(project).body["params"]["latencyTargetMs"] == 2000
    project.settle()
    assert_agreement(project.store)


@pytest.mark.parametrize(
    "fields",
    [
        {"hello": "world"},
        {"id": POLICY, "version": "2.0.0", "params": {"doubleValue": "NaN"}},
        {"id": POLICY, "version": "2.0.0", "params": {}, "status": "archived"},
        {"id": POLICY, "version": "2.0.0", "params": {"a": None}, "signature": "mine"},
    ],
)
def test_a_version_created_by_hand_that_cannot_be_one_is_removed_with_an_alert(
    project: Cloud, fields: dict[str, Any]
) -> None:
    project.write(path("2.0.0"), fields)
    assert "removed" in project.settle()
    assert project.read(path("2.0.0")) == {}
    assert len(alerts(project.store)) == 1
    assert_agreement(project.store)


@pytest.mark.parametrize("name", ["a b", 'ü"ß', "100%25", "x@y@z"])
def test_a_document_of_any_name_is_found_and_removed(project: Cloud, name: str) -> None:
    project.write(f"ops_policies/{quote(name)}", {"hello": "world"})
    assert "removed" in project.settle()
    assert project.read(f"ops_policies/{name}") == {}


def break_flags(cloud: Cloud) -> None:
    cloud.edit(FLAGS, {"learning": {"enabled": "yes"}})


def strange_flags(cloud: Cloud) -> None:
    cloud.edit(FLAGS, {"learning": {"geoPointValue": {"latitude": 1.0, "longitude": 1.0}}})


def delete_flags(cloud: Cloud) -> None:
    cloud.delete(FLAGS)


@pytest.mark.parametrize("edit", [break_flags, strange_flags, delete_flags])
def test_flags_broken_or_gone_are_off_before_and_after_the_guard_and_stay_off(
    project: Cloud, edit: Callable[[Cloud], None]
) -> None:
    edit(project)
    with serving(project.process()), pytest.raises(LearningOff):  # the guard has not run yet
        machine_proposes(project)
    assert "put_back" in project.settle()
    assert project.read(FLAGS)["learning"]["enabled"] is False
    with pytest.raises(LearningOff):
        machine_proposes(project)
    (told,) = alerts(project.store)
    assert (told.severity, told.command.split()[:3]) == ("critical", ["ratchet", "config", "set"])
    assert way.resolve(project).status == 200
    assert way.switch(project, enabled=True).result["learning"]["enabled"] is True
    machine_proposes(project)
    assert project.settle()
    assert_agreement(project.store)


def machine_proposes(cloud: Cloud) -> None:
    """Let the tuner propose, in a process that has just read the flags."""
    app = cloud.process()
    params = cloud.read(path("1.0.2"))["params"] | {"latencyTargetMs": 2400}
    propose(app.store, KEYS, TUNER, POLICY, params, now=app.clock(), proposal=WHY)


def test_flags_switched_by_hand_are_audited_with_the_console_as_actor(project: Cloud) -> None:
    project.edit(FLAGS, {"learning": {"enabled": False, "autoActivatePolicies": False}})
    assert "audited" in project.settle()
    last = entries(project.store, "config")[-1]
    assert (last.action, last.actor_kind, last.id) == ("edit", "console", FLAGS)
    assert project.process().reader.read(Flags).learning.enabled is False
    assert alerts(project.store) == []
