"""The one place that opens stores and reads secrets."""

import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ratchet.entry.cloud import DEFAULT_DATABASE
from ratchet.govern.config import CHECKPOINTS, ConfigReader
from ratchet.kernel.canonical import sign
from ratchet.kernel.clock import Clock, system_clock
from ratchet.kernel.errors import (
    AlreadyExists,
    InvalidInput,
    Misconfigured,
    NotFound,
    RatchetError,
    Refused,
    Unavailable,
)
from ratchet.kernel.keys import MIN_BYTES, Keys, derive_keys
from ratchet.store.blobs import Blobs
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.opening import DEFAULT, open_blobs, open_store
from ratchet.store.port import Ref, Store

if TYPE_CHECKING:
    from ratchet.client.direct import DirectTransport

KEY_FILE = Path(".ratchet/key")
_OPENING = threading.Lock()
_APPS: "list[App]" = []
FINGERPRINT = Ref(CHECKPOINTS, "key")
RESTORING = Ref(CHECKPOINTS, "restore")


@dataclass(frozen=True)
class App:
    """What every door needs: a store, its blobs, the project's keys, a clock, configuration."""

    store: Store
    keys: Keys
    clock: Clock
    reader: ConfigReader
    blobs: Blobs = field(default_factory=MemoryBlobs)


def wire(store: Store, keys: Keys, clock: Clock = system_clock, blobs: Blobs | None = None) -> App:
    """Put an app together; its blobs are in memory where none are given."""
    held = MemoryBlobs(clock) if blobs is None else blobs
    return App(store, keys, clock, ConfigReader(store, clock), held)


def open_app(url: str | None = None, *, clock: Clock = system_clock, making: bool = True) -> App:
    """Open the store and the keys of a URL, else of the environment.

    Without `making` there must be a store: no file and no key is made, and none becomes its own.

    Raises: InvalidInput, NotFound, Unavailable, Refused.
    """
    named = url or os.environ.get("RATCHET_STORE") or DEFAULT
    if not making:
        _require_file(named)
    blobs = open_blobs(named, clock=clock)
    store = open_store(named)
    try:
        owned = store.get(FINGERPRINT) is not None  # then another key would be a wrong one
        keys = load_keys(named, making=making and not owned)
        _check_key(store, keys, pinning=making)
        return wire(store, keys, clock, blobs)
    except RatchetError:
        store.close()
        raise


def _require_file(url: str) -> None:
    """Refuse a file that is not there: a mistyped path must not become an empty store.

    Raises: NotFound.
    """
    path = url.removeprefix("sqlite:///")
    if path != url and not Path(path).exists():
        raise NotFound(
            f"there is no store at {path}",
            field="store",
            mend="name another with --store, or begin one with `ratchet seed`",
        )


def the_app() -> App:
    """Return the app of this process, opened at the first request, behind the server's fork.

    Raises: Unavailable, Misconfigured.
    """
    if not _APPS:
        with _OPENING:
            if not _APPS:
                _APPS.append(_opened())
    return _APPS[0]


def _opened() -> App:
    """Open the project's store; what is wrong with it is no fault of whoever called."""
    try:
        return open_app(_project_store())
    except Unavailable:
        raise
    except RatchetError as error:
        raise Misconfigured(error.message, field=error.field, mend=error.mend) from error


def open_data(store: str, blobs: str | None) -> tuple[Store, Blobs]:
    """Open a store and its blobs alone, for a worker: it signs nothing, and gets no key.

    Raises: InvalidInput, Unavailable.
    """
    return open_store(store), open_blobs(store, blobs)


@contextmanager
def serving(app: App) -> Iterator[App]:
    """Let the functions of this process use an app, as long as the context lasts."""
    before, _APPS[:] = list(_APPS), [app]
    try:
        yield app
    finally:
        _APPS[:] = before


def _project_store() -> str | None:
    """Return the Firestore database of the project that the functions are deployed to."""
    if "RATCHET_STORE" in os.environ:
        return None
    named = [os.environ.get(name) for name in ("GCLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT")]
    with suppress(ValueError, AttributeError):
        named.append(json.loads(os.environ.get("FIREBASE_CONFIG", "{}")).get("projectId"))
    project = next(filter(None, named), None)
    if project is None:
        return None
    return f"firestore://{project}/{os.environ.get('RATCHET_DATABASE') or DEFAULT_DATABASE}"


def fingerprint(keys: Keys) -> str:
    """Return what tells a project's key from another, and gives nothing of it away."""
    return sign(keys.audit, "fingerprint")[:16]


def _check_key(store: Store, keys: Keys, *, pinning: bool) -> None:
    """Keep the key's fingerprint in the store, and refuse another key and half a store.

    Raises: Refused.
    """
    own = {"v": 1, "fingerprint": fingerprint(keys)}
    found, restoring = store.get_many([FINGERPRINT, RESTORING])
    if restoring is not None:
        raise Refused(
            "a restore of this store has not ended: half of its documents may be missing",
            field="store",
            mend="run the same `ratchet restore` again, it goes on",
        )
    if found is None and pinning:
        with suppress(AlreadyExists):  # another process was first, and is held against ours
            store.create(FINGERPRINT, own)
        found = store.get(FINGERPRINT)
    if found is not None and found.data.get("fingerprint") != own["fingerprint"]:
        raise Refused(
            "the key is not this store's: signatures and the audit chain would not verify",
            field="RATCHET_KEY",
            mend="restore RATCHET_KEY, or the key file beside the store, from your backup",
        )


def keys_like(url: str | None, wanted: str) -> Keys:
    """Return a store's keys if they have the fingerprint that is wanted; makes no key file.

    Raises: InvalidInput, Refused.
    """
    named = url or os.environ.get("RATCHET_STORE") or DEFAULT
    given = bool(os.environ.get("RATCHET_KEY")) or _beside(named).exists()
    keys = load_keys(named) if given else None
    if keys is None or fingerprint(keys) != wanted:
        told = "the key is not the backup's" if keys else "the backup's key is not here"
        raise Refused(
            f"{told}: signatures and the audit chain would not verify",
            field="RATCHET_KEY",
            mend="set RATCHET_KEY to the key of the store that was backed up,"
            f" or copy its key file to {_beside(named)}",
        )
    return keys


def open_target(url: str | None, keys: Keys, *, clock: Clock = system_clock) -> App:
    """Open a store to restore into, whatever key an empty one was opened with before.

    Raises: InvalidInput, Unavailable.
    """
    return wire(open_store(url), keys, clock)


def load_keys(url: str, *, making: bool = True) -> Keys:
    """Return the keys of `RATCHET_KEY`, else of a key file beside an embedded database.

    Memory gets a fresh key; production must be given one.

    Raises: InvalidInput.
    """
    secret = os.environ.get("RATCHET_KEY")
    if secret:
        return derive_keys(secret)
    if url == "memory:":
        return derive_keys(secrets.token_hex(32))
    if url.startswith("firestore:") and not os.environ.get("FIRESTORE_EMULATOR_HOST"):
        raise InvalidInput(
            "RATCHET_KEY is not set: versions could not be signed",
            field="RATCHET_KEY",
            mend="set it to 32 random bytes as hex, from your secret manager",
        )
    return derive_keys(_key_file(_beside(url), making))


def _beside(url: str) -> Path:
    if url.startswith("sqlite:///"):
        database = Path(url.removeprefix("sqlite:///"))
        return database.with_name(f"{database.name}.key") if url != DEFAULT else KEY_FILE
    return KEY_FILE


def _key_file(path: Path, making: bool) -> str:
    """Return the key of a file, made at first use, readable by its owner alone."""
    try:
        if making and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_key(path)
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        told = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InvalidInput(
            f"cannot use the key file {path}: {told}",
            field="RATCHET_KEY",
            mend="set RATCHET_KEY, restore the file, or make its folder writable",
        ) from error
    if len(secret) < MIN_BYTES:
        raise InvalidInput(
            f"the key file {path} holds no key",
            field="RATCHET_KEY",
            mend="restore it: what was signed with it verifies with no other",
        )
    return secret


def _make_key(path: Path) -> None:
    """Write a key under another name first, so that nobody reads half of one."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    try:
        with suppress(FileExistsError):  # another process was first: its key stands
            os.link(draft, path)
    finally:
        draft.unlink()


def direct_transport(url: str | None = None) -> "DirectTransport":
    """Return what carries a component's calls straight to a store beside it, no service between.

    Raises: InvalidInput, Unavailable, Refused.
    """
    from ratchet.client.direct import DirectTransport

    app = open_app(url)
    return DirectTransport(app.store, app.keys, app.clock)
