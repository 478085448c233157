"""Roles of people: a claim of their Firebase user, decided on the configuration's audit chain.

The decision is written first and then carried out, so that no role is held which the chain does
not know of. A command that died in between is run again: it goes on from the decision that stands
and writes no second one.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from ratchet.entry.accounts import Accounts, User
from ratchet.govern.audit import link
from ratchet.govern.chain_heads import config_head
from ratchet.govern.config import CHECKPOINTS
from ratchet.govern.roles import Actor, Role, require_admin, require_reason
from ratchet.kernel.document import Document, Model
from ratchet.kernel.errors import Refused
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.store.port import Query, Store
from ratchet.store.transact import Transaction

GRANT, REVOKE = "grant_role", "revoke_role"


class RoleChange(Document):
    """The last decision about a user: the role, none if it was taken, and whether it holds yet.

    `sequence` is that of its audit entry. The user is named by the uid alone.
    """

    collection: ClassVar[str] = CHECKPOINTS

    uid: str
    role: Role | None = None
    sequence: int
    carried_out: bool = False

    def key(self) -> str:
        """Return the user's place among the checkpoints."""
        return join_key("role", self.uid)


class RoleReport(Model):
    """What became of a command about one user."""

    uid: str
    email: str
    role: Role | None = None
    changed: bool


def grant(
    store: Store,
    keys: Keys,
    accounts: Accounts,
    actor: Actor,
    email: str,
    role: Role,
    *,
    reason: str,
    now: datetime,
) -> RoleReport:
    """Give a user a role, in place of any other.

    Raises: NotFound for an unknown user; Refused for the machine, or to take the last admin's
    role; InvalidInput without a reason.
    """
    _check(actor, reason, GRANT)
    user = accounts.by_email(email)
    if role != "admin" and user.role == "admin" and _is_last_admin(accounts, user):
        raise _last_admin("grant another admin first")
    decide = _decision(keys, actor, user, role, reason=reason, now=now)
    return _settle(store, accounts, user, decide, role)


def revoke(
    store: Store,
    keys: Keys,
    accounts: Accounts,
    actor: Actor,
    email: str,
    *,
    reason: str,
    now: datetime,
    force: bool = False,
) -> RoleReport:
    """Take a user's role and end every session; tokens that are out live on for up to an hour.

    Raises: NotFound for an unknown user; Refused for the machine, or for the last admin without
    `force`; InvalidInput without a reason.
    """
    _check(actor, reason, REVOKE)
    user = accounts.by_email(email)
    last = user.role == "admin" and _is_last_admin(accounts, user)
    if last and not force:
        raise _last_admin("grant another admin first, or say --force")
    decide = _decision(keys, actor, user, None, reason=reason, now=now, override=last)
    return _settle(store, accounts, user, decide, None)


def with_roles(accounts: Accounts) -> list[User]:
    """Return the users that have a role, admins first."""
    found = [user for user in accounts.everyone() if user.role]
    return sorted(found, key=lambda user: (user.role or "", user.email))


def unfinished(store: Store) -> list[RoleChange]:
    """Return the decisions that were not carried out."""
    prefix = join_key("role", "")
    changes = []
    for found in store.stream(Query(CHECKPOINTS, start_after=(prefix,))):
        if not found.ref.id.startswith(prefix):
            break
        changes.append(RoleChange.from_store(found.data))
    return [change for change in changes if not change.carried_out]


def _check(actor: Actor, reason: str, action: str) -> None:
    require_admin(actor, action)
    require_reason(actor, reason, action)
    if actor.kind == "machine":
        raise Refused("only a person changes roles", field="actor")


def _is_last_admin(accounts: Accounts, user: User) -> bool:
    others = (u for u in accounts.everyone() if u.uid != user.uid and not u.disabled)
    return not any(other.role == "admin" for other in others)


def _last_admin(mend: str) -> Refused:
    return Refused("nobody else is an admin", field="email", mend=mend)


def _settle(
    store: Store,
    accounts: Accounts,
    user: User,
    decide: Callable[[Transaction], RoleChange | None],
    role: Role | None,
) -> RoleReport:
    change = store.transact(decide)
    while change is not None and not change.carried_out:
        _carry_out(accounts, change)
        change = _close(store, change)
    return RoleReport(uid=user.uid, email=user.email, role=role, changed=user.role != role)


def _decision(
    keys: Keys,
    actor: Actor,
    user: User,
    role: Role | None,
    *,
    reason: str,
    now: datetime,
    override: bool = False,
) -> Callable[[Transaction], RoleChange | None]:
    """Return the body that puts a decision on the chain, unless it stands there already."""

    def body(tx: Transaction) -> RoleChange | None:
        head = config_head(tx)
        last = tx.find(RoleChange, join_key("role", user.uid))
        if last and last.role == role and not last.carried_out:
            return last
        if user.role == role == (last.role if last else None):
            return None
        entry = link(
            keys,
            head,
            actor,
            GRANT if role else REVOKE,
            join_key("users", user.uid),
            now=now,
            payload={"uid": user.uid, "role": role},
            was=user.role or "",
            to=role or "",
            reason=reason,
            override=override,
        )
        change = RoleChange(uid=user.uid, role=role, sequence=entry.sequence)
        tx.put(head.after(entry))
        tx.put(entry)
        tx.put(change)
        return change

    return body


def _carry_out(accounts: Accounts, change: RoleChange) -> None:
    """Make the user's claims what was decided; safe to do twice."""
    user = accounts.by_uid(change.uid)
    claims = _with_role(user.claims, change.role)
    if claims != user.claims:
        accounts.set_claims(user.uid, claims)
    if change.role != "admin":
        accounts.end_sessions(user.uid)


def _with_role(claims: Mapping[str, Any], role: Role | None) -> dict[str, Any]:
    others = {name: value for name, value in claims.items() if name != "role"}
    return others | {"role": role} if role else others


def _close(store: Store, done: RoleChange) -> RoleChange:
    """Mark a decision as carried out; one that came after it is returned, to be carried out too."""

    def body(tx: Transaction) -> RoleChange:
        present = tx.get(RoleChange, done.key())
        if present.sequence != done.sequence:
            return present.model_copy(update={"carried_out": False})
        closed = present.model_copy(update={"carried_out": True})
        tx.put(closed)
        return closed

    return store.transact(body)
