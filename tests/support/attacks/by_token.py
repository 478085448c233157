"""Attacks on who calls."""

import time
from typing import Any

from tests.support.attacked import ACCOUNT, IN_HEADERS
from tests.support.attacks.attack import FORBIDDEN, UNKNOWN, Attack, Token, a_service, an_admin
from tests.support.minted import (
    PROJECT,
    Google,
    Signer,
    account_claims,
    hmac_token,
    raw_token,
    user_claims,
)

STRANGER = Signer.make("key-of-nobody")
IMPOSTOR = Signer.make("key-1")  # the id of a key that Google has
ROLLBACK: dict[str, Any] = {"path": "/rollback", "body": b'{"id": "router-core"}'}
SWITCH: dict[str, Any] = {"path": "/set_flags", "body": b'{"data": {"enabled": false}}'}
TICK: dict[str, Any] = {"path": "/score_observations", "body": b"{}"}


def user(uid: str = "router", role: Any = "service", **claims: Any) -> Token:
    """Return how to sign a token of a user."""
    return lambda google: google.signer.firebase(uid, role=role, **claims)


def account(email: str | None = ACCOUNT, **claims: Any) -> Token:
    """Return how to sign a token of a service account."""
    return lambda google: google.signer.oidc(email, **claims)


def forged(google: Google) -> str:
    """Return a token whose signature is another's."""
    head, claims, _ = a_service(google).split(".")
    return f"{head}.{claims}.{an_admin(google).rpartition('.')[2]}"


def raised(google: Google) -> str:
    """Return a token whose role was changed after it was signed."""
    head, _, signature = a_service(google).split(".")
    claims = raw_token({}, user_claims("router", role="admin")).split(".")[1]
    return f"{head}.{claims}.{signature}"


def without_issuer(google: Google) -> str:
    """Return a token that does not say who made it."""
    claims = user_claims("ada", role="admin")
    del claims["iss"]
    return google.signer.sign(claims)


def by_public_key(google: Google) -> str:
    """Return a token signed with a text that everybody has."""
    claims = user_claims("ada", role="admin")
    return hmac_token(google.signer.certificate, claims, google.signer.kid)


def unsigned(alg: str, **header: Any) -> Token:
    """Return a token without a signature."""
    claims = user_claims("ada", role="admin")
    return lambda google: raw_token({"alg": alg, "typ": "JWT", **header}, claims)


def tokens(code: str, status: int, *rows: tuple[str, Token], **request: Any) -> list[Attack]:
    """Return attacks by token alone."""
    return [Attack(name, status, code, token=token, **request) for name, token in rows]


LONG_AGO = int(time.time()) - 3600
OTHER = {"iss": "https://securetoken.google.com/other", "aud": "other"}
BY_TOKEN = [
    Attack("no token", 401, UNKNOWN, token=None),
    Attack("no token at an admin's door", 401, UNKNOWN, token=None, **ROLLBACK),
    Attack("no token at a callable", 401, UNKNOWN, token=None, **SWITCH),
    Attack("no token at a scheduled function", 401, UNKNOWN, token=None, **TICK),
    Attack("a token under another scheme", 401, UNKNOWN, scheme="Token "),
    Attack("a token as a password", 401, UNKNOWN, scheme="Basic "),
    Attack("a token in the address", 401, UNKNOWN, path="/record?access_token=TOKEN"),
    Attack("a token in the address by another name", 401, UNKNOWN, path="/record?token=TOKEN"),
    Attack("two tokens", 401, UNKNOWN, headers=(("Authorization", "Bearer a.b.c"),)),
    Attack(
        "headers that name the actor",
        401,
        UNKNOWN,
        token=None,
        headers=(("ratchet.actor", "admin"), ("Ratchet-Actor", "admin"), ("X-Role", "admin")),
    ),
    Attack(
        "a folded header",
        401,
        UNKNOWN,
        token=None,
        headers=(("Authorization", "Bearer a\r\n b.c"),),
    ),
    *tokens(
        UNKNOWN,
        401,
        ("a token that is none", lambda google: f"{IN_HEADERS}.b.c"),
        ("a forged signature", forged),
        ("claims changed after signing", raised),
        ("algorithm none", unsigned("none")),
        ("algorithm none with a key id", unsigned("none", kid="key-1")),
        ("algorithm None in capitals", unsigned("NONE", kid="key-1")),
        ("no signature", unsigned("RS256", kid="key-1")),
        ("the public key as a shared secret", by_public_key),
        ("an unknown key", lambda google: STRANGER.firebase("ada", role="admin")),
        ("an unknown key under a known id", lambda google: IMPOSTOR.firebase("ada", role="admin")),
        ("no key id", lambda google: google.signer.sign(user_claims("ada"), kid=None)),
        ("a key id that is a path", unsigned("RS256", kid="../../dev/null")),
        (
            "a key of the caller's address",
            unsigned("RS256", kid="key-1", jku="https://evil.example/keys"),
        ),
        ("an expired token", user(exp=LONG_AGO, iat=LONG_AGO - 60)),
        ("a token from tomorrow", user(iat=int(time.time()) + 86_400)),
        ("a token of another project", user(**OTHER)),
        ("a wrong audience", user(aud=IN_HEADERS)),
        ("many audiences", user(aud=[PROJECT, "other"])),
        ("an empty audience", user(aud="")),
        ("a wrong issuer of the family", user(iss=OTHER["iss"])),
        ("an unknown issuer", user(iss="https://evil.example")),
        ("no issuer", without_issuer),
        ("a custom token's audience", user(aud="https://identitytoolkit.googleapis.com/")),
        ("an empty subject", user("")),
        ("a subject of 200 characters", user("x" * 200)),
        ("a token of 10 kB", user(padding="x" * 10_000)),
        ("an account's token by an unknown key", lambda google: STRANGER.oidc(ACCOUNT)),
        (
            "an account's token by the public key",
            lambda google: hmac_token(
                google.signer.certificate, account_claims(ACCOUNT), google.signer.kid
            ),
        ),
        ("an account's token for another audience", account(aud="https://other.example")),
        ("an account's token for no audience", account(aud="")),
        ("an account's expired token", account(exp=LONG_AGO, iat=LONG_AGO - 60)),
        ("an account's address that is not verified", account(email_verified=False)),
        ("an account without an address", account(email=None)),
        ("Google's issuer on a user's token", user(iss="https://accounts.google.com")),
        ("Google's issuer in other words", account(iss="https://accounts.google.com.evil.example")),
    ),
    *tokens(
        FORBIDDEN,
        403,
        ("a user without a role", user(role=None)),
        ("a user with a role of another system", user(role="owner")),
        ("a user whose role is a list", user(role=["admin"])),
        ("an account that is not on the list", account("eve@ratchet-test.example")),
        ("an account in other letters", account(ACCOUNT.upper())),
    ),
    *tokens(
        FORBIDDEN,
        403,
        ("a service at an admin's door", a_service),
        ("an account of a service at an admin's door", account(ACCOUNT)),
        ("a claim removed, the token alive", user("fired", "admin")),
        ("a role lowered, the token alive", user("lowered", "admin")),
        **ROLLBACK,
    ),
    *tokens(
        UNKNOWN,
        401,
        ("a revoked token", user("revoked", "admin")),
        ("a disabled user", user("disabled", "admin")),
        ("a user who is gone", user("gone", "admin")),
        **ROLLBACK,
    ),
    *tokens(
        FORBIDDEN,
        403,
        ("a service at a callable", a_service),
        ("a claim removed, at a callable", user("fired", "admin")),
        **SWITCH,
    ),
    *tokens(
        UNKNOWN,
        401,
        ("a wrong audience at a callable", user("ada", "admin", aud=IN_HEADERS)),
        ("a wrong issuer at a callable", user("ada", "admin", iss=f"https://{IN_HEADERS}")),
        ("a forged signature at a callable", forged),
        ("a token that is none at a callable", lambda google: f"{IN_HEADERS}.b.c"),
        **SWITCH,
    ),
    *tokens(FORBIDDEN, 403, ("a service at a scheduled function", a_service), **TICK),
]
