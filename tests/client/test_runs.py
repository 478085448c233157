"""Runs by the recorders: batches of their own on the way that observations take."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ratchet.client import (
    AsyncOfflineTransport,
    AsyncRecorder,
    Batch,
    Choice,
    HttpTransport,
    OfflineTransport,
    Recorder,
)
from ratchet.client.direct import DirectTransport
from ratchet.client.run import MAX_RUN
from ratchet.kernel.errors import NotFound
from ratchet.rollouts.assign import Assignment
from ratchet.runs.run import RunReport
from ratchet.store.sqlite import SqliteStore
from tests.client.service import Service
from tests.client.test_outbox import GOOD, NOON, Rig, a_spool, adds_up
from tests.client.test_recorder import NEVER, Awkward
from tests.support.observing import KEYS
from tests.support.observing import NOON as OBSERVED

RUN: dict[str, Any] = {"runId": "run-1", "component": "planner"}
NOON_MS = 1767355200000
MET = Assignment("r1", 2, "1.0.1", 0.1, "router-core@1.0.1", "alice", exposed_at=7)
CHOICE = Choice("gpt-5", 0.6, "router-core@1.0.0")


@pytest.fixture
def offline() -> OfflineTransport:
    return OfflineTransport()


@pytest.fixture
def recorder(offline: OfflineTransport) -> Iterator[Recorder]:
    with Recorder(
        offline, flush_seconds=NEVER, retry_seconds=0.001, clock=lambda: NOON
    ) as recorder:
        recorder.flush()  # past the round with which every sender starts
        yield recorder


def test_keywords_and_mappings_say_the_same_of_a_run(
    recorder: Recorder, offline: OfflineTransport
) -> None:
    recorder.record_run(run_id="run-1", component="planner", budget={"max_cost_usd": 0.5})
    recorder.record_run(RUN, budget={"maxCostUsd": 0.5, "max_duration_ms": None})
    recorder.record_run(RUN | {"ts": datetime(2026, 1, 2, 12, tzinfo=UTC)}, {"cost_usd": None})
    assert recorder.flush()
    first, second, third = offline.runs
    assert first == second == RUN | {"budget": {"maxCostUsd": 0.5}, "ts": NOON_MS}
    assert third == RUN | {"ts": NOON_MS}
    assert recorder.stats.accepted == 3


def test_every_field_of_a_report_passes_the_service_under_its_python_name(
    recorder: Recorder, offline: OfflineTransport
) -> None:
    fields: dict[str, Any] = {
        "run_id": "run-1",
        "component": "planner",
        "tenant": "acme",
        "phase": "build",
        "policy_version": "router-core@1.0.0",
        "models": ["gpt-5"],
        "budget": {"max_cost_usd": 0.5, "max_duration_ms": 1000.0},
        "cost_usd": 0.25,
        "duration_ms": 900.0,
        "outcome": "failure",
        "error_code": "no_plan",
        "metrics": {"grounding": 0.9},
        "gates": {"tests": "passed"},
        "qav": [{"check": "facts", "passed": True, "grounding": 0.9, "contradictions": 1}],
        "input": "gs://in",
        "output": "gs://out",
        "traces": ["t1"],
        "unit": "alice",
        "rollout_id": "r1",
        "rollout_arm": "control",
        "rollout_step": 0,
        "exposed_at": NOON,
    }
    assert set(fields) | {"ts"} == set(RunReport.model_fields)
    recorder.record_run(fields)
    assert recorder.flush()
    report = RunReport.parse(offline.runs[0])
    assert (report.ts, report.exposed_at, report.models) == (NOON, NOON, ("gpt-5",))
    assert (report.budget.max_cost_usd, report.qav[0].contradictions) == (0.5, 1)


def test_runs_and_observations_travel_apart_however_they_are_mixed(
    recorder: Recorder, offline: OfflineTransport
) -> None:
    for i in range(20):
        recorder.record(GOOD, run_id=f"run-{i}")
        recorder.record_run(RUN, run_id=f"run-{i}")
    assert recorder.flush()
    assert sorted((b.kind, len(b)) for b in offline.batches.values()) == [
        ("observations", 20),
        ("runs", 20),
    ]
    assert [o["runId"] for o in offline.observations] == [r["runId"] for r in offline.runs]
    assert (recorder.stats.accepted, adds_up(recorder.stats)) == (40, True)


def test_at_most_a_hundred_runs_are_sent_together() -> None:
    rig = Rig()
    for i in range(250):
        rig.outbox.buffer.add_run((), RUN | {"run_id": f"run-{i}"})
    rig.run("ok")
    sizes = [len(json.loads(body)["runs"]) for _, body in rig.bodies]
    assert sizes == [100, 100, 50]
    assert (rig.stats.accepted, rig.stats.pending) == (250, 0)


def test_a_run_is_as_it_was_when_it_was_told(recorder: Recorder, offline: OfflineTransport) -> None:
    metrics, models = {"grounding": 0.9}, ["gpt-5"]
    recorder.record_run(RUN, metrics=metrics, models=models)
    metrics["grounding"] = 0.1
    models.append("claude")
    assert recorder.flush()
    (run,) = offline.runs
    assert (run["metrics"], run["models"]) == ({"grounding": 0.9}, ["gpt-5"])


@pytest.mark.parametrize(
    "tell",
    [
        lambda r: r.record_run(),
        lambda r: r.record_run(None),
        lambda r: r.record_run("text"),
        lambda r: r.record_run(Awkward()),
        lambda r: r.record_run(RUN, run_id=""),
        lambda r: r.record_run(RUN, component=7),
        lambda r: r.record_run(RUN, metrics={"grounding": object()}),
        lambda r: r.record_run(RUN, metrics={"grounding": float("nan")}),
        lambda r: r.record_run(RUN, ts=datetime(2026, 1, 1)),  # noqa: DTZ001 (naive on purpose)
        lambda r: r.record_run(RUN, input="x" * MAX_RUN),
        lambda r: r.record_run(RUN, served="router-core@1.0.1"),
        lambda r: r.record_run(RUN, served=replace(MET, shadow=True)),
        lambda r: r.run(7).__exit__(None, None, None),
    ],
)
def test_nothing_raises_and_a_run_that_cannot_be_sent_is_counted(
    tell: Callable[[Recorder], None], recorder: Recorder, offline: OfflineTransport
) -> None:
    tell(recorder)
    recorder.record_run(RUN)
    assert recorder.flush()
    stats = recorder.stats
    assert (stats.recorded, stats.invalid, stats.accepted) == (2, 1, 1)
    assert len(offline.runs) == 1


def test_a_run_that_is_refused_is_logged_with_its_field_once_a_field(
    recorder: Recorder, offline: OfflineTransport, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.record_run(RUN, metrics={"grounding": 0.9, "rag": float("nan")})
    recorder.record_run(RUN, run_id="run-2", metrics={"rag": object()})
    recorder.record_run(RUN, run_id="run-3", served="router-core@1.0.1")
    recorder.record_run(RUN, run_id="run-4", component=7)
    recorder.record_run(RUN, run_id="run-5")
    with caplog.at_level(logging.WARNING, "ratchet.client"):
        assert recorder.flush()
    assert [m.partition(" (")[0] for m in caplog.messages] == [
        "nothing is sent of run 'run-3': served: served is a str",
        "nothing is sent of run 'run-1': metrics.rag: "
        "Out of range float values are not JSON compliant",
        "nothing is sent of run 'run-4': component: a run without component",
    ]
    assert [run["runId"] for run in offline.runs] == ["run-5"]


def test_a_run_that_the_service_refuses_is_logged_and_kept_with_its_id_and_field(
    caplog: pytest.LogCaptureFixture,
) -> None:
    transport = DirectTransport(SqliteStore(":memory:"), KEYS, lambda: OBSERVED)
    with caplog.at_level(logging.WARNING, "ratchet.client"):
        with Recorder(transport, flush_seconds=NEVER, clock=lambda: OBSERVED) as recorder:
            recorder.record_run(RUN)
            for run_id in ("run-2", "run-3"):
                recorder.record_run(RUN, run_id=run_id, gates={"tests": "green"})
            recorder.flush()
            recorder.record_run(RUN, run_id="run-4", cost_usd=-1)
        found = [(r.run_id, r.field) for r in recorder.rejections]
    assert recorder.stats.accepted == 1
    assert found == [("run-2", "gates.tests"), ("run-3", "gates.tests"), ("run-4", "costUsd")]
    assert caplog.messages == [
        "the service refuses run 'run-2': gates.tests: "
        "Input should be 'passed', 'failed' or 'skipped'",
        "the service refuses run 'run-4': costUsd: Input should be greater than or equal to 0",
    ]


def test_what_served_a_run_says_its_version_and_its_arm(
    recorder: Recorder, offline: OfflineTransport
) -> None:
    met = {"rolloutId": "r1", "rolloutStep": 2, "rolloutArm": "1.0.1", "unit": "alice"}
    met |= {"exposedAt": 7}
    recorder.record_run(RUN, served=MET)
    recorder.record_run(RUN, served=CHOICE)
    recorder.record_run(RUN, served=replace(CHOICE, assignment=MET))
    recorder.record_run(RUN, served=MET, policy_version="router-core@0.9.0")
    assert recorder.flush()
    plain = RUN | {"ts": NOON_MS}
    assert offline.runs == [
        plain | met | {"policyVersion": "router-core@1.0.1"},
        plain | {"policyVersion": "router-core@1.0.0"},
        plain | met | {"policyVersion": "router-core@1.0.0"},
        plain | met | {"policyVersion": "router-core@0.9.0"},
    ]


class Timer:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def timed(offline: OfflineTransport, timer: Timer) -> Recorder:
    return Recorder(offline, flush_seconds=NEVER, clock=lambda: NOON, now=timer)


def test_a_block_times_its_run_names_its_observations_and_adds_up_what_it_tells(
    offline: OfflineTransport,
) -> None:
    timer = Timer()
    with timed(offline, timer) as recorder:
        scope = recorder.run("run-1", component="planner", gates={"lint": "passed"})
        timer.seconds = 10.0
        with scope as run:
            timer.seconds = 12.5
            run.record(GOOD | {"runId": "another"}, duration_ms=3)
            run.tell(gates={"tests": "failed"}, metrics={"grounding": 0.5})
            run.tell(metrics={"grounding": 0.9}, cost_usd=0.25)
        assert recorder.flush()
    assert [o["runId"] for o in offline.observations] == ["run-1"]
    assert offline.runs == [
        RUN
        | {
            "ts": NOON_MS,
            "outcome": "success",
            "durationMs": 2500.0,
            "gates": {"lint": "passed", "tests": "failed"},
            "metrics": {"grounding": 0.9},
            "costUsd": 0.25,
        }
    ]


@pytest.mark.parametrize(
    ("error", "told", "outcome", "code"),
    [
        (ValueError("no"), {}, "failure", "ValueError"),
        (ValueError("no"), {"outcome": "success"}, "failure", "ValueError"),
        (KeyboardInterrupt(), {}, "failure", "KeyboardInterrupt"),
        (TimeoutError(), {"error_code": "slow_tool"}, "timeout", "slow_tool"),
    ],
)
def test_a_block_that_raises_is_a_run_that_failed_and_the_error_goes_on(
    error: BaseException, told: dict[str, Any], outcome: str, code: str, offline: OfflineTransport
) -> None:
    timer = Timer()

    def fail(recorder: Recorder) -> None:
        with recorder.run("run-1", component="planner") as run:
            run.tell(**told)
            timer.seconds = 1.0
            raise error

    with timed(offline, timer) as recorder:
        with pytest.raises(type(error)):
            fail(recorder)
        assert recorder.flush()
    (found,) = offline.runs
    assert (found["outcome"], found["errorCode"], found["durationMs"]) == (outcome, code, 1000.0)


def test_a_block_that_knows_better_is_believed_and_gets_an_id_where_it_has_none(
    offline: OfflineTransport,
) -> None:
    with timed(offline, Timer()) as recorder:
        with recorder.run(component="planner") as run:
            run.tell(outcome="failure", duration_ms=7.0)
        assert recorder.flush()
    (found,) = offline.runs
    assert (found["runId"], found["outcome"], found["durationMs"]) == (run.run_id, "failure", 7.0)


def test_runs_are_retried_and_go_to_the_function_that_takes_them(
    service: Service, transport: HttpTransport
) -> None:
    service.script.extend([503, "lost", "ok"])
    with Recorder(transport, flush_seconds=NEVER, retry_seconds=0.001) as recorder:
        recorder.record_run(RUN, ts=NOON_MS)
        assert recorder.flush()
        assert (recorder.stats.accepted, recorder.stats.retries) == (1, 2)
    told = [RUN | {"ts": NOON_MS}]
    assert (service.runs, service.stored) == ([told, told], {})


def test_spooled_runs_are_sent_by_the_next_process_as_runs(tmp_path: Path) -> None:
    down = OfflineTransport()
    down.down = True
    with Recorder(down, spool=tmp_path, attempts=1, flush_seconds=NEVER) as recorder:
        recorder.record_run(RUN)
        recorder.record(GOOD)
    assert recorder.stats.spooled == 2
    offline = OfflineTransport()
    with Recorder(offline, spool=tmp_path, flush_seconds=NEVER) as later:
        later.flush()
        assert (later.stats.adopted, later.stats.accepted) == (2, 2)
    assert (len(offline.runs), len(offline.observations)) == (1, 1)


def test_a_batch_of_runs_is_read_back_as_one() -> None:
    batch = Batch.of("b1", [RUN], "runs")
    assert json.loads(batch.body()) == {"runs": [RUN]}
    assert Batch.from_body(batch.body(), "b1") == batch
    assert (batch.runs, batch.observations) == ([RUN], [])


def test_a_service_without_a_place_for_runs_refuses_them_and_keeps_taking_observations() -> None:
    rig = Rig()
    rig.outbox.buffer.add_run((), RUN)
    rig.outbox.buffer.add_run((), RUN)
    rig.add(1)
    steps = rig.outbox.round(whole=True)
    first = next(steps)
    assert isinstance(first, Batch)
    assert first.kind == "runs"
    second = steps.send(NotFound("no such path"))
    assert isinstance(second, Batch)
    assert second.kind == "observations"
    steps.close()
    assert (rig.stats.rejected, rig.stats.pending) == (2, 1)
    assert rig.outbox.ledger.rejections[0].reason.endswith("no such path")


def test_observations_wait_for_a_service_that_is_not_there_as_ever() -> None:
    with a_spool() as spool:
        rig = Rig(spool, attempts=1)
        rig.add(1)
        steps = rig.outbox.round(whole=True)
        next(steps)
        kept = steps.send(NotFound("no such path"))
        assert callable(kept)
        kept()
        steps.close()
        assert rig.stats.rejected == 0


def test_an_event_loop_tells_runs_too() -> None:
    async def story() -> None:
        transport = AsyncOfflineTransport()
        async with AsyncRecorder(transport, flush_seconds=NEVER) as recorder:
            with recorder.run("run-1", component="planner") as run:
                run.record(GOOD)
                await asyncio.sleep(0)
            recorder.record_run(RUN, run_id="run-2", outcome="failure")
            assert await recorder.flush()
            assert recorder.stats.accepted == 3
        told = [(r["runId"], r["outcome"]) for r in transport.offline.runs]
        assert told == [("run-1", "success"), ("run-2", "failure")]

    asyncio.run(story())


def test_a_run_that_finds_no_room_is_dropped_and_counted() -> None:
    rig = Rig(max_buffer=1)
    rig.add(1)
    rig.outbox.buffer.add_run((), RUN)
    rig.run("ok")
    assert (rig.stats.recorded, rig.stats.dropped, rig.stats.accepted) == (2, 1, 1)
