"""Development tokens: who calls a server on this machine, without Firebase Auth."""

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from ratchet.entry.cloud import auth_emulated
from ratchet.entry.identity import ACTOR
from ratchet.govern.roles import Actor, Role
from ratchet.kernel.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

VARIABLE = "RATCHET_DEV_TOKENS"
ROLES: tuple[Role, ...] = get_args(Role)
SHORTEST = 16
_FORM = f"service:...,admin:... of at least {SHORTEST} characters each"


@dataclass(frozen=True)
class DevTokens:
    """A token for each role; `given` says that the environment named them."""

    by_role: Mapping[Role, str]
    given: bool = False

    def actor(self, header: str) -> Actor | None:
        """Return whose token an Authorization header carries; every token is compared whole."""
        scheme, _, token = header.partition(" ")
        sent = token.strip().encode("latin-1", "replace")
        found = [r for r, t in self.by_role.items() if hmac.compare_digest(sent, t.encode())]
        if scheme.lower() != "bearer" or not found:
            return None
        return Actor(name=f"dev-{found[0]}", kind="person", role=found[0])


def dev_tokens(given: str | None) -> DevTokens:
    """Return the tokens that the environment gives, else fresh ones of this start.

    Raises: InvalidInput.
    """
    if not given:
        return DevTokens({role: f"dev-{secrets.token_urlsafe(24)}" for role in ROLES})
    pairs = [pair.strip().partition(":") for pair in given.split(",")]
    tokens = {role: token for role in ROLES for name, _, token in pairs if name == role}
    whole = sorted(name for name, _, _ in pairs) == sorted(ROLES)
    if not whole or not all(_is_strong(token) for token in tokens.values()):
        raise InvalidInput(f"{VARIABLE} wants {_FORM}", field=VARIABLE, mend="unset it, or mend it")
    if len(set(tokens.values())) < len(tokens):
        raise InvalidInput(
            "one token cannot have two roles", field=VARIABLE, mend="give each role its own"
        )
    return DevTokens(tokens, given=True)


def _is_strong(token: str) -> bool:
    return len(token) >= SHORTEST and token.isascii() and token.isprintable() and " " not in token


def require_loopback(host: str, *, dev_tokens: bool) -> None:
    """Refuse an interface that others can reach where tokens prove nothing to them.

    Raises: Refused for development tokens, and for the unsigned ones of an auth emulator.
    """
    if _is_loopback(host):
        return
    if auth_emulated():
        raise Refused(
            f"with FIREBASE_AUTH_EMULATOR_HOST anyone can be an admin, and others may reach {host}",
            field="host",
            mend="take --host 127.0.0.1, or unset FIREBASE_AUTH_EMULATOR_HOST",
        )
    if dev_tokens:
        raise Refused(
            f"development tokens are for this machine alone, and others may reach {host}",
            field="host",
            mend="take --host 127.0.0.1, or --no-dev-tokens for tokens of Firebase Auth",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def with_dev_tokens(wsgi: "WSGIApplication", tokens: DevTokens) -> "WSGIApplication":
    """Let requests that carry a development token say who calls; the header goes no further."""

    def admitting(environ: "WSGIEnvironment", start: "StartResponse") -> "Iterable[bytes]":
        actor = tokens.actor(environ.get("HTTP_AUTHORIZATION", ""))
        if actor is not None:
            del environ["HTTP_AUTHORIZATION"]
            environ[ACTOR] = actor
        return wsgi(environ, start)

    return admitting
