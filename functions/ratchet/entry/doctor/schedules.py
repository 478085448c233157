"""Schedules: something runs every verb, and each ran lately."""

from collections.abc import Iterator
from datetime import timedelta

from ratchet.entry.doctor.case import Case, Finding, error, ok, warning
from ratchet.entry.jobs import MISSING, Job, cloud_jobs, last_runs, shown
from ratchet.entry.ticks import SCHEDULES
from ratchet.kernel.clock import HOUR

TICKER = "ratchet tick --watch"
# A verb may be this much late: one run that failed and a slow one.
PERIODS, GRACE = 3, timedelta(minutes=2)


def check(case: Case) -> Iterator[Finding]:
    """Look at Cloud Scheduler's jobs; without it, at what the ticker ran."""
    found = list(_jobs(case) if case.in_cloud else _ticks(case))
    yield from found
    if not found:
        yield ok(f"{len(SCHEDULES)} verbs ran lately")


def _jobs(case: Case) -> Iterator[Finding]:
    for job in cloud_jobs(case.google.scheduler(), case.place):
        if job.verb:
            yield from _judge(job, case)


def _judge(job: Job, case: Case) -> Iterator[Finding]:
    verb = job.verb
    if job.state == MISSING:
        yield error(f"{verb}: nothing runs it", job.mend)
    elif job.state != "enabled":
        yield warning(f"{verb}: the job is {job.state}", f"ratchet schedules resume {verb}")
    elif job.last_attempt is None:
        yield warning(f"{verb}: never ran yet", f"ratchet schedules run {verb}")
    elif job.last_status != "OK":
        yield error(f"{verb}: the last run ended with {job.last_status}", "see the function's log")
    elif (age := case.clock() - job.last_attempt) > _patience(verb):
        yield error(f"{verb}: last ran {_hours(age)} ago", f"ratchet schedules run {verb}")


def _ticks(case: Case) -> Iterator[Finding]:
    last, now = last_runs(case.store), case.clock()
    never = [verb for verb in SCHEDULES if verb not in last]
    if never:
        yield warning(f"never ran yet: {', '.join(never)}", TICKER)
    for verb in SCHEDULES:
        age = now - last.get(verb, now)
        if age > _patience(verb):
            yield warning(f"{verb}: last ran {_hours(age)} ago", TICKER)


def _patience(verb: str) -> timedelta:
    return PERIODS * SCHEDULES[verb].every + GRACE


def _hours(age: timedelta) -> str:
    return f"{age / HOUR:.1f} h" if age >= HOUR else shown(timedelta(minutes=age.seconds // 60))
