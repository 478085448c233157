"""The emulators that the environment names: they answer, and none is named in production."""

import os
from collections.abc import Iterator

import httpx

from ratchet.entry.cloud import store_place
from ratchet.entry.doctor.case import Case, Finding, error, ok, skipped, warning
from ratchet.store.opening import EMULATORS, in_production

HOSTS = ("FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST")
_SECONDS = 5.0


def check(case: Case) -> Iterator[Finding]:
    """Ask each emulator for an answer."""
    named = [name for name in EMULATORS if os.environ.get(name)]
    if not named:
        yield skipped("no emulator is named")
    elif in_production():
        told = f"{', '.join(named)} in production: anyone could sign as an admin"
        yield error(told, "unset it and deploy again")
    else:
        yield from (_ask(name, case) for name in HOSTS if name in named)


def answers(host: str) -> bool:
    """Say whether an emulator is there."""
    try:
        return httpx.get(f"http://{host}/", timeout=_SECONDS, trust_env=False).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _ask(name: str, case: Case) -> Finding:
    host = os.environ[name]
    if answers(host):
        return ok(f"{name}: {host} answers")
    told, mend = f"{name}: {host} does not answer", f"start it, or unset {name}"
    return error(told, mend) if store_place(case.url) else warning(told, mend)
