"""The scheduled verbs and when each is due; a ticker on one machine, or Cloud Scheduler, calls.

Each verb is imported where it runs: their arithmetic is not in the cold start of the doors.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ratchet.entry.logs import log
from ratchet.entry.wiring import App
from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.clock import DAY, EPOCH, HOUR
from ratchet.kernel.errors import RatchetError
from ratchet.kernel.ids import join_key, random_id
from ratchet.observe.settings import Ingest
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction

Report = Mapping[str, Any]
TICKS = Ref(CHECKPOINTS, join_key("ticks"))


class Failure(dict[str, Any]):
    """The report of a verb that failed."""

    def __init__(self, error: RatchetError) -> None:
        super().__init__(error=error.as_dict())
        self.error = error


@dataclass(frozen=True)
class Schedule:
    """A verb and its period; due in the first tick of each, which begin `at` a time of day, UTC."""

    every: timedelta
    run: Callable[[App, datetime], Report]
    at: timedelta = timedelta(0)

    def period(self, moment: datetime | None) -> int:
        """Return the number of the period that holds a moment; never is before all of them."""
        return -1 if moment is None else (moment - EPOCH - self.at) // self.every

    def after(self, moment: datetime) -> datetime:
        """Return when the period after that of a moment begins."""
        return EPOCH + self.at + (self.period(moment) + 1) * self.every


def _score(app: App, now: datetime) -> Report:
    from ratchet.observe.fold import fold_feedback
    from ratchet.observe.read_until import keep_read_until
    from ratchet.observe.score import score_observations
    from ratchet.observe.settings import shards_ever

    ingest = app.reader.read(Ingest)
    shards = max(ingest.shards, shards_ever(app.store))
    scored = score_observations(app.store, app.reader, clock=app.clock, shards=shards)
    folded = fold_feedback(app.store, ingest=ingest, now=now, shards=shards)
    if scored.read_until is not None and not folded.behind:
        keep_read_until(app.store, min(scored.read_until, now - ingest.lag))
    return scored.to_map() | {"feedback": folded.to_map()}


def _roll(app: App, now: datetime) -> Report:
    from ratchet.observe.roll_up import roll_stats

    return roll_stats(app.store, app.reader, now=now).to_map()


def _roll_long(app: App, now: datetime) -> Report:
    from ratchet.observe.roll_up import roll_long_windows

    return roll_long_windows(app.store, app.reader, now=now).to_map()


def _evaluate(app: App, now: datetime) -> Report:
    from ratchet.rollouts.approve import expire_approvals
    from ratchet.rollouts.evaluate import evaluate_rollouts

    closed = expire_approvals(app.store, app.keys, now=now)  # first: who lapsed is asked again
    looked = evaluate_rollouts(app.store, app.keys, app.reader, now=now)
    return {
        "rollouts": [look.to_map() for look in looked],
        "approvals": [{"id": approval.id, "state": approval.state} for approval in closed],
    }


def _tune(app: App, now: datetime) -> Report:
    from ratchet.rollouts.carry_draft import carry_draft
    from ratchet.tune.auto_tune import auto_tune_policies

    carry = partial(carry_draft, app.store, app.keys, app.reader, salt=random_id, now=now)
    outcomes = auto_tune_policies(app.store, app.keys, app.reader, carry=carry, now=now)
    return {"policies": [outcome.to_map() for outcome in outcomes]}


def _load_labels(app: App, now: datetime) -> Report:
    from ratchet.labels.load import load_labels

    return load_labels(app.store, app.keys, app.reader, now=now).to_map()


def _weigh(app: App, now: datetime) -> Report:
    from ratchet.labels.weigh_and_grade import weigh_and_grade

    return weigh_and_grade(app.store, app.reader, now=now).to_map()


def _fill(app: App, now: datetime) -> Report:
    from ratchet.labels.select.fill import fill_review_queue

    return fill_review_queue(app.store, app.reader, now=now, known=True).to_map()


def _sweep(app: App, now: datetime) -> Report:
    from ratchet.observe.sweep import sweep

    return sweep(app.store, app.reader, now=now).to_map()


def _verify(app: App, now: datetime) -> Report:
    from ratchet.govern.verify import verify_all
    from ratchet.policies.verify import verify_versions

    streams = verify_all(app.store, app.keys, now=now)
    versions = verify_versions(app.store, app.keys, now=now)
    return {
        "streams": [r.to_map() for r in streams],
        "versions": [r.to_map() for r in versions],
    }


# In the order in which they run within one tick.
SCHEDULES: Mapping[str, Schedule] = {
    "score_observations": Schedule(timedelta(minutes=1), _score),
    "roll_stats": Schedule(timedelta(minutes=5), _roll),
    "roll_long_windows": Schedule(HOUR, _roll_long),
    "evaluate_rollouts": Schedule(HOUR, _evaluate),
    "auto_tune_policies": Schedule(HOUR, _tune),
    "load_labels": Schedule(DAY, _load_labels, at=2 * HOUR),
    "weigh_judges": Schedule(DAY, _weigh, at=3 * HOUR),
    "fill_review_queue": Schedule(DAY, _fill, at=4 * HOUR),
    "sweep": Schedule(DAY, _sweep),
    "verify_audit": Schedule(DAY, _verify),
}


def run_due(app: App, *, now: datetime) -> dict[str, Report]:
    """Run what is due since each last ran; returns the reports by name.

    A verb that fails stops no other, raises an alert, and is due again in the next tick.
    """
    found = app.store.get(TICKS)
    last: dict[str, datetime] = found.data["at"] if found else {}
    due = [n for n, s in SCHEDULES.items() if s.period(now) != s.period(last.get(n))]
    reports = {name: _attempt(app, name, now) for name in due}
    done = [name for name, report in reports.items() if not isinstance(report, Failure)]
    if done:
        _mark(app, done, now)
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
        "tick-failed",
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
    _mark(app, [name], now)
    return report


def _mark(app: App, names: Sequence[str], now: datetime) -> None:
    """Keep when some verbs ran, beside what others keep at the same time."""

    def mark(tx: Transaction) -> None:
        (found,) = tx.fetch([TICKS])
        last = found.data["at"] if found else {}
        tx.set(TICKS, {"v": 1, "at": last | dict.fromkeys(names, now)})

    app.store.transact(mark, self_checking=True)
