"""Metrics: what is counted, how it is named, and what a scrape costs."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ratchet.entry.serve.metrics import Metrics
from ratchet.entry.wiring import App, wire
from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.kernel.clock import ManualClock
from ratchet.policies.activate import read_head, rollback, switch
from ratchet.policies.version import PolicyVersion
from ratchet.store.counting import CountingStore
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from ratchet.store.transact import Transaction
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    PARAMS,
    POLICY,
    TUNER,
    draft,
    machine_draft,
    promote,
    switch_flags,
    weights,
)
from tests.support.observing import put_raw, worker

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
ITEM = {"component": "router", "outcome": "success"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def app(embedded: SqliteStore, clock: ManualClock) -> App:
    worker(embedded, NOON)
    return wire(CountingStore(embedded), KEYS, clock)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def bill(app: App) -> int:
    assert isinstance(app.store, CountingStore)
    return app.store.bill.reads


def test_requests_are_counted_by_function_and_status_with_their_time(app: App) -> None:
    metrics = Metrics(app)
    metrics.served("record", 200, 0.002)
    metrics.served("record", 200, 0.03)
    metrics.served("record", 429, 0.0)
    assert value(metrics, "ratchet_requests_total", function="record", status="200") == 2
    assert value(metrics, "ratchet_requests_total", function="record", status="429") == 1
    name = "ratchet_request_duration_seconds"
    assert value(metrics, f"{name}_count", function="record") == 3
    assert value(metrics, f"{name}_sum", function="record") == pytest.approx(0.032)
    assert value(metrics, f"{name}_bucket", function="record", le="0.0025") == 2


def test_observations_are_counted_by_what_became_of_them(app: App) -> None:
    metrics = Metrics(app)
    some = {"accepted": 5, "sampled": 2, "rejected": [{"index": 0}], "duplicate": False}
    metrics.recorded(some, 200)
    metrics.recorded({"accepted": 5, "sampled": 0, "rejected": [], "duplicate": True}, 200)
    metrics.recorded({"error": {"code": "RATCHET-1002", "rejected": [{}, {}, {}]}}, 400)
    metrics.recorded({"error": {"code": "RATCHET-6001"}}, 401)
    metrics.recorded(None, 200)
    found = {
        result: value(metrics, "ratchet_observations_total", result=result)
        for result in ("accepted", "sampled", "rejected", "duplicate")
    }
    assert found == {"accepted": 5, "sampled": 2, "rejected": 4, "duplicate": 5}


def test_an_observation_that_came_alone_and_was_refused_is_counted(app: App) -> None:
    metrics = Metrics(app)
    metrics.recorded({"error": {"code": "RATCHET-1001", "field": "outcome"}}, 400)
    metrics.recorded({"error": {"code": "RATCHET-6001"}}, 401)
    metrics.recorded({"error": {"code": "RATCHET-5001"}}, 503)
    assert value(metrics, "ratchet_observations_total", result="rejected") == 1


def test_what_the_ticker_scored_and_how_its_ticks_ended_are_counted(app: App) -> None:
    metrics = Metrics(app)
    metrics.ticked({"score_observations": {"scored": 7}, "sweep": {"missing": 2}})
    metrics.ticked({"score_observations": {"scored": 4}, "roll_stats": {"error": {"code": "X"}}})
    metrics.ticked({"score_observations": {"error": {"code": "X"}}})
    metrics.ticked(None)
    assert value(metrics, "ratchet_observations_scored_total") == 13
    assert value(metrics, "ratchet_ticks_total", result="ok") == 1
    assert value(metrics, "ratchet_ticks_total", result="failed") == 3


def test_the_lag_is_told_shard_by_shard(app: App, clock: ManualClock) -> None:
    put_raw(app.store, "o1", NOON - 30 * SECOND, ITEM)
    metrics = Metrics(app)
    assert value(metrics, "ratchet_scoring_lag_seconds", shard="0") == 30.0


def test_changes_are_read_off_the_audit_chain(app: App, clock: ManualClock) -> None:
    store = app.store
    switch_flags(store, auto=True)
    draft(store)
    promote(store, "1.0.0")
    own = machine_draft(store, 0.55)

    def pass_gates(tx: Transaction) -> None:
        switch(
            tx,
            KEYS,
            read_head(tx, POLICY),
            tx.get(PolicyVersion, own.key()),
            TUNER,
            "activate",
            now=NOON,
        )

    store.transact(pass_gates)
    metrics = Metrics(app)
    names = ("auto_activations", "overrides", "rollbacks")

    def changes() -> tuple[float | None, ...]:
        return tuple(value(metrics, f"ratchet_{name}_total") for name in names)

    assert changes() == (1, 0, 0)
    draft(store, PARAMS | {"cooldownMs": 1000})  # a change of behaviour: a person's override
    promote(store, "1.0.2")
    rollback(store, KEYS, ADA, POLICY, now=NOON)
    rollback(store, KEYS, ADA, POLICY, version="1.0.0", now=NOON)
    clock.advance(10 * SECOND)
    assert changes() == (1, 1, 2)
    assert value(metrics, "ratchet_proposals_last_day") == 3
    clock.advance(DAY - 11 * SECOND)
    assert value(metrics, "ratchet_proposals_last_day") == 3
    draft(store, weights(0.5), now=clock())
    clock.advance(11 * SECOND)
    assert value(metrics, "ratchet_proposals_last_day") == 1


def test_the_alerts_that_stand_are_told_by_severity(app: App, clock: ManualClock) -> None:
    for what in ("lag", "cost"):
        raise_alert(app.store, alert(what, "a", "warning", "oh", now=NOON))
    raise_alert(app.store, alert("chain", "a", "critical", "oh", now=NOON))
    clear_alert(app.store, "cost", "a", now=NOON)
    metrics = Metrics(app)
    found = [value(metrics, "ratchet_alerts", severity=s) for s in ("info", "warning", "critical")]
    assert found == [0, 1, 1]


def test_a_scrape_within_ten_seconds_of_another_reads_nothing(app: App, clock: ManualClock) -> None:
    metrics = Metrics(app)
    assert bill(app) == 0, "no reads before the first scrape"
    metrics.text()
    after = bill(app)
    clock.advance(9 * SECOND)
    put_raw(app.store, "o1", NOON, ITEM)
    assert value(metrics, "ratchet_scoring_lag_seconds", shard="0") == 0.0
    assert bill(app) == after > 0
    clock.advance(SECOND)
    assert value(metrics, "ratchet_scoring_lag_seconds", shard="0") == 10.0


def test_a_clock_that_was_set_back_does_not_keep_a_reading_alive(
    app: App, clock: ManualClock
) -> None:
    metrics = Metrics(app)
    metrics.text()
    before = bill(app)
    clock.advance(-timedelta(hours=1))
    metrics.text()
    assert bill(app) > before


def test_an_entry_of_the_chain_is_read_once_however_long_the_chain(
    app: App, clock: ManualClock
) -> None:
    for i in range(20):
        draft(app.store, weights(0.6 - i / 100))
    metrics = Metrics(app)
    metrics.text()
    first = bill(app)
    clock.advance(10 * SECOND)
    metrics.text()
    assert first > 20
    assert bill(app) - first < 10
    assert value(metrics, "ratchet_proposals_last_day") == 20


def test_store_operations_are_the_bill(app: App) -> None:
    metrics = Metrics(app)
    metrics.text()
    assert isinstance(app.store, CountingStore)
    before = app.store.bill
    put_raw(app.store, "o1", NOON, ITEM)
    put_raw(app.store, "o2", NOON, ITEM)
    name = "ratchet_store_operations_total"
    assert value(metrics, name, kind="write") == before.writes + 2
    assert value(metrics, name, kind="read") == before.reads
    assert value(metrics, name, kind="delete") == 0


def test_a_store_that_is_away_is_told_and_the_rest_is_still_there(app: App) -> None:
    metrics = Metrics(app)
    metrics.served("record", 503, 0.01)
    app.store.close()
    assert value(metrics, "ratchet_store_up") == 0
    assert value(metrics, "ratchet_rollbacks_total") is None
    assert value(metrics, "ratchet_requests_total", function="record", status="503") == 1
    assert b"ratchet_store_up 0.0" in metrics.text()


def test_the_text_parses_and_names_follow_prometheus(app: App) -> None:
    metrics = Metrics(app)
    metrics.served("record", 200, 0.01)
    families = {f.name: f for f in text_string_to_metric_families(metrics.text().decode())}
    ours = {name: f for name, f in families.items() if not name.endswith("_created")}
    assert {
        "ratchet_alerts",
        "ratchet_requests",
        "ratchet_request_duration_seconds",
        "ratchet_observations",
        "ratchet_observations_scored",
        "ratchet_scoring_lag_seconds",
        "ratchet_proposals_last_day",
        "ratchet_auto_activations",
        "ratchet_judge_weight",
        "ratchet_judge_weight_variance",
        "ratchet_labels",
        "ratchet_labels_last_week",
        "ratchet_overrides",
        "ratchet_promotion_hours",
        "ratchet_review_queue_age_seconds",
        "ratchet_rollback_rate",
        "ratchet_rollbacks",
        "ratchet_store_operations",
        "ratchet_store_up",
        "ratchet_ticks",
    } == set(ours)
    for family in ours.values():
        assert family.documentation
        if family.type == "counter":
            assert all(s.name.endswith("_total") for s in family.samples)


def test_two_servers_of_one_process_count_apart(app: App, embedded: Store) -> None:
    first, second = Metrics(app), Metrics(app)
    first.served("record", 200, 0.01)
    assert value(second, "ratchet_requests_total", function="record", status="200") is None
