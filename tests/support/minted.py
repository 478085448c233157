"""Tokens as Firebase Auth and Google sign them, by a key of the test; and forged ones."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import firebase_admin  # type: ignore[import-untyped]  # it ships no types
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from firebase_admin import _auth_utils, _token_gen, _user_mgt, credentials
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import TransportError

from ratchet.entry import identity

PROJECT = "ratchet-test"
AUDIENCE = "https://ratchet.example"
GOOGLE = "https://accounts.google.com"
HOUR = 3600


@dataclass(frozen=True)
class Signer:
    """A key with its certificate, under an id."""

    kid: str
    key: rsa.RSAPrivateKey
    certificate: str

    @classmethod
    def make(cls, kid: str) -> "Signer":
        """Return a fresh one."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kid)])
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        pem = built.public_bytes(serialization.Encoding.PEM).decode()
        return cls(kid, key, pem)

    def sign(self, claims: Mapping[str, Any], **headers: Any) -> str:
        """Return a token; a header that is None is left out."""
        given = {"kid": self.kid, **headers}
        shown = {k: v for k, v in given.items() if v is not None}
        return jwt.encode(dict(claims), self.key, algorithm="RS256", headers=shown)

    def firebase(self, uid: str, **claims: Any) -> str:
        """Return an ID token of Firebase Auth."""
        return self.sign(user_claims(uid, **claims))

    def oidc(self, account: str | None, **claims: Any) -> str:
        """Return an OIDC token of a service account."""
        return self.sign(account_claims(account, **claims))


def user_claims(uid: str, **claims: Any) -> dict[str, Any]:
    """Return the claims of a user who signed in a minute ago."""
    now = int(time.time())
    usual = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": uid,
        "user_id": uid,
        "auth_time": now - 60,
        "iat": now - 60,
        "exp": now + HOUR,
    }
    return usual | claims


def account_claims(account: str | None, **claims: Any) -> dict[str, Any]:
    """Return the claims of a service account."""
    now = int(time.time())
    times = {"iat": now - 60, "exp": now + HOUR}
    return {
        "iss": GOOGLE,
        "aud": AUDIENCE,
        "sub": "1",
        "email": account,
        "email_verified": True,
    } | (times | claims)


def raw_token(header: Any, claims: Any, signature: bytes = b"") -> str:
    """Return a token of these parts, as they stand."""
    return ".".join([_part(json.dumps(header).encode()), _part(json.dumps(claims).encode())]) + (
        "." + _part(signature)
    )


def hmac_token(secret: str, claims: Any, kid: str) -> str:
    """Return a token that takes a public text for a shared secret."""
    unsigned = raw_token({"alg": "HS256", "typ": "JWT", "kid": kid}, claims).rpartition(".")[0]
    digest = hmac.new(secret.encode(), unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{_part(digest)}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Google:
    """The outer edge: which certificates Google publishes, and which users Firebase Auth has."""

    signer: Signer
    roles: dict[str, str | None] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    down: bool = False

    def certificates(self, *args: Any, **kwargs: Any) -> SimpleNamespace:
        """Answer as Google's address of certificates."""
        if self.down:
            raise TransportError("no route")  # type: ignore[no-untyped-call]  # no types
        found = json.dumps({self.signer.kid: self.signer.certificate})
        return SimpleNamespace(status=200, data=found.encode(), headers={})

    def user(self, *args: Any, uid: str, **kwargs: Any) -> dict[str, Any]:
        """Answer as Identity Toolkit."""
        if self.down:
            raise ConnectionError("no route")
        if uid not in self.roles:
            raise _auth_utils.UserNotFoundError(f"no user {uid}")
        since = str(int(time.time()) if uid in self.revoked else 0)
        return {
            "localId": uid,
            "disabled": uid in self.disabled,
            "validSince": since,
            "customAttributes": json.dumps({"role": self.roles[uid]} if self.roles[uid] else {}),
        }


class _NoCredentials(credentials.Base):  # type: ignore[misc]  # no types there
    def get_credential(self) -> Any:
        return AnonymousCredentials()  # type: ignore[no-untyped-call]  # no types


@contextmanager
def google_at_the_edge(patch: pytest.MonkeyPatch) -> Iterator[Google]:
    """Let tokens be verified for real, against certificates and users of the test."""
    google = Google(Signer.make("key-1"))
    patch.delenv("FIREBASE_AUTH_EMULATOR_HOST", raising=False)
    patch.setattr(_token_gen.CertificateFetchRequest, "__call__", google.certificates)
    patch.setattr(_user_mgt.UserManager, "get_user", google.user)
    patch.setattr(identity, "_request", lambda: google.certificates)
    before = firebase_admin._apps.pop(firebase_admin._DEFAULT_APP_NAME, None)
    app = firebase_admin.initialize_app(_NoCredentials(), {"projectId": PROJECT})
    try:
        yield google
    finally:
        firebase_admin.delete_app(app)
        if before is not None:
            firebase_admin._apps[firebase_admin._DEFAULT_APP_NAME] = before
