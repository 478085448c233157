"""Alerts: what stands and was seen within a day, which is how often the slowest verb looks."""

from collections.abc import Iterator
from datetime import timedelta

from ratchet.entry.doctor.case import Case, Finding, error, ok, warning
from ratchet.govern.alerts.read import list_alerts
from ratchet.kernel.errors import RatchetError

RECENT = timedelta(hours=25)
MEND = "ratchet alerts"


def check(case: Case) -> Iterator[Finding]:
    """Say the newest of each severity that nobody sees to yet."""
    spoiled: list[RatchetError] = []
    since = case.clock() - RECENT
    standing = list_alerts(case.store, tell=spoiled.append)
    recent = [a for a in standing if a.last_seen > since and a.state == "open"]
    critical = [a for a in recent if a.severity == "critical"]
    warnings = [a for a in recent if a.severity == "warning"]
    if critical:
        newest = critical[0]
        yield error(f"{len(critical)} critical; the newest: {newest.text}", newest.command or MEND)
    if warnings:
        newest = warnings[0]
        yield warning(f"{len(warnings)} to see to; the newest: {newest.text}", MEND)
    for broken in spoiled:
        yield warning(broken.message, MEND)
    if not critical and not warnings and not spoiled:
        yield ok("none within a day")
