"""The scheduled functions: each runs the verb of its name in `ticks`, which says what it does."""

import functools
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from firebase_functions.options import MemoryOption
from firebase_functions.scheduler_fn import ScheduledEvent, on_schedule
from flask import Request, Response

from ratchet.entry.logs import TRACE, log, trace_of
from ratchet.entry.options import SECONDS
from ratchet.entry.ticks import SCHEDULES, run_verb
from ratchet.entry.wiring import the_app
from ratchet.kernel.clock import EPOCH

Handler = Callable[[Request], Response]
# The SDK hands a name on as it is; the type that it wants needs a database of zones.
_UTC: Any = "UTC"


def cron(every: timedelta, at: timedelta = timedelta(0)) -> str:
    """Return the schedule of a period, or of a time of a day or week, as Cloud Scheduler has it.

    >>> cron(timedelta(minutes=5)), cron(timedelta(hours=1)), cron(timedelta(days=1))
    ('every 5 minutes', 'every 1 hours', 'every 24 hours')
    >>> cron(timedelta(days=1), timedelta(hours=2))
    'every day 02:00'
    >>> cron(timedelta(days=7), timedelta(hours=6))
    'every thursday 06:00'
    """
    if at:
        day = f"{EPOCH:%A}".lower() if every == timedelta(days=7) else "day"
        return f"every {day} {EPOCH + at:%H:%M}"
    hours, rest = divmod(every, timedelta(hours=1))
    return f"every {every // timedelta(minutes=1)} minutes" if rest else f"every {hours} hours"


def scheduled(
    name: str, *, seconds: int = SECONDS["tick"], memory: MemoryOption | None = None
) -> Handler:
    """Make a verb of `ticks` the scheduled function of its name; whatever it raises is a 500."""

    def run(event: ScheduledEvent) -> None:
        app = the_app()
        report = run_verb(app, name, now=app.clock())
        log(logging.INFO, name, function=name, report=report)

    run.__name__ = run.__qualname__ = name
    declare = on_schedule(
        schedule=cron(SCHEDULES[name].every, SCHEDULES[name].at),
        timezone=_UTC,
        timeout_sec=seconds,
        memory=memory,
        max_instances=1,
    )
    declared: Any = declare(run)

    @functools.wraps(declared)
    def handler(request: Request) -> Response:
        if request.method == "GET":
            return Response()  # the functions emulator looks whether a worker is up
        trace = TRACE.set(trace_of(request.headers))
        try:
            answer: Response = declared(request)
        finally:
            TRACE.reset(trace)
        return answer

    return handler


score_observations = scheduled("score_observations", seconds=120)
roll_stats = scheduled("roll_stats")
roll_long_windows = scheduled("roll_long_windows")
evaluate_rollouts = scheduled("evaluate_rollouts")
auto_tune_policies = scheduled("auto_tune_policies")
compare_fleet = scheduled("compare_fleet")
refresh_cards = scheduled("refresh_cards")
run_studies = scheduled("run_studies")
load_labels = scheduled("load_labels")
weigh_judges = scheduled("weigh_judges")
fill_review_queue = scheduled("fill_review_queue")
collect_examples = scheduled("collect_examples", memory=MemoryOption.GB_2)
build_datasets = scheduled("build_datasets", seconds=SECONDS["job"], memory=MemoryOption.GB_4)
report_datasets = scheduled("report_datasets")
retain_observations = scheduled("retain_observations", memory=MemoryOption.GB_2)
sweep_blobs = scheduled("sweep_blobs")
sweep = scheduled("sweep")
verify_audit = scheduled("verify_audit")
watch_alerts = scheduled("watch_alerts")
deliver_alerts = scheduled("deliver_alerts")
