"""Versions: what every policy calls active is there, as it was signed."""

from collections.abc import Iterator

from ratchet.entry.doctor.case import Case, Finding, error, ok, warning
from ratchet.policies.verify import check_versions


def check(case: Case) -> Iterator[Finding]:
    """Check the active version of every policy."""
    reports = check_versions(case.store, case.app.keys)
    for report in reports:
        if not report.valid:
            told = warning if report.fault == "status" else error
            yield told(report.text, report.mend)
    if all(report.valid for report in reports):
        yield ok(f"{len(reports)} active, each as it was signed")
