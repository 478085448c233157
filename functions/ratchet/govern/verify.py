"""Verify every audit chain; a broken one raises an alert."""

from datetime import datetime

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.audit import ChainReport, audit_streams, verify_audit
from ratchet.kernel.keys import Keys
from ratchet.store.port import Store


def verify_all(store: Store, keys: Keys, *, now: datetime) -> list[ChainReport]:
    """Verify each stream; returns a report for each."""
    reports = [verify_audit(store, keys, stream) for stream in audit_streams(store)]
    for report in reports:
        if not report.valid:
            about = alert(
                "audit-broken",
                report.stream,
                "critical",
                f"the audit chain of {report.stream} is broken: {report.text}",
                now=now,
                command=f"ratchet audit verify {report.stream}",
                evidence={"entry": report.entry, "fault": report.fault},
            )
            raise_alert(store, about)
    return reports
