"""Restore a backup into an empty store, all of it or, until it is run again, half of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from ratchet.entry.archive import (
    ANOTHER,
    MANIFEST,
    Manifest,
    Show,
    check_backup,
    is_ours,
    read_documents,
    read_manifest,
)
from ratchet.entry.wiring import FINGERPRINT, RESTORING, App, fingerprint, keys_like, open_target
from ratchet.govern.audit import AuditEntry, ChainHead, ChainReport
from ratchet.govern.config import CHECKPOINTS, Config
from ratchet.govern.verify import alert_to_broken, verify_chains
from ratchet.kernel.clock import Clock, system_clock
from ratchet.kernel.document import Document, Model
from ratchet.kernel.errors import AlreadyExists, Conflict, InvalidInput, Refused
from ratchet.policies.version import COLLECTION as VERSIONS
from ratchet.store.limits import MAX_DOCUMENT
from ratchet.store.port import Query, Ref, Store, Write
from ratchet.store.transact import Transaction

# A commit takes 500 writes; the marker is one of them.
_WRITES = 499
# As a protobuf data grow by up to eight times, and a commit takes 10 MiB: no commit is to be larger
# than the largest document.
_BYTES = MAX_DOCUMENT
# Firestore's triggers hold versions and configuration against heads and audit, so those come first,
# and the flags come last of all: without them learning is off.
_ORDER = {AuditEntry.collection: -2, ChainHead.collection: -1, VERSIONS: 1, Config.collection: 2}


class Restoring(Document):
    """How far a restore is; it stands in the store until the restore has ended."""

    collection: ClassVar[str] = RESTORING.collection

    backup: str
    done: int = 0

    def key(self) -> str:
        """Return the one id."""
        return RESTORING.id


class RestoreReport(Model):
    """What was restored, and what the audit chains say; `went_on` if half of it was there."""

    documents: int
    collections: dict[str, int]
    went_on: bool
    chains: tuple[ChainReport, ...]


@dataclass(frozen=True)
class Batch:
    """Documents of one commit: those of a backup from number `first` on."""

    first: int
    documents: tuple[tuple[Ref, dict[str, Any]], ...]

    @property
    def end(self) -> int:
        """The number of the document behind the last one."""
        return self.first + len(self.documents)


def open_backup(
    folder: Path,
    url: str | None,
    show: Show = lambda done, total: None,
    *,
    clock: Clock = system_clock,
) -> tuple[App, Manifest]:
    """Check a whole backup and the key, and only then open the store that it shall fill.

    Raises: NotFound, InvalidInput, UnknownSchema for what is wrong with the backup; Refused for
    another key; Unavailable.
    """
    manifest = read_manifest(folder)
    keys = keys_like(url, manifest.fingerprint)
    if not manifest.is_signed(keys):
        told = f"{folder / MANIFEST} was changed: its signature is not the key's"
        raise InvalidInput(told, field=MANIFEST, mend=ANOTHER)
    check_backup(folder, manifest, show)
    return open_target(url, keys, clock=clock), manifest


def restore(
    app: App, folder: Path, manifest: Manifest, show: Show = lambda done, total: None
) -> RestoreReport:
    """Fill an empty store with a backup that was checked; one that died goes on.

    A chain that is broken in the backup is restored as it is: the report says so.

    Raises: Refused for a store that is not empty; Conflict where somebody else writes to it;
    Unavailable.
    """
    began = _begin(app, manifest)
    for batch in _batches(folder, manifest, began):
        _write(app.store, manifest, batch)
        show(batch.end, manifest.documents)
    _require_all(app, folder, manifest)
    chains = verify_chains(app.store, app.keys)
    app.store.delete(RESTORING)
    # Behind the marker: an alert is no document of the backup, so the count would never end.
    alert_to_broken(app.store, chains, now=app.clock())
    return RestoreReport(
        documents=manifest.documents,
        collections={name: held.count for name, held in manifest.collections.items()},
        went_on=began > 0,
        chains=tuple(chains),
    )


def _begin(app: App, manifest: Manifest) -> int:
    """Mark the store as half restored; returns how many documents it has from this backup.

    Raises: Refused.
    """
    found = app.store.get(RESTORING)
    if found is not None:
        marker = Restoring.from_store(found.data)
        if marker.backup != manifest.signature:
            raise Refused(
                "the store holds half of another backup",
                field="store",
                mend="end the restore of that one, or empty the store",
            )
        return marker.done
    if other := _first_document(app.store):
        raise Refused(
            f"the store is not empty: it holds {other}",
            field="store",
            mend="restore into an empty store: another file, another database",
        )
    own = {"v": 1, "fingerprint": fingerprint(app.keys)}
    marker = Restoring(backup=manifest.signature)
    writes = [Write("set", FINGERPRINT, own), Write("create", RESTORING, marker.to_map())]
    app.store.commit(writes)
    return 0


def _first_document(store: Store) -> Ref | None:
    """Return a document of Ratchet's that an empty store would not have."""
    for name in filter(is_ours, store.collections()):
        for found in store.query(Query(name, limit=2)):
            if found.ref != FINGERPRINT:
                return found.ref
    return None


def _batches(folder: Path, manifest: Manifest, done: int) -> Iterator[Batch]:
    """Yield what is left of a backup, a commit at a time."""
    names = sorted(manifest.collections, key=lambda name: (_ORDER.get(name, 0), name))
    everything = (found for name in names for found in read_documents(folder, name))
    held: list[tuple[Ref, dict[str, Any]]] = []
    size = 0
    for ref, data, of_one in islice(everything, done, None):
        if held and (len(held) == _WRITES or size + of_one > _BYTES):
            yield Batch(done, tuple(held))
            done, held, size = done + len(held), [], 0
        held.append((ref, data))
        size += of_one
    if held:
        yield Batch(done, tuple(held))


def _write(store: Store, manifest: Manifest, batch: Batch) -> None:
    """Write a batch once, with how far the restore is, whatever is retried.

    Raises: Conflict.
    """

    def body(tx: Transaction) -> None:
        marker = tx.find(Restoring, RESTORING.id)
        if marker is None or marker.backup != manifest.signature or marker.done < batch.first:
            raise _disturbed(f"{RESTORING} was changed")
        if marker.done >= batch.end:
            return
        for ref, data in batch.documents:
            tx.create(ref, data)
        tx.put(marker.model_copy(update={"done": batch.end}))

    try:
        store.transact(body, self_checking=True)
    except AlreadyExists as error:
        raise _disturbed(error.message) from error


def _disturbed(told: str) -> Conflict:
    return Conflict(
        f"somebody else writes to the store: {told}",
        field="store",
        mend="stop who writes to it, empty it, and restore again",
    )


def _require_all(app: App, folder: Path, manifest: Manifest) -> None:
    """Count what is stored; a service that removes expired documents may have begun to.

    Raises: Conflict.
    """
    for name in filter(is_ours, app.store.collections()):
        if name not in manifest.collections and name != CHECKPOINTS:
            raise _disturbed(f"{name} is not of the backup")
    for name, contents in manifest.collections.items():
        own = 2 if name == CHECKPOINTS else 0  # the key's fingerprint and the marker
        found = app.store.count(Query(name)) - own
        fewest = contents.count
        if found < fewest:
            fewest -= _expired(folder, name, app.clock())
        if not fewest <= found <= contents.count:
            raise _disturbed(f"{name} holds {found} documents, the backup {contents.count}")


def _expired(folder: Path, name: str, now: datetime) -> int:
    """Return how many documents of a file have expired."""
    ends = (data.get("expireAt") for _, data, _ in read_documents(folder, name))
    return sum(isinstance(end, datetime) and end <= now for end in ends)
