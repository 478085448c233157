"""Roads from end to end: real traffic through the verbs, hour by hour."""

from collections.abc import Iterator

import pytest

from ratchet.govern.roles import person
from ratchet.observe.feedback import FeedbackTaken, feedback
from ratchet.rollouts.approve import approve, list_approvals
from ratchet.rollouts.check_verdict import check_verdicts
from ratchet.rollouts.history import list_rollouts
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.carried import assert_sound, verdicts
from tests.support.governed import KEYS, POLICY, alerts, entries, head_of, statuses
from tests.support.meddled import Meddled
from tests.support.traffic import Traffic, opened

BOB = person("bob")


@pytest.fixture(scope="module")
def travelled() -> Iterator[Traffic]:
    """A good version on its whole road: shadow, canary, approval, active, holdback."""
    store = SqliteStore()
    traffic = opened(store)
    traffic.start(traffic.propose(0.8))
    traffic.until("approval_asked")
    (asked,) = list_approvals(store, KEYS, POLICY)
    now = traffic.clock()
    approve(store, KEYS, traffic.worker.reader, BOB, asked.id, reason="it does well", now=now)
    traffic.until("kept")
    yield traffic
    store.close()


def test_a_good_version_travels_the_whole_road(travelled: Traffic) -> None:
    store = travelled.store
    shown = [(r.mode, r.purpose, r.outcome) for r in list_rollouts(store, POLICY)]
    assert shown == [
        ("shadow", "trial", "promoted"),
        ("canary", "trial", "promoted"),
        ("canary", "holdback", "kept"),
    ]
    assert statuses(store) == {"1.0.0": "archived", "1.0.1": "active"}
    assert head_of(store).rollout is None
    assert [entry.action for entry in entries(store)[3:]] == [
        "start_rollout",
        "pass_gate",
        "start_rollout",
        "advance_rollout",
        "ask_approval",
        "await_approval",
        "approve",
        "activate",
        "start_rollout",
        "end_holdback",
    ]
    assert not any(entry.override for entry in entries(store))
    assert_sound(store)


def test_every_hour_has_one_verdict_that_can_be_computed_again(travelled: Traffic) -> None:
    found = verdicts(travelled.store)
    hours = {(verdict.rollout, verdict.at.replace(minute=0)) for verdict in found}
    assert len(hours) == len(found) > 30
    for rollout in list_rollouts(travelled.store, POLICY):
        checked = check_verdicts(travelled.store, KEYS, rollout.id)
        assert {one.result for one in checked} == {"equal"}


def test_units_keep_their_arm_from_gate_to_gate(travelled: Traffic) -> None:
    canary = list_rollouts(travelled.store, POLICY)[1]
    first, last = canary.allocation(0), canary.allocation(1)
    units = [f"u{i}" for i in range(300)]
    tried = {unit for unit in units if first.assign(unit).arm == "1.0.1"}
    assert tried
    assert tried <= {unit for unit in units if last.assign(unit).arm == "1.0.1"}


def test_a_poor_version_is_stopped_by_its_shadow_and_serves_nobody(embedded: Store) -> None:
    traffic = opened(embedded)
    traffic.start(traffic.propose(0.1))
    traffic.until("rolled_back", hours=8)
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "rejected"}
    served = embedded.query(Query("ops_observations"))
    items = [item for found in served for item in found.data.get("items", ())]
    of_it = [item for item in items if item["policyVersion"] == f"{POLICY}@1.0.1"]
    assert of_it
    assert all(item["shadow"] for item in of_it)
    assert_sound(embedded)


def test_traffic_that_stops_holds_until_the_deadline_and_then_expires(embedded: Store) -> None:
    traffic = opened(embedded, gates=("canary",), deadline_hours=8.0)
    traffic.start(traffic.propose(0.8))
    traffic.hour()
    found = [looked for _ in range(7) for looked in traffic.hour(requests=0)]
    assert [looked.decision for looked in found] == ["HOLD"] * 6 + ["EXPIRED"]
    assert statuses(embedded) == {"1.0.0": "active", "1.0.1": "draft"}
    assert "rollout-expired" in [alert.what for alert in alerts(embedded)]
    assert_sound(embedded)


def test_grades_that_come_while_a_verdict_is_made_change_nothing_that_it_rests_on(
    embedded: Store,
) -> None:
    traffic = opened(embedded, gates=("canary",))
    rollout = traffic.start(traffic.propose(0.6))
    for _ in range(3):
        traffic.hour()
    graded: list[FeedbackTaken] = []

    def grade(store: Store) -> None:  # outcomes of the first hour, which is closed, and the last
        places = range(1, 2 * traffic.per_hour, 2)
        given = [
            {"obsId": f"b{batch}.{place}", "source": f"s{len(graded)}", "grade": 0.0}
            for batch in (1, 4 + len(graded))
            for place in places
        ]
        graded.append(feedback(store, given, ingest=traffic.worker.ingest, now=traffic.clock()))
        traffic.worker.fold()

    before = verdicts(embedded)
    for call in (6, 12):
        traffic.hour(through=Meddled(embedded, call, grade))
    assert [taken.accepted for taken in graded] == [4 * traffic.per_hour // 2] * 2
    checked = check_verdicts(embedded, KEYS, rollout.id)
    assert [one.result for one in checked] == ["equal"] * 5
    assert verdicts(embedded)[:3] == before
