"""What Firestore would bill: an observation from record to statistics, and a day of ticks."""

from datetime import timedelta

from bench.figure import Figure
from bench.support import fill, make_app, observation, settle
from ratchet.entry.ticks import SCHEDULES, run_due
from ratchet.observe.record import record
from ratchet.observe.settings import Ingest
from ratchet.store.sqlite import SqliteStore

N = 20_000
BATCH_SECONDS = 60


def figures() -> list[Figure]:
    """Count operations on the embedded store, as Firestore bills them."""
    name = "billed operations per observation, record to stats, 8 components: "
    day, dollars, per_observation = a_day()
    return [
        Figure(name + "single", once(1), "ops", 3.1),
        Figure(name + "batches of 100", once(100), "ops", 0.06),
        Figure(
            "billed operations of a day of ticks at 1 request a second, all included", day, "ops"
        ),
        Figure("... in dollars, beyond the free tier", dollars, "$"),
        Figure("... per observation (batches of a minute)", per_observation, "ops"),
    ]


def once(batch: int) -> float:
    """Return operations per observation for 20,000 recorded, scored and rolled once."""
    app, counting, clock = make_app(SqliteStore())
    before = counting.bill
    fill(app, N, batch=batch)
    settle(clock)
    for name in ("score_observations", "roll_stats"):
        SCHEDULES[name].run(app, clock())
    return (counting.bill - before).total / N


def a_day() -> tuple[float, float, float]:
    """Return (operations, dollars, operations per observation) of a simulated day."""
    app, counting, clock = make_app(SqliteStore())
    ingest, before, sent = app.reader.read(Ingest), counting.bill, 0
    for minute in range(24 * 60):
        now = clock()
        items = [
            observation(sent + i, now - timedelta(seconds=BATCH_SECONDS - i))
            for i in range(BATCH_SECONDS)
        ]
        sent += len(items)
        payload = {"id": f"m{minute}", "observations": items}
        record(app.store, app.keys, payload, ingest=ingest, now=now)
        run_due(app, now=now)
        clock.advance(timedelta(seconds=BATCH_SECONDS))
    bill = counting.bill - before
    return bill.total, bill.dollars, bill.total / sent
