"""Google's credentials: there are some."""

from collections.abc import Iterator

from ratchet.entry.doctor.case import Case, Finding, ok


def check(case: Case) -> Iterator[Finding]:
    """Find the default credentials; what is missing is raised with its mend."""
    credentials = case.google.session().credentials
    who = getattr(credentials, "service_account_email", "")
    yield ok(f"service account {who}" if who else "the credentials of a person")
