"""Roles: somebody is an admin, and every decision about a role was carried out."""

from collections.abc import Iterator

from ratchet.entry.admins import unfinished, with_roles
from ratchet.entry.cloud import auth_emulated, emulated, store_place
from ratchet.entry.doctor.case import Case, Finding, error, ok, skipped, warning

GRANT = "ratchet admin grant EMAIL --role admin --reason ..."
REVOKE = "ratchet admin revoke EMAIL --reason ..."


def check(case: Case) -> Iterator[Finding]:
    """Count the admins of Firebase Auth."""
    if store_place(case.url) is None:
        yield skipped("an embedded store has no users")
        return
    for change in unfinished(case.store):
        told = f"user {change.uid} was to have {change.role or 'no role'}; that was not carried out"
        yield warning(told, GRANT.replace("admin -", f"{change.role} -") if change.role else REVOKE)
    if emulated() and not auth_emulated():
        yield skipped("FIREBASE_AUTH_EMULATOR_HOST is not set")
        return
    users = with_roles(case.google.accounts(case.place))
    admins = sum(user.role == "admin" and not user.disabled for user in users)
    if admins:
        yield ok(f"{admins} with the role admin, {len(users)} with any")
    else:
        yield error("nobody has the role admin", GRANT)
