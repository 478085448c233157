"""Opening a store by its URL; only `entry/wiring.py` does."""

import os
import re
from contextlib import suppress
from pathlib import Path

from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.store.port import Store

DEFAULT = "sqlite:///.ratchet/ratchet.db"
FORMS = "memory:, sqlite:///file.db, sqlite:////absolute/file.db, firestore://project[/database]"
EMULATORS = (
    "FIRESTORE_EMULATOR_HOST",
    "FIREBASE_AUTH_EMULATOR_HOST",
    "FUNCTIONS_EMULATOR",
    "FIREBASE_DEBUG_MODE",
)
_FIRESTORE = re.compile(r"firestore://([a-z][a-z0-9:.-]*)(?:/([a-z][a-z0-9-]*|\(default\)))?")


def open_store(url: str | None = None) -> Store:
    """Open the store of a URL, else of `RATCHET_STORE`, else a file under `.ratchet`.

    Raises: InvalidInput for a URL of no known form; Refused for an emulator in production.
    """
    refuse_emulators()
    url = url or os.environ.get("RATCHET_STORE") or DEFAULT
    if url == "memory:":
        return _sqlite(":memory:")
    if url.startswith("sqlite:///") and (path := url.removeprefix("sqlite:///")):
        return _file(Path(path))
    if named := _FIRESTORE.fullmatch(url):
        return _firestore(named[1], named[2] or "(default)")
    raise InvalidInput(f"{url!r} names no store", field="RATCHET_STORE", mend=f"one of {FORMS}")


def in_production() -> bool:
    """Say whether this is a deployed function; the functions emulator sets `K_SERVICE` too."""
    emulated = os.environ.get("FUNCTIONS_EMULATOR") == "true"
    return "K_CONFIGURATION" in os.environ or ("K_SERVICE" in os.environ and not emulated)


def refuse_emulators() -> None:
    """Refuse to start in production where a variable of an emulator is set.

    Raises: Refused.
    """
    found = [name for name in EMULATORS if os.environ.get(name)]
    if found and in_production():
        raise Refused(
            f"{found[0]} is set in production: anyone could sign as an admin",
            field=found[0],
            mend="unset it and deploy again",
        )


def _file(path: Path) -> Store:
    with suppress(OSError):  # opening the file says what is wrong with the path
        path.parent.mkdir(exist_ok=True)
    return _sqlite(str(path))


def _sqlite(path: str) -> Store:
    from ratchet.store.sqlite import SqliteStore  # not in a deployed function's cold start

    return SqliteStore(path)


def _firestore(project: str, database: str) -> Store:
    try:
        from ratchet.store.firestore import FirestoreStore
    except ModuleNotFoundError as error:
        raise InvalidInput(
            "firestore:// wants the Google packages",
            field="RATCHET_STORE",
            mend="pip install 'ratchet[server]'",
        ) from error
    return FirestoreStore(project, database)
