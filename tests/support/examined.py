"""Cases to examine: a store, an instant, and Google's side as a test has it."""

from datetime import datetime
from typing import Any

from ratchet.entry.doctor import CHECKS
from ratchet.entry.doctor.case import Case, Finding, Google
from ratchet.entry.wiring import wire
from ratchet.kernel.errors import NotFound, RatchetError
from ratchet.store.port import Store
from tests.support.google import NOON, FakeAccounts, FakeIndexes, FakeScheduler, FakeSession
from tests.support.governed import KEYS

CLOUD = "firestore://p-1"
EMBEDDED = "memory:"
DATABASE = "/v1/projects/p-1/databases/(default)"
SHUT = NotFound("there is no store", mend="ratchet seed")


def google(
    session: FakeSession | RatchetError | None = None,
    scheduler: FakeScheduler | None = None,
    indexes: FakeIndexes | None = None,
    accounts: FakeAccounts | None = None,
) -> Google:
    """Return Google's side."""

    def open_session() -> Any:
        if isinstance(session, RatchetError):
            raise session
        return session

    return Google(
        session=open_session,
        scheduler=lambda: scheduler or FakeScheduler(),
        indexes=lambda: indexes or FakeIndexes(),
        accounts=lambda place: accounts or FakeAccounts(),
    )


def case(
    store: Store | None = None,
    *,
    url: str = EMBEDDED,
    now: datetime = NOON,
    side: Google | None = None,
) -> Case:
    """Return a case; without a store it is one that did not open."""
    opened = wire(store, KEYS, lambda: now) if store else SHUT
    return Case(url, opened, lambda: now, side or google())


def found(name: str, about: Case) -> list[tuple[str, str, str]]:
    """Return severity, text and mend of what a check found."""
    return [(f.severity, f.text, f.mend) for f in run(name, about)]


def run(name: str, about: Case) -> list[Finding]:
    """Run one check; what it lacks counts as nothing found."""
    check = CHECKS[name]
    return [] if about.lacks(check.needs) else list(check.run(about))
