"""Rollouts: what one costs on Firestore, and how soon a harm is back at the champion."""

from datetime import timedelta
from statistics import median

import numpy as np

from bench.figure import Figure
from certify.journey import AFTER, prepared, traffic, travel
from ratchet.entry.ticks import SCHEDULES, run_due
from ratchet.kernel.clock import HOUR
from ratchet.store.counting import Bill, CountingStore
from ratchet.store.sqlite import SqliteStore

RATE, DAYS, BATCH = 50, 7, 100
MINUTES = 20  # of full traffic and every tick, extended to seven days
LOOKS = 48  # hours: what a look costs depends on days and arms, and not on the traffic
HARM, HARMS = -0.1, 20
MINUTE = timedelta(minutes=1)


def figures() -> list[Figure]:
    """Count operations as Firestore bills them; count hours and requests of harms on the way."""
    hours = DAYS * 24
    observed = observing().total * 60 / MINUTES * hours
    looked = looking().total / LOOKS * hours
    name = f"a rollout of {DAYS} days at {RATE} requests a second: "
    back = [travel(HARM, np.random.default_rng(i), per_hour=200, hours=hours) for i in range(HARMS)]
    ended = [journey for journey in back if journey.outcome == "rolled_back"]
    harm = "a loss of 0.1 at 200 requests an hour, until the champion has all: "
    return [
        Figure(name + "billed operations", observed + looked, "ops"),
        Figure(name + "per request", (observed + looked) / (RATE * 3600 * hours), "ops"),
        Figure(name + "of the hourly looks alone", looked, "ops"),
        Figure(harm + "rolled back", len(ended), f"of {HARMS}"),
        Figure(harm + "simulated hours, median", median(j.hours for j in ended), "h"),
        Figure(harm + "challenger requests, median", median(j.served for j in ended), "requests"),
    ]


def observing() -> Bill:
    """Return the bill of some minutes: exposures and outcomes in batches, and every tick."""
    counting = CountingStore(SqliteStore())
    with prepared(counting) as (app, clock, rollout):
        run_due(app, now=clock())  # what is due once a day is not in every twenty minutes
        rng, before = np.random.default_rng(1), counting.bill
        for _ in range(MINUTES):
            traffic(app, clock, rollout, RATE * 60, 0.0, rng, span=MINUTE, batch=BATCH)
            run_due(app, now=clock())
        return counting.bill - before


def looking() -> Bill:
    """Return the bill of an hourly look for some hours, at thin traffic."""
    counting, looks = CountingStore(SqliteStore()), Bill()
    with prepared(counting) as (app, clock, rollout):
        rng, begin = np.random.default_rng(2), clock()
        for hour in range(LOOKS):
            clock.now = begin + hour * HOUR
            traffic(app, clock, rollout, 200, 0.0, rng)
            clock.advance(AFTER)
            for name in ("score_observations", "roll_stats"):
                SCHEDULES[name].run(app, clock())
            before = counting.bill
            SCHEDULES["evaluate_rollouts"].run(app, clock())
            looks += counting.bill - before
    return looks
