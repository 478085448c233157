"""The store: it opens, and the key is its own."""

from collections.abc import Iterator

from ratchet.entry.doctor.case import Case, Finding, ok


def check(case: Case) -> Iterator[Finding]:
    """Say that the store is open; what kept it shut is raised with its mend."""
    app = case.app  # opening compared the key with the fingerprint that the store keeps
    app.store.get_many([])
    yield ok(f"{case.url} opens, and the key is its own")
