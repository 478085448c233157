"""What is there before the checks begin: the seeds, and an account of each kind of caller."""

import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.emulator.server import PROJECT
from tests.suite.project import HOST, ROOT
from tests.suite.tools import clean_environment

ROLES: Mapping[str, str | None] = {
    "admin": "admin",
    "service": "service",
    "stranger": None,
    "leaver": "admin",
}
RATCHET = Path(sys.executable).with_name("ratchet")
SECONDS = 60


class NotPrepared(Exception):
    """A step before the checks failed; the text is what it said."""


@dataclass(frozen=True)
class Account:
    """A user of the auth emulator."""

    email: str
    password: str
    uid: str


def project_environment(ports: Mapping[str, int], key: str) -> dict[str, str]:
    """Return what a command line that works on the emulated project runs in."""
    return {
        **clean_environment(),
        "PYTHONPATH": str(ROOT / "functions"),
        "RATCHET_STORE": f"firestore://{PROJECT}",
        "RATCHET_KEY": key,
        "FIRESTORE_EMULATOR_HOST": f"{HOST}:{ports['firestore']}",
        "FIREBASE_AUTH_EMULATOR_HOST": f"{HOST}:{ports['auth']}",
        "GOOGLE_CLOUD_PROJECT": PROJECT,
    }


def ratchet(environment: Mapping[str, str], *arguments: str) -> None:
    """Run a command of the project's command line on the emulated project.

    Raises: NotPrepared.
    """
    said = subprocess.run(
        [str(RATCHET), *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if said.returncode:
        raise NotPrepared(f"ratchet {' '.join(arguments)}: {said.stdout}{said.stderr}")


def open_accounts(port: int, environment: Mapping[str, str]) -> dict[str, Account]:
    """Sign up a user for each role, and grant it as an operator does."""
    accounts = {name: _sign_up(port, name) for name in ROLES}
    for name, role in ROLES.items():
        if role is not None:
            granting = ("admin", "grant", accounts[name].email, "--role", role)
            ratchet(environment, *granting, "--reason", "the suite", "--by", "suite")
    return accounts


def _sign_up(port: int, name: str) -> Account:
    email, password = f"{name}@example.com", secrets.token_urlsafe(12)
    said = httpx.post(
        f"http://{HOST}:{port}/identitytoolkit.googleapis.com/v1/accounts:signUp",
        params={"key": "any"},
        json={"email": email, "password": password},
    )
    return Account(email, password, said.raise_for_status().json()["localId"])
