"""The scheduled verbs and when each is due; a ticker on one machine, or Cloud Scheduler, calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ratchet.entry.wiring import App
from ratchet.govern.config import CHECKPOINTS
from ratchet.govern.verify import verify_all
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.ids import join_key
from ratchet.observe.feedback import fold_feedback
from ratchet.observe.roll_up import roll_long_windows, roll_stats
from ratchet.observe.score import score_observations
from ratchet.observe.settings import Ingest
from ratchet.observe.sweep import sweep
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction
from ratchet.tune.auto_tune import auto_tune_policies

Report = Mapping[str, Any]
TICKS = Ref(CHECKPOINTS, join_key("ticks"))


@dataclass(frozen=True)
class Schedule:
    """A verb and its period; due in the first tick of each period."""

    every: timedelta
    run: Callable[[App, datetime], Report]


def _score(app: App, now: datetime) -> Report:
    scored = score_observations(app.store, app.reader, clock=app.clock)
    folded = fold_feedback(app.store, ingest=app.reader.read(Ingest), now=now)
    return scored.to_map() | {"feedback": folded.to_map()}


def _roll(app: App, now: datetime) -> Report:
    return roll_stats(app.store, app.reader, now=now).to_map()


def _roll_long(app: App, now: datetime) -> Report:
    return roll_long_windows(app.store, app.reader, now=now).to_map()


def _tune(app: App, now: datetime) -> Report:
    outcomes = auto_tune_policies(app.store, app.keys, app.reader, now=now)
    return {"policies": [outcome.to_map() for outcome in outcomes]}


def _sweep(app: App, now: datetime) -> Report:
    return sweep(app.store, app.reader, now=now).to_map()


def _verify(app: App, now: datetime) -> Report:
    return {"streams": [r.to_map() for r in verify_all(app.store, app.keys, now=now)]}


# In the order in which they run within one tick.
SCHEDULES: Mapping[str, Schedule] = {
    "score_observations": Schedule(timedelta(minutes=1), _score),
    "roll_stats": Schedule(timedelta(minutes=5), _roll),
    "roll_long_windows": Schedule(timedelta(hours=1), _roll_long),
    "auto_tune_policies": Schedule(timedelta(hours=1), _tune),
    "sweep": Schedule(timedelta(days=1), _sweep),
    "verify_audit": Schedule(timedelta(days=1), _verify),
}


def run_due(app: App, *, now: datetime) -> dict[str, Report]:
    """Run what is due since each last ran; returns the reports by name."""
    ref = Ref(CHECKPOINTS, join_key("ticks"))
    found = app.store.get(ref)
    last: dict[str, datetime] = found.data["at"] if found else {}
    due = [n for n, s in SCHEDULES.items() if _period(now, s) != _period(last.get(n), s)]
    reports = {name: SCHEDULES[name].run(app, now) for name in due}
    if due:
        app.store.set(ref, {"v": 1, "at": last | dict.fromkeys(due, now)})
    return reports


def _period(at: datetime | None, schedule: Schedule) -> int:
    return -1 if at is None else (at - EPOCH) // schedule.every


def run_verb(app: App, name: str, *, now: datetime) -> Report:
    """Run one verb, as Cloud Scheduler asks, and keep when it ran; whatever it raises is raised."""
    report = SCHEDULES[name].run(app, now)

    def mark(tx: Transaction) -> None:
        (found,) = tx.fetch([TICKS])
        last = found.data["at"] if found else {}
        tx.set(TICKS, {"v": 1, "at": last | {name: now}})

    app.store.transact(mark, self_checking=True)
    return report
