"""Users through firebase_admin, over HTTP as it speaks to the Auth emulator."""

import json
from collections.abc import Iterator

import firebase_admin  # type: ignore[import-untyped]  # it ships no types
import pytest

from ratchet.entry.accounts import FirebaseAccounts
from ratchet.entry.cloud import Place
from ratchet.kernel.errors import InvalidInput, NotFound, RatchetError, Refused, Unavailable
from tests.support.auth_server import AuthServer, serving_users

BOB = {
    "localId": "u-bob",
    "email": "bob@x.org",
    "customAttributes": '{"team":"search","role":"service"}',
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AuthServer]:
    with serving_users(dict(BOB), {"localId": "u-2"}, {"localId": "u-3", "disabled": True}) as up:
        monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", up.host)
        yield up
    for name in [name for name in firebase_admin._apps if name.startswith("ratchet-")]:
        firebase_admin.delete_app(firebase_admin.get_app(name))


@pytest.fixture
def accounts(server: AuthServer) -> FirebaseAccounts:
    return FirebaseAccounts(Place("p-1"))


def test_a_user_is_found_by_address_and_by_uid(accounts: FirebaseAccounts) -> None:
    found = accounts.by_email("bob@x.org")
    assert (found.uid, found.email, found.role) == ("u-bob", "bob@x.org", "service")
    assert found.claims["team"] == "search"
    assert accounts.by_uid("u-bob") == found


def test_everyone_is_listed_over_all_pages(server: AuthServer, accounts: FirebaseAccounts) -> None:
    server.page = 2
    found = list(accounts.everyone())
    assert [user.uid for user in found] == ["u-bob", "u-2", "u-3"]
    assert [user.disabled for user in found] == [False, False, True]
    assert [user.role for user in found] == ["service", None, None]


def test_claims_are_replaced_and_sessions_end(
    server: AuthServer, accounts: FirebaseAccounts
) -> None:
    accounts.set_claims("u-bob", {"role": "admin"})
    assert json.loads(server.users["u-bob"]["customAttributes"]) == {"role": "admin"}
    assert "validSince" not in server.users["u-bob"]
    accounts.end_sessions("u-bob")
    assert int(server.users["u-bob"]["validSince"]) > 1_700_000_000


def test_two_doors_to_one_project_are_no_error(accounts: FirebaseAccounts) -> None:
    assert FirebaseAccounts(Place("p-1")).by_email("bob@x.org") == accounts.by_email("bob@x.org")


def test_an_unknown_address_is_not_found_and_says_what_to_do(accounts: FirebaseAccounts) -> None:
    with pytest.raises(NotFound) as caught:
        accounts.by_email("eve@x.org")
    assert caught.value.field == "email"
    assert "sign in once" in caught.value.mend


def test_what_is_no_address_is_refused_unasked(accounts: FirebaseAccounts) -> None:
    with pytest.raises(InvalidInput):
        accounts.by_email("bob")


@pytest.mark.parametrize(
    ("fails", "kind"),
    [
        ("INSUFFICIENT_PERMISSION", Refused),
        ("CONFIGURATION_NOT_FOUND", NotFound),
        ("SOMETHING_ELSE", RatchetError),
    ],
)
def test_an_error_of_firebase_becomes_ours(
    server: AuthServer, accounts: FirebaseAccounts, fails: str, kind: type[RatchetError]
) -> None:
    server.fails = fails
    with pytest.raises(kind) as caught:
        accounts.by_email("bob@x.org")
    assert caught.value.mend


def test_a_firebase_that_is_not_there_is_unavailable(
    accounts: FirebaseAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:1")
    away = FirebaseAccounts(Place("p-away"))
    with pytest.raises(Unavailable):
        away.by_email("bob@x.org")
