"""What a check is handed and what it answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ratchet.entry.accounts import Accounts, FirebaseAccounts
from ratchet.entry.cloud import (
    Place,
    authorized_session,
    emulated,
    google_errors,
    store_place,
    wanted_packages,
)
from ratchet.entry.jobs import Scheduler, scheduler_client
from ratchet.entry.wiring import App
from ratchet.kernel.clock import Clock, system_clock
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.store.port import Store

Severity = Literal["ok", "warning", "error", "skipped"]
# What a check cannot do without: a store that opened, a project in Google Cloud, or one of both.
Needs = Literal["nothing", "store", "cloud", "either"]


class Finding(Model):
    """What a check found, how bad it is, and what mends it."""

    check: str = ""
    severity: Severity
    text: str
    mend: str = ""


def ok(text: str) -> Finding:
    """All is well."""
    return Finding(severity="ok", text=text)


def warning(text: str, mend: str) -> Finding:
    """Something to see to, that stops nothing yet."""
    return Finding(severity="warning", text=text, mend=mend)


def error(text: str, mend: str) -> Finding:
    """Something that does not work, or is open to misuse."""
    return Finding(severity="error", text=text, mend=mend)


def skipped(text: str) -> Finding:
    """There was nothing to look at, for a reason."""
    return Finding(severity="skipped", text=text)


def index_client() -> Any:
    """Return a client of Firestore's administration.

    Raises: Refused without credentials, InvalidInput without the packages.
    """
    with wanted_packages("Firestore", "server"):
        from google.cloud.firestore_admin_v1 import FirestoreAdminClient
    with google_errors("Firestore", "roles/datastore.viewer"):
        return FirestoreAdminClient()


@dataclass(frozen=True)
class Google:
    """The clients of Google, each made when a check asks for it."""

    session: Callable[[], Any] = authorized_session
    scheduler: Callable[[], Scheduler] = scheduler_client
    indexes: Callable[[], Any] = index_client
    accounts: Callable[[Place], Accounts] = FirebaseAccounts


@dataclass(frozen=True)
class Case:
    """One store under examination: the app, or why it did not open."""

    url: str
    opened: App | RatchetError
    clock: Clock = system_clock
    google: Google = Google()

    @property
    def app(self) -> App:
        """The open app; raises what kept it shut."""
        if isinstance(self.opened, RatchetError):
            raise self.opened
        return self.opened

    @property
    def store(self) -> Store:
        """The open store."""
        return self.app.store

    @property
    def place(self) -> Place:
        """Where the store is in Google Cloud."""
        place = store_place(self.url)
        if place is None:
            raise InvalidInput("an embedded store is nowhere in Google Cloud", field="store")
        return place

    @property
    def in_cloud(self) -> bool:
        """Whether the store is in Google Cloud, and no emulator stands in for it."""
        return not self.lacks("cloud")

    def lacks(self, needs: Needs) -> str:
        """Return why a check has nothing to look at, empty where it has."""
        if needs == "store" or (needs == "either" and not self.in_cloud):
            return "the store did not open" if isinstance(self.opened, RatchetError) else ""
        if needs == "cloud" and store_place(self.url) is None:
            return "an embedded store needs none"
        return "an emulator needs none" if needs == "cloud" and emulated() else ""


@dataclass(frozen=True)
class Check:
    """A member of the registry."""

    run: Callable[[Case], Iterator[Finding]]
    needs: Needs = "nothing"
