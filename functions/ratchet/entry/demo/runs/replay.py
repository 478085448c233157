"""Tell trajectories as runs over simulated days, by the doors and ticks of production."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from ratchet.client import Batch, Transport
from ratchet.client.direct import DirectTransport
from ratchet.datasets.extract.trajectory import Trajectory
from ratchet.entry.demo.run import START, require_fresh
from ratchet.entry.demo.runs.mapping import COMPONENT, run_of, steps_of
from ratchet.entry.seed import seed
from ratchet.entry.ticks import Failure, run_due
from ratchet.entry.wiring import App, wire
from ratchet.govern.alerts import Alert
from ratchet.govern.alerts.read import list_alerts
from ratchet.kernel.clock import DAY, HOUR, ManualClock, millis
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.keys import Keys
from ratchet.runs.cards.card import Card
from ratchet.runs.cards.read_card import get_card
from ratchet.runs.read_progress import read_progress
from ratchet.store.counting import Bill, CountingStore
from ratchet.store.port import Store

DAYS = 14  # all of them count for the claims of a card
TICKS_A_DAY = 4
READ = timedelta(minutes=2)  # after which what was told has been read and counted
NIGHT = 6 * HOUR  # after which the day before is closed, and everything nightly has run
# Told: how many trajectories have been told, and of how many.
Progress = Callable[[int, int], None]


class RunsSummary(Model):
    """What came of the trajectories; `passRate` is read from the card's sums, `passed` is theirs.

    Units: costUsd in US dollars, of all runs; opsPerRun in store operations, all ticks included.
    """

    runs: int
    observations: int
    passed: float
    pass_rate: float
    tool_errors: int
    cost_usd: float
    days: int
    alerts: int
    ops_per_run: float
    seconds: float


class RunsShown(Model):
    """The summary, and what a person wants to see: the card, and the alerts that stand."""

    summary: RunsSummary
    card: Card
    alerts: tuple[Alert, ...]


def tell_runs(
    store: Store, keys: Keys, trajectories: Sequence[Trajectory], progress: Progress
) -> RunsShown:
    """Tell every trajectory as a run over simulated days, run the ticks, and return the card.

    Raises: InvalidInput where the store is in use.
    """
    require_fresh(store)
    began, clock = time.perf_counter(), ManualClock(START)
    app = wire(CountingStore(store), keys, clock)
    seed(app, now=START)
    transport = DirectTransport(app.store, keys, clock)
    ticked = START
    for i, one in enumerate(trajectories):
        clock.now = START + DAYS * DAY * i / len(trajectories)
        if clock.now >= ticked + DAY / TICKS_A_DAY:
            ticked = clock.now
            _tick(app)
        _tell(transport, one, f"{COMPONENT}-{one.task_id}-{one.trial}", millis(clock.now))
        progress(i + 1, len(trajectories))
    clock.now = START + DAYS * DAY + NIGHT
    for _ in range(2):  # what one tick has scored, counted and compared, the next one shows
        _tick(app)
        clock.advance(READ)
    return _shown(app, trajectories, began)


def _tell(transport: Transport, one: Trajectory, run_id: str, ts: int) -> None:
    steps = steps_of(one, run_id, ts)
    batches = [Batch.of(run_id, [run_of(one, run_id, ts)], "runs")]
    for batch in (*batches, *([Batch.of(run_id, steps)] if steps else [])):
        for refused in transport.send(batch).rejected:
            raise InvalidInput(f"refused: {refused.reason}", field=refused.field)


def _tick(app: App) -> None:
    """Run the ticks that are due.

    Raises: what a tick raised.
    """
    for report in run_due(app, now=app.clock()).values():
        if isinstance(report, Failure):
            raise report.error


def _shown(app: App, trajectories: Sequence[Trajectory], began: float) -> RunsShown:
    now, n = app.clock(), len(trajectories)
    card = get_card(app.store, COMPONENT)
    days = read_progress(app.store, COMPONENT, days=DAYS + 1, now=now).days
    failed = sum(day.terms.get("gatePassRate", 0.0) * day.runs for day in days)
    told = [steps_of(one, COMPONENT, 0) for one in trajectories]
    alerts = tuple(list_alerts(app.store))
    bill = app.store.bill if isinstance(app.store, CountingStore) else Bill()
    summary = RunsSummary(
        runs=sum(day.runs for day in days),
        observations=sum(map(len, told)),
        passed=round(sum(one.passed for one in trajectories) / n, 4),
        pass_rate=round(1 - failed / n, 4),
        tool_errors=sum(one.tool_errors for one in trajectories),
        cost_usd=round(sum(step["costUsd"] for steps in told for step in steps), 2),
        days=DAYS,
        alerts=len(alerts),
        ops_per_run=round(bill.total / n, 2),
        seconds=round(time.perf_counter() - began, 2),
    )
    return RunsShown(summary=summary, card=card, alerts=alerts)
