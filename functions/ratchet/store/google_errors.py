"""Google's errors as ours."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from google.api_core import exceptions as google_errors
from google.auth.exceptions import GoogleAuthError

from ratchet.kernel.errors import (
    AlreadyExists,
    Conflict,
    InvalidInput,
    Misconfigured,
    NotFound,
    Unavailable,
)
from ratchet.store.port import Ref

# How production refuses a read of a moment that it keeps no versions of.
_TOO_OLD = "snapshot version is too old"


@contextmanager
def translated(guarded: Sequence[Ref]) -> Iterator[None]:
    """Turn Google's errors into ours; only a guarded commit can be in conflict."""
    try:
        yield
    except google_errors.AlreadyExists as error:
        raise AlreadyExists(f"{_named(guarded, error)} exists already", field="id") from error
    except (google_errors.FailedPrecondition, google_errors.NotFound) as error:
        if guarded:
            message = f"{_named(guarded, error)} was changed by somebody else"
            raise Conflict(message, mend="read it again") from error
        if isinstance(error, google_errors.NotFound):
            raise NotFound(error.message, field="database", mend="create the database") from error
        if _TOO_OLD in error.message:
            mend = "begin anew: Firestore keeps old versions for an hour"
            raise NotFound(error.message, field="moment", mend=mend) from error
        raise Misconfigured(error.message, mend="deploy firestore.indexes.json") from error
    except google_errors.Aborted as error:
        raise Conflict(error.message, mend="try again") from error
    except google_errors.InvalidArgument as error:
        raise InvalidInput(error.message) from error
    except (google_errors.PermissionDenied, google_errors.Unauthenticated) as error:
        raise Misconfigured(error.message, mend="give the service account access") from error
    except (google_errors.GoogleAPIError, GoogleAuthError) as error:
        raise Unavailable(f"Firestore: {error}", mend="try again") from error


def _named(guarded: Sequence[Ref], error: google_errors.GoogleAPICallError) -> str:
    """Return the document that a guard failed for; the service names it only at times."""
    named = [r for r in guarded if re.search(rf"{re.escape(str(r))}(?![\w~@:.+%-])", error.message)]
    return str(named[0] if named else guarded[0] if len(guarded) == 1 else "a document")
