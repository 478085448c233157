"""Commands about roles: the users of Firebase Auth who may do what."""

from typing import Annotated

import typer

from ratchet.entry.accounts import Accounts, FirebaseAccounts
from ratchet.entry.admins import RoleReport, grant, revoke, with_roles
from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    emit,
    emit_lines,
    opened,
    say,
    table,
)
from ratchet.entry.cloud import auth_emulated, emulated, store_place
from ratchet.govern.roles import Role
from ratchet.kernel.errors import InvalidInput, Refused

app = typer.Typer(
    help="Roles of people. Roles of service accounts stand in config/access.", no_args_is_help=True
)

Email = Annotated[str, typer.Argument(help="The address that the user signs in with.")]


@app.command("grant")
def grant_(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    reason: Reason,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Give a user a role; it holds from the next token on, within the hour or a new sign-in."""
    accounts = _accounts(store)
    with opened(store) as a:
        report = grant(
            a.store, a.keys, accounts, actor(by), email, role, reason=reason, now=a.clock()
        )
    _tell(report, as_json)


@app.command("revoke")
def revoke_(
    email: Email,
    reason: Reason,
    force: Annotated[bool, typer.Option("--force", help="Even the last admin's.")] = False,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Take a user's role, and end every session of theirs."""
    accounts = _accounts(store)
    with opened(store) as a:
        report = revoke(
            a.store,
            a.keys,
            accounts,
            actor(by),
            email,
            reason=reason,
            now=a.clock(),
            force=force,
        )
    _tell(report, as_json)


@app.command("list")
def list_users(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show who has a role."""
    users = with_roles(_accounts(store))
    if as_json:
        shown = ({"email": u.email, "role": u.role, "uid": u.uid, "off": u.disabled} for u in users)
        emit_lines(shown)
        return
    rows = [(u.email, u.role, u.uid, "disabled" if u.disabled else "") for u in users]
    table(("email", "role", "uid", ""), rows)


def _accounts(store: str | None) -> Accounts:
    """Return the users of the store's project; one side emulated and the other real is refused."""
    place = store_place(store)
    if place is None:
        raise InvalidInput(
            "an embedded store has no users",
            field="store",
            mend="name the project: --store firestore://PROJECT",
        )
    if emulated() != auth_emulated():
        missing = "FIREBASE_AUTH_EMULATOR_HOST" if emulated() else "FIRESTORE_EMULATOR_HOST"
        raise Refused(
            "one of Firestore and Firebase Auth is an emulator, and the other is not",
            field=missing,
            mend=f"set {missing} too, or neither",
        )
    return FirebaseAccounts(place)


def _tell(report: RoleReport, as_json: bool) -> None:
    if as_json:
        emit(report.to_wire())
    elif not report.changed:
        say(f"{report.email} has {f'the role {report.role}' if report.role else 'no role'} already")
    elif report.role:
        say(f"{report.email} has the role {report.role} from the next token on")
    else:
        say(f"{report.email} has no role, and every session is ended")
