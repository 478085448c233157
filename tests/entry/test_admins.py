"""Roles: decided on the chain first, carried out then; a command that broke off is run again."""

from typing import Any

import pytest

from ratchet.entry.admins import RoleReport, grant, revoke, unfinished, with_roles
from ratchet.govern.audit import AuditEntry, verify_audit
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import InvalidInput, NotFound, RatchetError, Refused, Unavailable
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.google import FakeAccounts
from tests.support.governed import ADA, KEYS, NOON, entries, switch_flags


def give(
    store: Store, accounts: FakeAccounts, uid: str, role: Any = "admin", **options: Any
) -> RoleReport:
    given: dict[str, Any] = {"reason": "on call", "now": NOON} | options
    actor = given.pop("actor", ADA)
    return grant(store, KEYS, accounts, actor, f"{uid}@x.org", role, **given)


def take(store: Store, accounts: FakeAccounts, uid: str, **options: Any) -> RoleReport:
    given: dict[str, Any] = {"reason": "left", "now": NOON} | options
    actor = given.pop("actor", ADA)
    return revoke(store, KEYS, accounts, actor, f"{uid}@x.org", **given)


def chain(store: Store) -> list[AuditEntry]:
    """Return the configuration's entries, of a chain that verifies."""
    report = verify_audit(store, KEYS, "config")
    assert report.valid, report.text
    return entries(store, "config")


def told(store: Store) -> list[tuple[str, str, str, str]]:
    return [(e.action, e.id, e.was, e.to) for e in chain(store)]


def test_a_grant_sets_the_claim_and_is_on_the_chain(store: Store) -> None:
    accounts = FakeAccounts(ada="admin", bob=None)
    accounts.put("bob", claims={"team": "search"})
    report = give(store, accounts, "bob")
    assert (report.uid, report.role, report.changed) == ("bob", "admin", True)
    assert accounts.users["bob"].claims == {"team": "search", "role": "admin"}
    (entry,) = chain(store)
    assert (entry.actor, entry.action, entry.id) == ("ada", "grant_role", "users~bob")
    assert (entry.was, entry.to, entry.reason, entry.override) == ("", "admin", "on call", False)
    assert unfinished(store) == []


def test_a_revocation_takes_the_claim_and_ends_the_sessions(store: Store) -> None:
    accounts = FakeAccounts(ada="admin", bob="service")
    accounts.put("bob", claims={"team": "search", "role": "service"})
    assert take(store, accounts, "bob").changed
    assert accounts.users["bob"].claims == {"team": "search"}
    assert accounts.changes == [("claims", "bob"), ("sessions", "bob")]
    assert told(store) == [("revoke_role", "users~bob", "service", "")]


def test_an_admin_who_becomes_a_service_signs_in_anew(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(ada="admin", bob="admin")
    give(embedded, accounts, "bob", "service")
    assert accounts.role("bob") == "service"
    assert ("sessions", "bob") in accounts.changes


def test_a_new_admin_stays_signed_in(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(bob=None)
    give(embedded, accounts, "bob")
    assert accounts.changes == [("claims", "bob")]


def test_an_address_is_nowhere_in_the_store(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(ada="admin", bob=None)
    give(embedded, accounts, "bob")
    take(embedded, accounts, "bob")
    assert len(chain(embedded)) == 2
    assert not any("@" in str(e.to_map()) for e in chain(embedded))


def test_an_entry_follows_what_was_on_the_chain_and_keeps_its_hashes(store: Store) -> None:
    switch_flags(store)
    give(store, FakeAccounts(bob=None), "bob")
    switch_flags(store, enabled=False)
    assert [e.action for e in chain(store)] == ["set_config", "grant_role", "set_config"]


def test_a_command_that_is_repeated_changes_nothing(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(ada="admin", bob=None)
    assert give(embedded, accounts, "bob").changed
    assert not give(embedded, accounts, "bob").changed
    assert take(embedded, accounts, "bob").changed
    assert not take(embedded, accounts, "bob").changed
    assert [e.action for e in chain(embedded)] == ["grant_role", "revoke_role"]
    assert accounts.changes == [("claims", "bob"), ("claims", "bob"), ("sessions", "bob")]


def test_taking_a_role_that_nobody_gave_writes_nothing(embedded: SqliteStore) -> None:
    assert not take(embedded, FakeAccounts(ada="admin", bob=None), "bob").changed
    assert chain(embedded) == []


def test_a_role_that_was_given_elsewhere_comes_onto_the_chain(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(bob="admin")
    assert not give(embedded, accounts, "bob").changed
    assert told(embedded) == [("grant_role", "users~bob", "admin", "admin")]


def test_a_role_that_was_taken_elsewhere_comes_onto_the_chain(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(ada="admin", bob=None)
    give(embedded, accounts, "bob")
    accounts.put("bob", claims={})
    take(embedded, accounts, "bob")
    assert told(embedded)[-1] == ("revoke_role", "users~bob", "", "")
    assert ("sessions", "bob") in accounts.changes


def test_a_role_that_was_taken_elsewhere_can_be_given_again(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(ada="admin", bob=None)
    give(embedded, accounts, "bob")
    accounts.put("bob", claims={})
    assert give(embedded, accounts, "bob").changed
    assert accounts.role("bob") == "admin"
    assert len(chain(embedded)) == 2


@pytest.mark.parametrize("broken", ["claims", "sessions"])
def test_a_revocation_that_breaks_off_stands_on_the_chain_and_is_carried_out_by_a_repeat(
    store: Store, broken: str
) -> None:
    accounts = FakeAccounts(ada="admin", bob="admin")
    accounts.break_on = broken
    with pytest.raises(ConnectionError):
        take(store, accounts, "bob")
    assert told(store) == [("revoke_role", "users~bob", "admin", "")]
    assert [(c.uid, c.role) for c in unfinished(store)] == [("bob", None)]
    accounts.break_on = None
    take(store, accounts, "bob")
    assert accounts.role("bob") is None
    assert accounts.changes[-1] == ("sessions", "bob")
    assert len(chain(store)) == 1
    assert unfinished(store) == []


def test_no_claim_is_set_where_the_chain_cannot_be_written(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unavailable("no store")

    accounts = FakeAccounts(ada="admin", bob=None)
    monkeypatch.setattr(embedded, "transact", fail)
    with pytest.raises(Unavailable):
        give(embedded, accounts, "bob")
    assert accounts.changes == []


def test_the_other_decision_wins_where_it_came_later(embedded: SqliteStore) -> None:
    class Overtaken(FakeAccounts):
        """While bob's grant is being carried out, somebody revokes it."""

        def set_claims(self, uid: str, claims: Any) -> None:
            if not self.changes:
                self.changes.append(("overtaken", uid))
                take(embedded, self, uid)
            super().set_claims(uid, claims)

    accounts = Overtaken(ada="admin", bob=None)
    give(embedded, accounts, "bob")
    assert [e.action for e in chain(embedded)] == ["grant_role", "revoke_role"]
    assert accounts.role("bob") is None
    assert unfinished(embedded) == []


def test_the_last_admin_stays_unless_forced(embedded: SqliteStore) -> None:
    accounts = FakeAccounts(ada="admin", bob="service")
    accounts.users["off"] = accounts.users["ada"].model_copy(update={"uid": "off"})
    accounts.put("off", email="off@x.org", disabled=True)
    with pytest.raises(Refused, match="--force") as caught:
        take(embedded, accounts, "ada")
    assert caught.value.field == "email"
    with pytest.raises(Refused, match="another admin"):
        give(embedded, accounts, "ada", "service")
    assert (accounts.changes, chain(embedded)) == ([], [])
    take(embedded, accounts, "ada", force=True)
    (entry,) = chain(embedded)
    assert (entry.override, accounts.role("ada")) == (True, None)


def test_force_is_no_override_where_another_admin_is_left(embedded: SqliteStore) -> None:
    take(embedded, FakeAccounts(ada="admin", bob="admin"), "bob", force=True)
    assert [e.override for e in chain(embedded)] == [False]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"reason": " "}, InvalidInput),
        ({"actor": machine("tuner")}, Refused),
        ({"actor": Actor(name="root", kind="machine")}, Refused),
    ],
)
def test_only_a_person_with_a_reason_changes_roles(
    embedded: SqliteStore, options: dict[str, Any], kind: type[RatchetError]
) -> None:
    accounts = FakeAccounts(ada="admin", bob="admin")
    for command in (give, take):
        with pytest.raises(kind):
            command(embedded, accounts, "bob", **options)
    assert (accounts.changes, chain(embedded)) == ([], [])


def test_a_user_who_is_not_there_is_not_found(embedded: SqliteStore) -> None:
    for command in (give, take):
        with pytest.raises(NotFound):
            command(embedded, FakeAccounts(ada="admin"), "eve")
    assert chain(embedded) == []


def test_whoever_has_a_role_is_listed_and_nobody_else() -> None:
    accounts = FakeAccounts(zoe="admin", bob=None, svc="service", odd="root", ada="admin")
    assert [user.uid for user in with_roles(accounts)] == ["ada", "zoe", "svc"]
