"""The scheduled functions: each runs one verb of `ticks`, which says what it does."""

import logging
from datetime import timedelta

from firebase_functions.scheduler_fn import ScheduledEvent, on_schedule

from ratchet.entry.logs import log
from ratchet.entry.options import SECONDS
from ratchet.entry.ticks import SCHEDULES, run_verb
from ratchet.entry.wiring import the_app


def cron(every: timedelta) -> str:
    """Return the schedule of a period in the syntax of Cloud Scheduler.

    >>> cron(timedelta(minutes=5)), cron(timedelta(hours=1)), cron(timedelta(days=1))
    ('every 5 minutes', 'every 1 hours', 'every 24 hours')
    """
    hours, rest = divmod(every, timedelta(hours=1))
    return f"every {every // timedelta(minutes=1)} minutes" if rest else f"every {hours} hours"


def _tick(name: str) -> None:
    app = the_app()
    report = run_verb(app, name, now=app.clock())
    log(logging.INFO, name, function=name, report=report)


@on_schedule(schedule=cron(SCHEDULES["score_observations"].every), timeout_sec=120, max_instances=1)
def score_observations(event: ScheduledEvent) -> None:
    """Score what is new and fold in late grades."""
    _tick("score_observations")


@on_schedule(
    schedule=cron(SCHEDULES["roll_stats"].every), timeout_sec=SECONDS["tick"], max_instances=1
)
def roll_stats(event: ScheduledEvent) -> None:
    """Roll the windows 1h and 24h."""
    _tick("roll_stats")


@on_schedule(
    schedule=cron(SCHEDULES["roll_long_windows"].every),
    timeout_sec=SECONDS["tick"],
    max_instances=1,
)
def roll_long_windows(event: ScheduledEvent) -> None:
    """Roll the windows 7d and 30d."""
    _tick("roll_long_windows")


@on_schedule(
    schedule=cron(SCHEDULES["auto_tune_policies"].every),
    timeout_sec=SECONDS["tick"],
    max_instances=1,
)
def auto_tune_policies(event: ScheduledEvent) -> None:
    """Propose better versions, and activate what needs nobody's judgement."""
    _tick("auto_tune_policies")


@on_schedule(schedule=cron(SCHEDULES["sweep"].every), timeout_sec=SECONDS["tick"], max_instances=1)
def sweep(event: ScheduledEvent) -> None:
    """Score what the cursors passed by."""
    _tick("sweep")


@on_schedule(
    schedule=cron(SCHEDULES["verify_audit"].every), timeout_sec=SECONDS["tick"], max_instances=1
)
def verify_audit(event: ScheduledEvent) -> None:
    """Verify every audit chain."""
    _tick("verify_audit")
