"""All the way, as in production, on the emulator: requests, ticks, triggers and a person."""

from collections.abc import Iterator

import pytest

from ratchet.entry.wiring import App, serving
from ratchet.govern.audit import entry_key
from tests.emulator import way
from tests.emulator.cloud import Cloud
from tests.support.functions import ADMIN, SERVICE
from tests.support.governed import POLICY, alerts, assert_agreement, entries, head_of, statuses
from tests.support.observing import reward_of, stats_doc
from tests.support.recount import check, pairs

pytestmark = pytest.mark.emulator


@pytest.fixture
def app(cloud: Cloud) -> Iterator[App]:
    """A seeded project whose functions are one process, with no event left over."""
    cloud.seeded()
    with serving(cloud.process()) as app:
        assert set(cloud.settle()) == {"consistent", "audited"}
        yield app


def test_from_a_record_to_statistics_by_requests_and_ticks(cloud: Cloud, app: App) -> None:
    one = {"component": "planner", "outcome": "timeout", "ts": 1}
    assert way.send(cloud, "b1", 20, policyVersion=f"{POLICY}@1.0.0").body["accepted"] == 20
    assert way.send(cloud, "b1", 20, policyVersion=f"{POLICY}@1.0.0").body["duplicate"] is True
    assert cloud.functions.send("record", actor=SERVICE, json=one).status == 400  # of 1970
    way.ticks(cloud)
    assert way.grade(cloud, "b1.3", 0.0).body["accepted"] == 1
    way.ticks(cloud)
    assert [key for key, *_ in pairs(cloud.store)] == [f"b1.{i}" for i in range(20)]
    check(cloud.store)
    # 0.25 for a success, 0.6 of the quality, and 0.25 * 900/4000 off for the latency.
    assert reward_of(cloud.store, "b1.3")["score"] == 0.25 + 0.0 - 0.05625
    stats = stats_doc(cloud.store, "1h", f"{POLICY}@1.0.0", component="router:gpt-5")
    assert (stats.n, stats.success_rate) == (20, 1.0)


def test_from_a_proposal_to_a_rollback_by_requests(cloud: Cloud, app: App) -> None:
    first = way.resolve(cloud)
    tag = first.response.headers["ETag"]
    assert first.body["version"] == f"{POLICY}@1.0.0"
    assert way.propose(cloud, "1.0.1", latencyTargetMs=2600).result["status"] == "draft"
    assert way.resolve(cloud, **{"If-None-Match": tag}).status == 304
    assert way.activate(cloud, "1.0.1").result["active"] == "1.0.1"
    second = way.resolve(cloud, **{"If-None-Match": tag})
    assert (second.status, second.body["params"]["latencyTargetMs"]) == (200, 2600)
    back = cloud.functions.send("rollback", actor=ADMIN, json={"id": POLICY, "version": "1.0.0"})
    assert back.body["active"] == "1.0.0"
    assert way.resolve(cloud).response.headers["ETag"] == tag
    # The triggers hear of all that, and of what the functions do there is nothing to say.
    assert set(cloud.settle()) == {"consistent"}
    assert alerts(cloud.store) == []
    assert_agreement(cloud.store)


def test_the_switch_stops_the_machine_and_neither_recording_nor_rollback(
    cloud: Cloud, app: App
) -> None:
    assert way.switch(cloud, enabled=False).result["learning"]["enabled"] is False
    assert way.send(cloud, "b1", 20).status == 200
    way.ticks(cloud)
    assert len(pairs(cloud.store)) == 20
    assert head_of(cloud.store).drafts == ()
    assert way.propose(cloud, "1.0.1", latencyTargetMs=2600).status == 200  # a person may act
    assert way.activate(cloud, "1.0.1").status == 200
    assert way.resolve(cloud).body["version"] == f"{POLICY}@1.0.1"
    assert cloud.functions.send("rollback", actor=ADMIN, json={"id": POLICY}).status == 200
    cloud.settle()
    assert_agreement(cloud.store)


def test_the_chain_of_a_whole_day_verifies_and_a_changed_entry_is_found(
    cloud: Cloud, app: App
) -> None:
    way.propose(cloud, "1.0.1", latencyTargetMs=2600)
    way.activate(cloud, "1.0.1")
    cloud.status("1.0.0", "active")
    cloud.status("1.0.1", "archived")
    cloud.settle()
    assert way.tick(cloud, "verify_audit").status == 200
    assert alerts(cloud.store) == []
    assert [e.action for e in entries(cloud.store)] == [
        "propose",
        "activate",
        "propose",
        "activate",
        "rollback",
    ]
    assert statuses(cloud.store) == {"1.0.0": "active", "1.0.1": "archived"}
    cloud.edit(f"ops_audit/{entry_key(POLICY, 4)}", {"reason": "another"})
    way.tick(cloud, "verify_audit")
    (found,) = alerts(cloud.store)
    assert POLICY in found.text
    assert "4" in found.text
