"""Roles on the command line, against the Auth emulator's REST and the Firestore emulator."""

from collections.abc import Iterator

import firebase_admin  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.emulator.server import PROJECT, clear
from tests.support.auth_server import AuthServer, serving_users
from tests.support.commands import Ratchet

STORE = ("--store", f"firestore://{PROJECT}")
WHY = ("--reason", "on call")


@pytest.fixture
def users(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch, emulator_host: str
) -> Iterator[AuthServer]:
    clear(emulator_host)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator_host)
    with serving_users(
        {"localId": "u-ada", "email": "ada@x.org"}, {"localId": "u-bob", "email": "bob@x.org"}
    ) as server:
        server.project = PROJECT
        monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", server.host)
        yield server
    firebase_admin.delete_app(firebase_admin.get_app(f"ratchet-{PROJECT}"))


@pytest.mark.emulator
def test_roles_are_given_shown_and_taken_and_are_on_the_chain(
    ratchet: Ratchet, users: AuthServer
) -> None:
    ran = ratchet("admin", "grant", "ada@x.org", "--role", "admin", *WHY, "--by", "eve", *STORE)
    assert ran.out == "ada@x.org has the role admin from the next token on\n"
    ran = ratchet("admin", "grant", "bob@x.org", "--role", "service", *WHY, *STORE, "--json")
    assert ran.json == {"uid": "u-bob", "email": "bob@x.org", "role": "service", "changed": True}
    listed = ratchet("admin", "list", *STORE, "--json").lines
    assert [(x["email"], x["role"]) for x in listed] == [
        ("ada@x.org", "admin"),
        ("bob@x.org", "service"),
    ]
    assert "u-bob" in ratchet("admin", "list", *STORE).out
    ran = ratchet("admin", "revoke", "bob@x.org", *WHY, *STORE)
    assert ran.out == "bob@x.org has no role, and every session is ended\n"
    assert "validSince" in users.users["u-bob"]
    ran = ratchet("admin", "revoke", "bob@x.org", *WHY, *STORE)
    assert ran.out == "bob@x.org has no role already\n"
    log = ratchet("audit", "log", "config", *STORE, "--json")
    assert [(e["action"], e["id"], e["to"]) for e in log.lines] == [
        ("grant_role", "users~u-ada", "admin"),
        ("grant_role", "users~u-bob", "service"),
        ("revoke_role", "users~u-bob", ""),
    ]
    assert log.lines[0]["actor"] == "eve"
    assert "x.org" not in log.out
    assert ratchet("audit", "verify", *STORE).status == 0


@pytest.mark.emulator
def test_the_last_admin_is_only_taken_by_force(ratchet: Ratchet, users: AuthServer) -> None:
    assert ratchet("admin", "grant", "ada@x.org", "--role", "admin", *WHY, *STORE).status == 0
    ran = ratchet("admin", "revoke", "ada@x.org", *WHY, *STORE, "--json")
    assert (ran.status, ran.error["code"]) == (4, "RATCHET-3001")
    assert "--force" in ran.error["mend"]
    assert ratchet("admin", "revoke", "ada@x.org", *WHY, "--force", *STORE).status == 0


@pytest.mark.emulator
def test_what_is_wrong_with_a_command_is_named(ratchet: Ratchet, users: AuthServer) -> None:
    role = ("--role", "admin")
    ran = ratchet("admin", "grant", "eve@x.org", *role, *WHY, *STORE, "--json")
    assert (ran.status, ran.error["field"]) == (3, "email")
    ran = ratchet("admin", "grant", "ada@x.org", *role, "--reason", " ", *STORE, "--json")
    assert (ran.status, ran.error["field"]) == (2, "reason")
    assert ratchet("admin", "grant", "ada@x.org", "--role", "root", *WHY, *STORE).status == 2
    assert ratchet("admin", "grant", "ada@x.org", *WHY, *STORE).status == 2
    assert ratchet("admin", "list", *STORE).out == "nothing to show\n"


def test_an_embedded_store_has_no_users(ratchet: Ratchet) -> None:
    ran = ratchet("admin", "list", "--json")
    assert (ran.status, ran.error["field"]) == (2, "store")
    assert "firestore://" in ran.error["mend"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST"),
        ("FIREBASE_AUTH_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"),
    ],
)
def test_an_emulated_side_never_meets_a_real_one(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch, one: str, other: str
) -> None:
    monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(one, "127.0.0.1:1")
    ran = ratchet("admin", "grant", "ada@x.org", "--role", "admin", *WHY, *STORE, "--json")
    assert (ran.status, ran.error["field"]) == (4, other)
