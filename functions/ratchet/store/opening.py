"""Opening a store and its blobs by their URLs; only `entry/wiring.py` does."""

import os
import re
from contextlib import suppress
from pathlib import Path

from ratchet.kernel.clock import Clock, system_clock
from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.store.blobs import Blobs
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.no_blobs import NoBlobs
from ratchet.store.port import Store

DEFAULT = "sqlite:///.ratchet/ratchet.db"
FORMS = "memory:, sqlite:///file.db, sqlite:////absolute/file.db, firestore://project[/database]"
BLOB_FORMS = "memory:, folder://path, folder:///absolute/path, gs://bucket[/prefix]"
EMULATORS = (
    "FIRESTORE_EMULATOR_HOST",
    "FIREBASE_AUTH_EMULATOR_HOST",
    "FUNCTIONS_EMULATOR",
    "FIREBASE_DEBUG_MODE",
)
_FIRESTORE = re.compile(r"firestore://([a-z][a-z0-9:.-]*)(?:/([a-z][a-z0-9-]*|\(default\)))?")

_BUCKET = re.compile(
    r"gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])((?:/[A-Za-z0-9][A-Za-z0-9._-]*)*)/?"
)


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


def open_blobs(store: str, url: str | None = None, *, clock: Clock = system_clock) -> Blobs:
    """Open the blobs of a URL, else of `RATCHET_BLOBS`, else those beside the store of a URL.

    Firestore has none beside it: whatever needs blobs says so then. Nothing is made or asked yet.

    Raises: InvalidInput for a URL of no known form.
    """
    url = url or os.environ.get("RATCHET_BLOBS") or blobs_beside(store)
    if url is None:
        return NoBlobs()
    if url == "memory:":
        return MemoryBlobs(clock)
    if url.startswith("folder://") and (path := url.removeprefix("folder://")):
        from ratchet.store.folder_blobs import FolderBlobs

        return FolderBlobs(path, clock)
    if named := _BUCKET.fullmatch(url):
        from ratchet.store.cloud_blobs import CloudBlobs

        return CloudBlobs(named[1], named[2].strip("/"))
    raise InvalidInput(
        f"{url!r} names no place for blobs", field="RATCHET_BLOBS", mend=f"one of {BLOB_FORMS}"
    )


def blobs_beside(store: str) -> str | None:
    """Return the URL of the blobs beside a store, None where there are none."""
    if store == "memory:":
        return store
    if store == DEFAULT:
        return "folder://.ratchet/blobs"
    path = store.removeprefix("sqlite:///")
    return f"folder://{path}.blobs" if path != store else None


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
