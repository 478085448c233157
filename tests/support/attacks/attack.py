"""One attack: a request, and the answer that it must get."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.attacked import IN_BODIES, IN_HEADERS, Answer, Target
from tests.support.minted import Google

INVALID, BATCH, LARGE = "RATCHET-1001", "RATCHET-1002", "RATCHET-1003"
MEDIA, METHOD, MISSING = "RATCHET-1006", "RATCHET-1007", "RATCHET-2001"
FORBIDDEN, SLOW, UNKNOWN = "RATCHET-3006", "RATCHET-5003", "RATCHET-6001"
NOON_MS = 1_767_268_800_000
JSON = [("Content-Type", "application/json")]
Token = Callable[[Google], str]


def a_service(google: Google) -> str:
    """Return a token that is good."""
    return google.signer.firebase("router", role="service")


def an_admin(google: Google) -> str:
    """Return a token that is good for every door."""
    return google.signer.firebase("ada", role="admin")


def good(**fields: Any) -> dict[str, Any]:
    """Return an observation that would be taken, but for the fields given."""
    usual = {"ts": NOON_MS, "component": IN_BODIES, "outcome": "success"}
    return usual | fields


def as_json(value: Any) -> bytes:
    """Return a body."""
    return json.dumps(value).encode()


@dataclass(frozen=True)
class Attack:
    """What is sent, and the status and code that it must get."""

    name: str
    status: int
    code: str
    token: Token | None = a_service
    body: bytes = as_json(good())
    path: str = "/record"
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = tuple(JSON)
    length: int | None = None
    scheme: str = "Bearer "

    def made_at(self, target: Target) -> tuple[Answer, str]:
        """Return the answer, and the token that was sent."""
        token = self.token(target.google) if self.token else ""
        path = self.path.replace("TOKEN", token)
        spoken = [("Authorization", self.scheme + token)] if token and path == self.path else []
        marked = [("X-Canary", IN_HEADERS), ("User-Agent", IN_HEADERS), ("Cookie", IN_HEADERS)]
        headers = [*marked, ("Origin", f"https://{IN_HEADERS}.example"), *spoken, *self.headers]
        body = b"" if self.method in ("GET", "HEAD") else self.body
        return target.send(self.method, path, headers, body, length=self.length), token
