"""A project's place in Google Cloud, and what Google's errors become."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ratchet.kernel.errors import InvalidInput, NotFound, RatchetError, Refused, Unavailable

FIRESTORE = "firestore://"
DEFAULT_REGION = "us-central1"
DEFAULT_DATABASE = "(default)"
LOGIN = "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS"
SECONDS = 20.0  # one request may take as long


@dataclass(frozen=True)
class Place:
    """Where a project's database and functions are."""

    project: str
    database: str = DEFAULT_DATABASE
    region: str = DEFAULT_REGION


def store_place(url: str | None, region: str | None = None) -> Place | None:
    """Return the place of a store, named here or by RATCHET_STORE; an embedded one has none."""
    named = url or os.environ.get("RATCHET_STORE") or ""
    if not named.startswith(FIRESTORE):
        return None
    project, _, database = named.removeprefix(FIRESTORE).partition("/")
    region = region or os.environ.get("RATCHET_REGION") or DEFAULT_REGION
    return Place(project, database or DEFAULT_DATABASE, region)


def place_of(
    url: str | None, project: str | None = None, region: str | None = None
) -> Place | None:
    """Return the place of a project that is named, else of the store.

    GOOGLE_CLOUD_PROJECT counts where no store is named.
    """
    place = store_place(url, region)
    if place is None and not (url or os.environ.get("RATCHET_STORE")):
        project = project or os.environ.get("GOOGLE_CLOUD_PROJECT")
    if project is None:
        return place
    return Place(project, region=region or os.environ.get("RATCHET_REGION") or DEFAULT_REGION)


def emulated() -> bool:
    """Say whether Firestore is an emulator's here."""
    return bool(os.environ.get("FIRESTORE_EMULATOR_HOST"))


def auth_emulated() -> bool:
    """Say whether Firebase Auth is an emulator's here."""
    return bool(os.environ.get("FIREBASE_AUTH_EMULATOR_HOST"))


@contextmanager
def google_errors(what: str, role: str) -> Iterator[None]:
    """Turn Google's errors into ours; `role` is what a caller who may not is missing.

    Raises: Refused, NotFound, InvalidInput, Unavailable.
    """
    from google.api_core import exceptions as known
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError

    try:
        yield
    except (known.Forbidden, known.Unauthorized) as error:
        raise denied(what, error.message, role) from error
    except known.NotFound as error:
        raise NotFound(f"{what}: {error.message}", mend="check the project and region") from error
    except known.FailedPrecondition as error:
        raise Refused(f"{what}: {error.message}", mend="see its state first") from error
    except known.BadRequest as error:
        raise InvalidInput(f"{what}: {error.message}", mend="check the name") from error
    except (DefaultCredentialsError, RefreshError) as error:
        raise Refused(f"no Google credentials: {error}", mend=LOGIN) from error
    except (known.GoogleAPIError, GoogleAuthError) as error:
        raise Unavailable(f"{what}: {error}", mend="try again") from error


def denied(what: str, told: str, role: str) -> Refused:
    """Return the error of a caller who lacks a role of the project."""
    return Refused(f"{what}: {told}", field="credentials", mend=f"grant the caller {role}")


@contextmanager
def wanted_packages(what: str, extra: str) -> Iterator[None]:
    """Say which extra to install where a package of Google's is missing.

    Raises: InvalidInput.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"{what} wants a package more: {error.name}", mend=f"pip install 'ratchet[{extra}]'"
        ) from error


def authorized_session() -> Any:
    """Return a session of `requests` that signs with the default credentials.

    Raises: Refused without credentials, InvalidInput without the packages.
    """
    with wanted_packages("Google Cloud", "server"):
        import google.auth
        from google.auth.transport.requests import AuthorizedSession
    with google_errors("credentials", "access"):
        credentials, _ = google.auth.default(
            scopes=["https://www.googleapis.com/auth/cloud-platform"]
        )
    return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # it has no types


def get_answer(session: Any, url: str, what: str, role: str) -> Any:
    """Return Google's answer to a GET request.

    Raises: NotFound, Refused, Unavailable.
    """
    answer = any_answer(session, url, what, role)
    if not answer.ok:
        raise _error(answer, what, role)
    return answer


def any_answer(session: Any, url: str, what: str, role: str) -> Any:
    """Return Google's answer to a GET request, though it be a refusal.

    Raises: Refused without credentials that hold, Unavailable.
    """
    import requests

    with google_errors(what, role):
        try:
            return session.get(url, timeout=SECONDS)
        except requests.RequestException as error:
            raise Unavailable(f"{what}: {error}", mend="try again") from error


def _error(answer: Any, what: str, role: str) -> RatchetError:
    told = f"Google answered {answer.status_code} {answer.reason or ''}".strip()
    if answer.status_code in (401, 403):
        return denied(what, told, role)
    if answer.status_code == 404:
        return NotFound(f"{what}: {told}")
    return Unavailable(f"{what}: {told}", mend="try again")
