"""Runs: what one costs from its telling to the card, and how cards grow with runs."""

import time
from datetime import timedelta
from typing import Any

import numpy as np

from bench.figure import Figure
from bench.support import make_app, settle
from ratchet.entry.ticks import SCHEDULES
from ratchet.entry.wiring import App
from ratchet.kernel.clock import ManualClock, millis
from ratchet.observe.record import record
from ratchet.observe.settings import Ingest
from ratchet.runs.record import MAX_RUNS, record_runs
from ratchet.store.counting import Bill
from ratchet.store.sqlite import SqliteStore

DAYS = 14  # over which runs are spread: every page of them then moves as many buckets
STEPS = 10  # observations of a run
SIZES = (1_000, 3_000, 10_000)
COMPONENTS = 100


def figures() -> list[Figure]:
    """Measure operations, seconds, and the reads of a refresh."""
    out = []
    for steps, limit in ((0, 5.0), (STEPS, 9.0)):
        told = f"{steps} observations each" if steps else "no observations"
        name = f"operations a run from record to card, 1,000 a day of 10 components, {told}"
        out.append(Figure(name, operations(steps), "ops/run", limit))
    times = [seconds(n) for n in SIZES]
    about = f"{COMPONENTS} components, embedded"
    slope = float(np.polyfit(np.log(SIZES), np.log(times), 1)[0])
    few, many = refresh_reads(1_000), refresh_reads(10_000)
    return [
        *out,
        Figure(f"10,000 runs told, counted, on cards and compared, {about}", times[-1], "s"),
        Figure(f"slope of time from 1k to 10k runs in log-log, {about}", slope, "", 1.05),
        Figure("reads for one card as its runs grow from 1k to 10k: growth", many / few, "x", 1.0),
        Figure("reads for one card, 10,000 runs in 14 days", many, "reads"),
    ]


def run(i: int, app: App, components: int, steps: int, days: int) -> dict[str, Any]:
    """Return the i-th run: one in four fails its gate; with observations they tell its cost."""
    now = app.clock()
    told = {
        "runId": f"run-{i}",
        "ts": millis(now - timedelta(days=i % days)),
        "component": f"agent-{i % components}",
        "policyVersion": "router-core@1.0.0",
        "models": [f"model-{i % 3}"],
        "budget": {"maxCostUsd": 0.05, "maxDurationMs": 4000.0},
        "outcome": "failure" if i % 4 == 0 else "success",
        "gates": {"tests": "failed" if i % 4 == 0 else "passed"},
        "metrics": {"grounding": 0.9, "contradictions": i % 3},
    }
    return told if steps else told | {"costUsd": 0.01 * (1 + i % 9), "durationMs": 900.0 + i % 7}


def step(i: int, app: App, components: int) -> dict[str, Any]:
    """Return the i-th observation, of the run of which there are as many before."""
    return {
        "ts": millis(app.clock()),
        "component": f"agent-{i // STEPS % components}",
        "runId": f"run-{i // STEPS}",
        "outcome": "success",
        "arm": f"model-{i // STEPS % 3}",
        "durationMs": 90.0 + i % 11,
        "costUsd": 0.001 * (1 + i % 9),
    }


def tell(
    app: App, n: int, components: int, steps: int = 0, first: int = 0, days: int = DAYS
) -> None:
    """Tell n runs in batches of 100, and their observations likewise."""
    ingest = app.reader.read(Ingest)
    for start in range(first, first + n, MAX_RUNS):
        told = range(start, min(start + MAX_RUNS, first + n))
        runs = {"runs": [run(i, app, components, steps, days) for i in told]}
        record_runs(app.store, app.keys, runs, reader=app.reader, now=app.clock())
    for start in range(first * steps, (first + n) * steps, 100):
        items = [step(i, app, components) for i in range(start, start + 100)]
        batch = {"id": f"o{start}", "observations": items}
        record(app.store, app.keys, batch, ingest=ingest, now=app.clock())


def bring_to_cards(app: App, clock: ManualClock) -> None:
    """Run what leads from what was told to the card."""
    SCHEDULES["score_observations"].run(app, settle(clock))
    SCHEDULES["refresh_cards"].run(app, clock.advance(timedelta(minutes=1)))


def operations(steps: int) -> float:
    """Return the operations of 1,000 runs of ten components, by the run."""
    app, counting, clock = make_app(SqliteStore())
    before: Bill = counting.bill
    tell(app, 1_000, 10, steps, days=1)
    bring_to_cards(app, clock)
    spent = (counting.bill - before).total / 1_000
    app.store.close()
    return spent


def seconds(n: int) -> float:
    """Return the seconds that n runs take from their telling to cards that were compared."""
    app, _, clock = make_app(SqliteStore())
    began = time.perf_counter()
    tell(app, n, COMPONENTS)
    bring_to_cards(app, clock)
    SCHEDULES["compare_fleet"].run(app, clock.advance(timedelta(days=1)))
    took = time.perf_counter() - began
    app.store.close()
    return took


def refresh_reads(n: int) -> int:
    """Return the reads of one refresh of a component that had n runs, after one more."""
    app, counting, clock = make_app(SqliteStore())
    tell(app, n, 1)
    bring_to_cards(app, clock)
    clock.advance(timedelta(hours=1))
    tell(app, 1, 1, first=n)
    SCHEDULES["score_observations"].run(app, settle(clock))
    before = counting.bill
    SCHEDULES["refresh_cards"].run(app, clock.advance(timedelta(minutes=1)))
    app.store.close()
    return (counting.bill - before).reads
