"""What Firestore would bill: an observation from record to statistics, and a day of ticks."""

from datetime import timedelta

from bench.figure import Figure
from bench.support import fill, make_app, observation, settle
from ratchet.entry.ticks import SCHEDULES, run_due
from ratchet.observe.record import record
from ratchet.observe.settings import Ingest
from ratchet.store.counting import Bill
from ratchet.store.sqlite import SqliteStore

N = 20_000
MONTH_DAYS = 30
# Requests a second, simulated minutes, observations a batch: a whole day where that is feasible.
RATES = ((1, 24 * 60, 60), (50, 60, 100), (500, 10, 500))


def figures() -> list[Figure]:
    """Count operations on the embedded store, as Firestore bills them; four shards, as there."""
    name = "billed operations per observation, record to stats, 8 components: "
    out = [
        Figure(name + "single", once(1), "ops", 3.1),
        Figure(name + "batches of 100", once(100), "ops", 0.06),
    ]
    for rate, minutes, batch in RATES:
        bill, sent = traffic(rate, minutes, batch)
        days = minutes / (24 * 60)
        label = f"all ticks included, {rate} requests a second: "
        out += [
            Figure(label + "billed operations a day", bill.total / days, "ops"),
            Figure(label + "billed operations per observation", bill.total / sent, "ops"),
            Figure(label + "a month, beyond the free tier", bill.dollars / days * MONTH_DAYS, "$"),
        ]
    return out


def once(batch: int) -> float:
    """Return operations per observation for 20,000 recorded, scored and rolled once."""
    app, counting, clock = make_app(SqliteStore())
    before = counting.bill
    fill(app, N, batch=batch)
    settle(clock)
    for name in ("score_observations", "roll_stats"):
        SCHEDULES[name].run(app, clock())
    return (counting.bill - before).total / N


def traffic(rate: int, minutes: int, batch: int) -> tuple[Bill, int]:
    """Return the bill of some simulated minutes of traffic and ticks, and the observations."""
    app, counting, clock = make_app(SqliteStore(), shards=4)
    ingest, before, sent = app.reader.read(Ingest), counting.bill, 0
    for _ in range(minutes):
        now = clock()
        for start in range(0, rate * 60, batch):
            items = [
                observation(sent + i, now - timedelta(seconds=60 - (start + i) / rate))
                for i in range(min(batch, rate * 60 - start))
            ]
            sent += len(items)
            payload = {"id": f"m{sent}", "observations": items}
            record(app.store, app.keys, payload, ingest=ingest, now=now)
        run_due(app, now=now)
        clock.advance(timedelta(seconds=60))
    app.store.close()
    return counting.bill - before, sent
