"""DirectTransport: a component beside an embedded store, end to end with both clients."""

import random
from pathlib import Path
from typing import Any

import pytest

from ratchet.client import (
    Batch,
    OfflineTransport,
    PolicyClient,
    Recorder,
    Rejected,
    SendResult,
    Transport,
)
from ratchet.client.direct import DirectTransport
from ratchet.entry.seed import seed
from ratchet.entry.wiring import App, wire
from ratchet.kernel.clock import ManualClock, millis
from ratchet.kernel.errors import Conflict, InvalidBatch, NotFound, Unavailable
from ratchet.observe.observation import COLLECTION
from ratchet.observe.settings import Ingest
from ratchet.policies.activate import activate
from ratchet.policies.propose import propose
from ratchet.store.port import Query, Store
from tests.support.faults import FaultyStore
from tests.support.governed import ADA
from tests.support.observing import KEYS, LATER, NOON, configure, observation, worker

POLICY = "router-core"
RETRY: dict[str, Any] = {"retry_seconds": 0.001, "flush_seconds": 60.0}


@pytest.fixture
def app(store: Store) -> App:
    app = wire(store, KEYS, ManualClock(NOON))
    seed(app, now=NOON)
    return app


@pytest.fixture
def transport(app: App) -> DirectTransport:
    return DirectTransport(app.store, app.keys, app.clock)


def test_a_batch_is_recorded_once_however_often_it_is_sent(
    store: Store, transport: DirectTransport
) -> None:
    carrier: Transport = transport
    batch = Batch.of("b1", [observation(), observation(outcome="great"), observation()])
    wanted = SendResult(
        2, (Rejected(1, "outcome", "Input should be 'success', 'failure' or 'timeout'"),)
    )
    assert carrier.send(batch) == carrier.send(batch) == wanted
    assert [s.ref.id for s in store.query(Query(COLLECTION))] == ["b1"]
    with pytest.raises(Conflict):
        carrier.send(Batch.of("b1", [observation(outcome="failure")]))


def test_what_sampling_leaves_out_is_answered(embedded: Store) -> None:
    configure(embedded, Ingest(shards=1, sample_successes=10))
    transport = DirectTransport(embedded, KEYS, ManualClock(NOON))
    answer = transport.send(Batch.of("b1", [observation(unit=f"u{i}") for i in range(400)]))
    assert (answer.accepted + answer.sampled, answer.rejected) == (400, ())
    assert 0 < answer.accepted < 100


def test_a_batch_of_bad_items_alone_is_refused_as_a_service_would(
    transport: DirectTransport,
) -> None:
    with pytest.raises(InvalidBatch) as caught:
        transport.send(Batch.of("b1", [{"component": "a"}, {"component": "b"}]))
    assert caught.value.rejected == (
        {"index": 0, "field": "ts", "reason": "Field required"},
        {"index": 1, "field": "ts", "reason": "Field required"},
    )
    with pytest.raises(InvalidBatch):
        transport.feedback([{"grade": 1}, {"grade": 2}])


def test_late_grades_reach_the_rewards(store: Store, transport: DirectTransport) -> None:
    transport.send(Batch.of("b1", [observation(), observation()]))
    answer = transport.feedback(
        [{"obsId": "b1.1", "source": "reviewer", "grade": 0.5}, {"obsId": "b1.1"}]
    )
    assert (answer.accepted, [r.index for r in answer.rejected]) == (1, [1])
    at = worker(store, NOON)
    at.scored_later()
    assert at.fold().corrected == 1


def test_resolve_answers_once_for_each_version(app: App, transport: DirectTransport) -> None:
    first = transport.resolve(POLICY, None)
    assert first is not None
    assert (first.policy, first.version) == (POLICY, f"{POLICY}@1.0.0")
    assert transport.resolve(POLICY, first.etag) is None
    params = dict(first.params) | {"modelWeights": {"gpt-5": 0.5, "gemini": 0.35, "claude": 0.15}}
    draft = propose(app.store, KEYS, ADA, POLICY, params, now=NOON, reason="x")
    activate(app.store, KEYS, ADA, POLICY, draft.version, now=NOON, reason="x")
    second = transport.resolve(POLICY, first.etag)
    assert second is not None
    assert (second.version, second.params) == (f"{POLICY}@1.0.1", params)
    with pytest.raises(NotFound):
        transport.resolve("nobody", None)


def test_a_unit_has_one_arm_whatever_order_a_store_gives_the_weights_in() -> None:
    """Firestore keeps no order of keys."""
    forwards = {"claude": 0.15, "gemini": 0.25, "gpt-5": 0.6}
    backwards = dict(reversed(forwards.items()))
    drawn = [
        [PolicyClient(_answering(weights), POLICY).choose(f"user-{i}").arm for i in range(50)]
        for weights in (forwards, backwards)
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 3


def _answering(weights: dict[str, float]) -> OfflineTransport:
    version = {"version": f"{POLICY}@1.0.0", "params": {"modelWeights": weights}}
    return OfflineTransport({POLICY: version})


def test_a_component_asks_and_records_end_to_end(store: Store, transport: DirectTransport) -> None:
    client = PolicyClient(transport, POLICY, rng=random.Random(1))
    with Recorder(transport, clock=lambda: NOON) as recorder:
        for i in range(250):
            choice = client.choose()
            recorder.record(
                choice.as_observation(),
                component=f"router:{choice.arm}",
                outcome="success",
                duration_ms=100.0,
                unit=f"user-{i}",
            )
            client.report(choice, "success")
    assert (recorder.stats.accepted, recorder.stats.pending) == (250, 0)
    found = [i for s in store.query(Query(COLLECTION)) for i in s.data["items"]]
    assert len(found) == 250
    assert {i["policyVersion"] for i in found} == {f"{POLICY}@1.0.0"}
    weights = {"gpt-5": 0.6, "gemini": 0.25, "claude": 0.15}
    assert all(i["propensity"] == pytest.approx(weights[i["arm"]]) for i in found)
    assert not any(i["unit"].startswith("user-") for i in found)
    at = worker(store, NOON)
    at.later(LATER)
    assert at.score().scored == 250


def test_the_recorder_counts_what_the_store_refuses(transport: DirectTransport) -> None:
    with Recorder(transport, clock=lambda: NOON) as recorder:
        for _ in range(3):
            recorder.record(component="planner", outcome="great")
    assert (recorder.stats.rejected, recorder.stats.accepted) == (3, 0)
    assert [(r.index, r.field) for r in recorder.rejections] == [(i, "outcome") for i in range(3)]


def test_a_commit_that_was_reported_lost_is_not_counted_twice(embedded: Store) -> None:
    """The store acts and then fails; the recorder sends the same batch again."""
    counting = FaultyStore(embedded)
    for name, at in (("first", embedded), ("next", counting)):  # the first one also sets things up
        DirectTransport(at, KEYS, ManualClock(NOON)).send(Batch.of(name, [observation()]))
    create = counting.log.index("create") + 1
    faulty = FaultyStore(embedded, create, "after", Unavailable("the answer was lost"))
    with Recorder(DirectTransport(faulty, KEYS, ManualClock(NOON)), **RETRY) as recorder:
        for _ in range(5):
            recorder.record(component="planner", outcome="success", ts=NOON)
        assert recorder.flush()
    assert (recorder.stats.accepted, recorder.stats.retries) == (5, 1)
    sizes = [len(s.data["items"]) for s in embedded.query(Query(COLLECTION))]
    assert sorted(sizes) == [1, 1, 5]


def test_a_store_that_is_away_fills_the_spool_and_nothing_is_lost(
    embedded: Store, tmp_path: Path
) -> None:
    closed = FaultyStore(embedded, 1, error=Unavailable("away"))

    class Away(DirectTransport):
        def send(self, batch: Batch) -> SendResult:
            raise Unavailable("the store is away")

    away = Recorder(Away(closed, KEYS), spool=tmp_path, attempts=1, **RETRY)
    away.record(component="planner", outcome="success", ts=NOON)
    away.close()
    assert away.stats.spooled == 1
    back = DirectTransport(embedded, KEYS, ManualClock(NOON))
    with Recorder(back, spool=tmp_path, **RETRY) as recorder:
        assert recorder.flush()
    assert (recorder.stats.adopted, recorder.stats.accepted) == (1, 1)
    assert embedded.count(Query(COLLECTION)) == 1


def test_runs_are_recorded_beside_their_observations(
    store: Store, transport: DirectTransport
) -> None:
    with Recorder(transport, clock=lambda: NOON, **RETRY) as recorder:
        with recorder.run("run-1", component="planner") as run:
            run.record(component="router:gpt-5", outcome="success", cost_usd=0.25)
            run.tell(gates={"tests": "passed"})
        recorder.record_run(run_id="run-2", component="planner", metrics={"grounding": 1.2})
        assert recorder.flush()
        assert (recorder.stats.accepted, recorder.stats.rejected) == (2, 1)
        assert [(r.index, r.field) for r in recorder.rejections] == [(1, "metrics.grounding")]
    (kept,) = store.query(Query("ops_runs"))
    assert (kept.ref.id, kept.data["loss"]["terms"]["gatePassRate"]["loss"]) == ("run-1", 0.0)
    (observed,) = store.query(Query(COLLECTION))
    assert observed.data["items"][0]["runId"] == "run-1"


def test_a_batch_of_runs_sent_again_counts_once_and_one_all_refused_says_so(
    embedded: Store,
) -> None:
    transport = DirectTransport(embedded, KEYS, ManualClock(NOON))
    told = {"runId": "run-1", "component": "planner", "ts": millis(NOON)}
    batch = Batch.of("b1", [told, told | {"runId": "run-2"}], "runs")
    assert transport.send(batch) == transport.send(batch) == SendResult(2)
    assert embedded.count(Query("ops_runs")) == 2
    with pytest.raises(InvalidBatch) as raised:
        transport.send(Batch.of("b2", [told | {"costUsd": -1}], "runs"))
    assert raised.value.as_dict()["rejected"][0]["field"] == "costUsd"
