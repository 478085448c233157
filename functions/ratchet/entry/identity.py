"""Who calls: a user of Firebase Auth with a role claim, or a service account by its OIDC token."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Request

from ratchet.govern.access import Access
from ratchet.govern.roles import Actor, Role
from ratchet.kernel.errors import Forbidden, Unauthenticated, Unavailable

# A door before ours that knows the caller says so here; no HTTP header can.
ACTOR = "ratchet.actor"
MAX_TOKEN = 8192
SKEW_SECONDS = 5
GOOGLE = ("accounts.google.com", "https://accounts.google.com")
# What the libraries raise for a token whose parts are not of the types they expect.
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
MEND = "send `Authorization: Bearer` with a fresh Firebase ID token, or an OIDC token"


def identify(request: Request, access: Access, *, fresh: bool = False) -> Actor:
    """Return who calls; `fresh` asks Firebase Auth for revocation and for the role as it is now.

    Raises: Unauthenticated, Forbidden without a role, Unavailable.
    """
    known = request.environ.get(ACTOR)
    if isinstance(known, Actor) and "Authorization" not in request.headers:
        return known
    token = bearer(request)
    if _issuer(token) in GOOGLE:
        return _service_account(token, access)
    return _user(token, fresh)


def bearer(request: Request) -> str:
    """Return the token of the Authorization header.

    Raises: Unauthenticated.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("no token", field="Authorization", mend=MEND)
    if len(token) > MAX_TOKEN or not token.isascii():
        raise _unverified()
    return token


def require_role(actor: Actor, role: Role) -> None:
    """Let through whoever has the role; an admin has both.

    Raises: Forbidden.
    """
    if actor.role not in (role, "admin"):
        raise Forbidden(f"this wants the role {role}", field="role", mend="ask an admin")


def check_app(request: Request) -> None:
    """Hold the request's App Check token against the project.

    Raises: Unauthenticated.
    """
    from firebase_admin import app_check  # type: ignore[import-untyped]  # it ships no types

    try:
        app_check.verify_token(request.headers.get("X-Firebase-AppCheck", ""))
    except Exception as error:
        raise Unauthenticated(
            "no App Check token that verifies", field="X-Firebase-AppCheck", mend="send one"
        ) from error


def _user(token: str, fresh: bool) -> Actor:
    from firebase_admin import auth

    try:
        claims = auth.verify_id_token(token, check_revoked=fresh, clock_skew_seconds=SKEW_SECONDS)
        uid = str(claims["uid"])
        if fresh:  # a claim that was taken away lives on in the token, for an hour
            claims = auth.get_user(uid).custom_claims or {}
    except auth.CertificateFetchError as error:
        raise Unavailable("Firebase Auth did not answer", mend="try again") from error
    except (
        auth.InvalidIdTokenError,  # expired and revoked ones are of this kind
        auth.UserDisabledError,
        auth.UserNotFoundError,
        *MALFORMED,
    ) as error:
        raise _unverified() from error
    except Exception as error:
        raise Unavailable("Firebase Auth did not answer", mend="try again") from error
    return Actor(name=uid, kind="person", role=_role(claims))


def _role(claims: Mapping[str, Any]) -> Role:
    role = claims.get("role")
    if role == "admin":
        return "admin"
    if role == "service":
        return "service"
    raise Forbidden(
        "the caller has no role",
        field="role",
        mend="ratchet admin grant EMAIL --role service --reason ...",
    )


def _service_account(token: str, access: Access) -> Actor:
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.oauth2 import id_token

    verify: Any = id_token.verify_oauth2_token
    if not access.audiences:
        raise _unverified()
    try:
        claims = verify(
            token, _request(), audience=access.audiences, clock_skew_in_seconds=SKEW_SECONDS
        )
    except TransportError as error:
        raise Unavailable("Google's certificates could not be had", mend="try again") from error
    except (GoogleAuthError, *MALFORMED) as error:
        raise _unverified() from error
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        raise _unverified()
    role = access.service_accounts.get(email)
    if role is None:
        raise Forbidden(
            "the service account is not on the list",
            field="serviceAccounts",
            mend="add it to config/access",
        )
    # A robot, whatever its role: it may propose and roll back, and decides nothing for a person.
    return Actor(name=email, kind="machine", role=role)


@cache
def _request() -> Any:
    """Return what fetches Google's certificates, as long as they are good for."""
    import cachecontrol
    import requests
    from google.auth.transport.requests import Request as GoogleRequest

    return GoogleRequest(cachecontrol.CacheControl(requests.Session()))


def _issuer(token: str) -> Any:
    """Return who a token says it is from; nothing is believed of it yet."""
    from google.auth import exceptions, jwt

    decode: Any = jwt.decode
    try:
        return decode(token, verify=False).get("iss")
    except (exceptions.GoogleAuthError, *MALFORMED) as error:
        raise _unverified() from error


def _unverified() -> Unauthenticated:
    return Unauthenticated("the token does not verify", field="Authorization", mend=MEND)
