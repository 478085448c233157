"""The users of Firebase Auth, as much of them as roles need."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from ratchet.entry.cloud import LOGIN, Place, denied, wanted_packages
from ratchet.govern.roles import Role
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound, Refused, Unavailable

ROLE = "roles/firebaseauth.admin"
WHAT = "Firebase Auth"


class User(Model):
    """A user and the claims that every token of theirs carries."""

    uid: str
    email: str = ""
    claims: dict[str, Any] = {}
    disabled: bool = False

    @property
    def role(self) -> Role | None:
        """The role that the claims give; any other value gives none."""
        found = self.claims.get("role")
        return found if found in ("admin", "service") else None


class Accounts(Protocol):
    """What is asked of Firebase Auth."""

    def by_email(self, email: str) -> User:
        """Return a user, else NotFound."""

    def by_uid(self, uid: str) -> User:
        """Return a user, else NotFound."""

    def everyone(self) -> Iterator[User]:
        """Yield every user; Firebase finds none by its claims."""

    def set_claims(self, uid: str, claims: Mapping[str, Any]) -> None:
        """Replace a user's claims."""

    def end_sessions(self, uid: str) -> None:
        """Revoke a user's refresh tokens."""


class FirebaseAccounts:
    """The users of one project, through firebase_admin."""

    def __init__(self, place: Place) -> None:
        with wanted_packages(WHAT, "server"):
            import firebase_admin  # type: ignore[import-untyped]  # it ships no types
            from firebase_admin import auth
        self._auth: Any = auth
        name = f"ratchet-{place.project}"
        if name in firebase_admin._apps:
            self._app = firebase_admin.get_app(name)
        else:
            options = {"projectId": place.project}
            self._app = firebase_admin.initialize_app(options=options, name=name)

    def by_email(self, email: str) -> User:
        """Return a user, else NotFound."""
        with _translated(email):
            return _user(self._auth.get_user_by_email(email, app=self._app))

    def by_uid(self, uid: str) -> User:
        """Return a user, else NotFound."""
        with _translated(uid):
            return _user(self._auth.get_user(uid, app=self._app))

    def everyone(self) -> Iterator[User]:
        """Yield every user, a thousand a request."""
        with _translated("the users"):
            for found in self._auth.list_users(app=self._app).iterate_all():
                yield _user(found)

    def set_claims(self, uid: str, claims: Mapping[str, Any]) -> None:
        """Replace a user's claims."""
        with _translated(uid):
            self._auth.set_custom_user_claims(uid, dict(claims), app=self._app)

    def end_sessions(self, uid: str) -> None:
        """Revoke a user's refresh tokens."""
        with _translated(uid):
            self._auth.revoke_refresh_tokens(uid, app=self._app)


def _user(found: Any) -> User:
    return User(
        uid=found.uid,
        email=found.email or "",
        claims=found.custom_claims or {},
        disabled=bool(found.disabled),
    )


@contextmanager
def _translated(who: str) -> Iterator[None]:
    """Turn the errors of firebase_admin into ours."""
    from firebase_admin import auth, exceptions
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError

    try:
        yield
    except auth.UserNotFoundError as error:
        raise NotFound(
            f"{WHAT} knows no user {who}",
            field="email",
            mend="let the person sign in once, or add the user in the Firebase console",
        ) from error
    except exceptions.NotFoundError as error:
        raise NotFound(
            f"{WHAT}: {error}", field="project", mend="turn on Authentication in the console"
        ) from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise denied(WHAT, str(error), ROLE) from error
    except (DefaultCredentialsError, RefreshError) as error:
        raise Refused(f"no Google credentials: {error}", mend=LOGIN) from error
    except (exceptions.InvalidArgumentError, ValueError) as error:
        raise InvalidInput(
            f"{WHAT}: {error}", field="email", mend="like ada@example.com"
        ) from error
    except (exceptions.FirebaseError, GoogleAuthError) as error:
        raise Unavailable(f"{WHAT}: {error}", mend="run the command again") from error
