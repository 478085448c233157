"""The scheduled verbs and when each is due; a ticker on one machine, or Cloud Scheduler, calls."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ratchet.entry import verbs
from ratchet.entry.logs import log
from ratchet.entry.verbs import Report
from ratchet.entry.wiring import App
from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.clock import DAY, EPOCH, HOUR
from ratchet.kernel.errors import RatchetError
from ratchet.kernel.ids import join_key
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction

TICKS = Ref(CHECKPOINTS, join_key("ticks"))
TICK_FAILED = "tick-failed"
MINUTE = timedelta(minutes=1)


class Failure(dict[str, Any]):
    """The report of a verb that failed."""

    def __init__(self, error: RatchetError) -> None:
        super().__init__(error=error.as_dict())
        self.error = error


@dataclass(frozen=True)
class Schedule:
    """A verb and its period; due in the first tick of each, which begin `at` a time of day, UTC.

    `long` ones may take minutes, and wait for no others: a server runs them in a thread of their
    own, so that scoring is not late by them.
    """

    every: timedelta
    run: Callable[[App, datetime], Report]
    at: timedelta = timedelta(0)
    long: bool = False

    def period(self, moment: datetime | None) -> int:
        """Return the number of the period that holds a moment; never is before all of them."""
        return -1 if moment is None else (moment - EPOCH - self.at) // self.every

    def after(self, moment: datetime) -> datetime:
        """Return when the period after that of a moment begins."""
        return EPOCH + self.at + (self.period(moment) + 1) * self.every


# In the order in which they run within one tick.
SCHEDULES: Mapping[str, Schedule] = {
    "score_observations": Schedule(MINUTE, verbs.score),
    "roll_stats": Schedule(5 * MINUTE, verbs.roll),
    "roll_long_windows": Schedule(HOUR, verbs.roll_long),
    "evaluate_rollouts": Schedule(HOUR, verbs.evaluate),
    "auto_tune_policies": Schedule(HOUR, verbs.tune),
    "refresh_cards": Schedule(MINUTE, verbs.refresh),
    "compare_fleet": Schedule(DAY, verbs.compare, at=HOUR),
    "run_studies": Schedule(HOUR, verbs.study),
    "load_labels": Schedule(DAY, verbs.load_labels, at=2 * HOUR),
    "weigh_judges": Schedule(DAY, verbs.weigh, at=3 * HOUR),
    "fill_review_queue": Schedule(DAY, verbs.fill, at=4 * HOUR),
    "collect_examples": Schedule(HOUR, verbs.collect, long=True),
    "build_datasets": Schedule(DAY, verbs.build, at=2 * HOUR, long=True),
    "report_datasets": Schedule(6 * HOUR, verbs.report),
    "retain_observations": Schedule(DAY, verbs.retain, at=5 * HOUR, long=True),
    "sweep_blobs": Schedule(7 * DAY, verbs.sweep_blobs, at=6 * HOUR, long=True),
    "sweep": Schedule(DAY, verbs.sweep),
    "verify_audit": Schedule(DAY, verbs.verify),
    "watch_alerts": Schedule(5 * MINUTE, verbs.watch),
    "deliver_alerts": Schedule(MINUTE, verbs.deliver),
}


def run_due(app: App, *, now: datetime, long: bool | None = None) -> dict[str, Report]:
    """Run what is due since each last ran; returns the reports by name.

    A verb that fails stops no other, raises an alert, and is due again in the next tick. `long`
    asks for the long ones alone, or for the others.
    """
    found = app.store.get(TICKS)
    last: dict[str, datetime] = found.data["at"] if found else {}
    asked = {n: s for n, s in SCHEDULES.items() if long is None or s.long == long}
    due = [n for n, s in asked.items() if s.period(now) != s.period(last.get(n))]
    reports = {name: _attempt(app, name, now) for name in due}
    done = [name for name, report in reports.items() if not isinstance(report, Failure)]
    if done:
        _clear(app, done, _mark(app, done, now), now)
    return reports


def _attempt(app: App, name: str, now: datetime) -> Report:
    """Run one verb; whatever it raises becomes its report."""
    try:
        return SCHEDULES[name].run(app, now)
    except Exception as error:
        if not isinstance(error, RatchetError):
            log(logging.ERROR, f"{name} failed", error=error, function=name)
        failure = _failure(name, error)
    _tell(app, name, failure, now)
    return failure


def _failure(name: str, error: Exception) -> Failure:
    if isinstance(error, RatchetError):
        return Failure(error)
    told = f"{name} stopped at an unexpected {type(error).__name__}"
    return Failure(RatchetError(told, mend="see the traceback, and report it"))


def _tell(app: App, name: str, failure: Failure, now: datetime) -> None:
    about = alert(
        TICK_FAILED,
        name,
        "warning",
        f"{name} failed: {failure.error.message}",
        now=now,
        command=f"ratchet tick --only {name}",
        evidence=failure.error.as_dict(),
    )
    try:
        raise_alert(app.store, about)
    except RatchetError:
        pass  # the store may be what failed; the report says so
    except Exception as error:
        log(logging.ERROR, f"no alert of {name}", error=error, function=name)


def next_due(now: datetime) -> tuple[str, datetime]:
    """Return the first verb that is due after an instant at which none is, and when."""
    ends = {n: s.after(now) for n, s in SCHEDULES.items()}
    name = min(ends, key=lambda n: ends[n])  # of several at once, the first to run
    return name, ends[name]


def run_verb(app: App, name: str, *, now: datetime) -> Report:
    """Run one verb, as Cloud Scheduler asks, and keep when it ran; whatever it raises is raised."""
    try:
        report = SCHEDULES[name].run(app, now)
    except Exception as error:
        _tell(app, name, _failure(name, error), now)
        raise
    _clear(app, [name], _mark(app, [name], now), now)
    return report


def _mark(app: App, names: Sequence[str], now: datetime) -> dict[str, datetime]:
    """Keep when some verbs ran, beside what others keep at the same time; returns it as it was."""

    def mark(tx: Transaction) -> dict[str, datetime]:
        (found,) = tx.fetch([TICKS])
        last: dict[str, datetime] = found.data["at"] if found else {}
        tx.set(TICKS, {"v": 1, "at": last | dict.fromkeys(names, now)})
        return last

    return app.store.transact(mark, self_checking=True)


def _clear(app: App, names: Sequence[str], last: Mapping[str, datetime], now: datetime) -> None:
    """End the alerts of verbs that may have failed before they succeeded.

    One that runs each minute asks only if it missed a minute, so that it costs no read.
    """
    for name in names:
        schedule = SCHEDULES[name]
        missed = schedule.period(now) - schedule.period(last.get(name)) > 1
        if missed or schedule.every > MINUTE:
            with suppress(RatchetError):  # what the verb did stands; the alert does until it is old
                clear_alert(app.store, TICK_FAILED, name, now=now, note="it succeeded")
