"""The store: it opens, and the key is its own."""

from collections.abc import Iterator

from ratchet.entry.doctor.case import Case, Finding, ok
from ratchet.entry.wiring import FINGERPRINT


def check(case: Case) -> Iterator[Finding]:
    """Say that the store is open; what kept it shut is raised with its mend."""
    app = case.app  # opening compared the key with the fingerprint that the store keeps, if any
    if app.store.get(FINGERPRINT) is None:
        yield ok(f"{case.url} opens; no key is pinned yet: the first command that writes pins its")
    else:
        yield ok(f"{case.url} opens, and the key is its own")
