"""Roles: somebody is an admin, and no decision is left half done."""

import pytest

from ratchet.entry.admins import grant, revoke
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.examined import CLOUD, case, found, google
from tests.support.google import FakeAccounts
from tests.support.governed import ADA, KEYS, NOON


def look(store: Store, accounts: FakeAccounts) -> list[tuple[str, str, str]]:
    return found("roles", case(store, url=CLOUD, side=google(accounts=accounts)))


def test_an_admin_is_enough(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(ada="admin", svc="service", bob=None)
    assert look(embedded, accounts) == [("ok", "1 with the role admin, 2 with any", "")]


def test_without_an_admin_the_mend_is_to_grant(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(svc="service", off="admin")
    accounts.put("off", disabled=True)
    assert look(embedded, accounts) == [
        (
            "error",
            "nobody has the role admin",
            "ratchet admin grant EMAIL --role admin --reason ...",
        )
    ]


def test_a_decision_that_was_not_carried_out_is_named_with_its_command(store: Store) -> None:
    accounts = FakeAccounts(ada="admin", bob=None, eve="service")
    accounts.break_on = "claims"
    with pytest.raises(ConnectionError):
        grant(store, KEYS, accounts, ADA, "bob@x.org", "service", reason="x", now=NOON)
    with pytest.raises(ConnectionError):
        revoke(store, KEYS, accounts, ADA, "eve@x.org", reason="x", now=NOON)
    bob, eve, rest = look(store, accounts)
    assert (bob[0], "user bob was to have service" in bob[1]) == ("warning", True)
    assert bob[2] == "ratchet admin grant EMAIL --role service --reason ..."
    assert (eve[0], eve[2]) == ("warning", "ratchet admin revoke EMAIL --reason ...")
    assert rest[0] == "ok"


def test_an_embedded_store_has_no_users(embedded: SqliteStore) -> None:
    ((severity, _, _),) = found("roles", case(embedded))
    assert severity == "skipped"


def test_an_emulated_store_does_not_ask_a_real_firebase(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    ((severity, text, _),) = look(embedded, FakeAccounts())
    assert (severity, "FIREBASE_AUTH_EMULATOR_HOST" in text) == ("skipped", True)
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:1")
    assert look(embedded, FakeAccounts())[0][0] == "error"
