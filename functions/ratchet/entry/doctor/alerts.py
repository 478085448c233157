"""Alerts: what was raised within a day, which is how often the slowest verb looks."""

from collections.abc import Iterator
from datetime import timedelta

from ratchet.entry.doctor.case import Case, Finding, error, ok, warning
from ratchet.govern.alerts import Alert
from ratchet.store.port import Query

RECENT = timedelta(hours=25)
MEND = "ratchet alerts"


def check(case: Case) -> Iterator[Finding]:
    """Say the newest of each severity."""
    every = (Alert.from_store(found.data) for found in case.store.stream(Query(Alert.collection)))
    since = case.clock() - RECENT
    recent = sorted((a for a in every if a.last_seen > since), key=lambda a: a.last_seen)
    critical = [a for a in recent if a.severity == "critical"]
    warnings = [a for a in recent if a.severity == "warning"]
    if critical:
        newest = critical[-1]
        yield error(f"{len(critical)} critical; the newest: {newest.text}", newest.command or MEND)
    if warnings:
        newest = warnings[-1]
        yield warning(f"{len(warnings)} to see to; the newest: {newest.text}", MEND)
    if not critical and not warnings:
        yield ok("none within a day")
