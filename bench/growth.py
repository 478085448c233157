"""How scoring and rolling grow with the number of observations, on the embedded store."""

import math
import time

import numpy as np

from bench.figure import Figure
from bench.support import fill, make_app, settle
from ratchet.entry.ticks import SCHEDULES
from ratchet.store.sqlite import SqliteStore

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
REPEATS = 3


def figures() -> list[Figure]:
    """Measure speed, the slope of time in log-log, and the reads of a roll-up."""
    out = []
    for label, batch in (("batches of 100", 100), ("singles", 1)):
        times = [best_time(n, batch) for n in SIZES]
        slope = float(np.polyfit(np.log(SIZES), np.log(times), 1)[0])
        rate = SIZES[-1] / times[-1]
        out.append(Figure(f"scored and rolled a second, embedded, {label}", rate, "obs/s"))
        name = f"slope of time from 1k to 100k in log-log, embedded, {label}"
        out.append(Figure(name, slope, "", 1.05))
    few, many = roll_reads(1_000), roll_reads(100_000)
    out.append(
        Figure("reads to roll 24 h as observations grow 100 x: growth", many / few, "x", 1.0)
    )
    out.append(Figure("reads to roll 24 h, 8 components", many, "reads"))
    return out


def best_time(n: int, batch: int) -> float:
    """Return the least seconds of a few runs that score and roll n observations."""
    best = math.inf
    for _ in range(REPEATS if n <= 10_000 else 2):
        app, _, clock = make_app(SqliteStore())
        fill(app, n, batch=batch)
        settle(clock)
        began = time.perf_counter()
        for name in ("score_observations", "roll_stats"):
            SCHEDULES[name].run(app, clock())
        best = min(best, time.perf_counter() - began)
        app.store.close()
    return best


def roll_reads(n: int) -> int:
    """Return the reads of one roll-up of n observations."""
    app, counting, clock = make_app(SqliteStore())
    fill(app, n, batch=100)
    settle(clock)
    SCHEDULES["score_observations"].run(app, clock())
    before = counting.bill
    SCHEDULES["roll_stats"].run(app, clock())
    return (counting.bill - before).reads
