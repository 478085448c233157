"""A backup on disk: one folder with a file of JSON lines a collection, and a signed manifest.

    COLLECTION.jsonl   {"id": ..., "data": ...} a line, in order of id
    manifest.json      what the files hold, by count and SHA-256; written last
    unfinished.json    the moment that a backup which has no manifest yet is of

The project's key is never in it.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from ratchet.entry.files import json_object
from ratchet.govern.config import Config
from ratchet.kernel.canonical import sign, signed_by
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import InvalidInput, NotFound, RatchetError, UnknownSchema
from ratchet.kernel.keys import Keys
from ratchet.store.encoding import from_json, to_json
from ratchet.store.limits import check_document
from ratchet.store.port import NAME, Data, Ref

FORMAT, VERSION = "ratchet-backup", 1
MANIFEST, UNFINISHED = "manifest.json", "unfinished.json"
LINES, DRAFT = ".jsonl", ".new"
ANOTHER = "restore another backup: this one is damaged"

Show = Callable[[int, int], None]
M = TypeVar("M", bound=Model)


class Contents(Model):
    """What the file of a collection holds."""

    count: int
    sha256: str


class Manifest(Model):
    """What a whole backup holds, signed with the project's key."""

    format: str = FORMAT
    version: int = VERSION
    taken_at: Instant
    fingerprint: str
    collections: dict[str, Contents]
    signature: str = ""

    def signed(self, keys: Keys) -> Self:
        """Return the manifest with its signature, which is also the backup's id."""
        return self.model_copy(update={"signature": sign(keys.audit, self._signed())})

    def is_signed(self, keys: Keys) -> bool:
        """Say whether nobody changed the manifest."""
        return signed_by(keys.audit, self._signed(), self.signature)

    def _signed(self) -> dict[str, Any]:
        return {"backup": {k: v for k, v in self.to_wire().items() if k != "signature"}}

    @property
    def documents(self) -> int:
        """How many documents the backup holds."""
        return sum(contents.count for contents in self.collections.values())


class Unfinished(Model):
    """Which moment of which store a backup is of, so that it can go on."""

    format: str = FORMAT
    version: int = VERSION
    taken_at: Instant
    fingerprint: str
    moment: str


def is_ours(collection: str) -> bool:
    """Say whether a collection is Ratchet's; a database may hold an application's beside it."""
    named = collection == Config.collection or collection.startswith("ops_")
    return named and NAME.fullmatch(collection) is not None


def collection_file(folder: Path, collection: str) -> Path:
    """Return the file of a collection."""
    return folder / f"{collection}{LINES}"


def to_line(ref: Ref, data: Data) -> bytes:
    """Return the line of a document.

    Raises: InvalidInput for a document that could not be restored.
    """
    try:
        check_document(*ref, data)
    except InvalidInput as error:
        message = f"{ref} cannot be restored: {error.message}"
        raise InvalidInput(message, field=str(ref), mend="mend or delete that document") from error
    return f'{{"id": {json.dumps(ref.id)}, "data": {to_json(data)}}}\n'.encode()


def from_line(collection: str, line: bytes) -> tuple[Ref, dict[str, Any]]:
    """Return the document of a line.

    Raises: ValueError for a line that holds none.
    """
    if not line.endswith(b"\n"):
        raise ValueError("the line is cut off")
    held = from_json(line.decode())
    if set(held) != {"id", "data"} or not isinstance(held["id"], str):
        raise ValueError("it holds no id and data")
    if not isinstance(held["data"], dict):
        raise ValueError("its data are no map")
    return Ref(collection, held["id"]), held["data"]


def read_documents(folder: Path, collection: str) -> Iterator[tuple[Ref, dict[str, Any], int]]:
    """Yield each document of a collection's file, with its size as a store counts it.

    Raises: InvalidInput that names the line.
    """
    path = collection_file(folder, collection)
    with reading(path), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                ref, data = from_line(collection, line)
                size = check_document(*ref, data)
            except (ValueError, RatchetError) as error:
                told = error.message if isinstance(error, RatchetError) else str(error)
                message = f"{path}, line {number}: {told}"
                raise InvalidInput(message, field=path.name, mend=ANOTHER) from error
            yield ref, data, size


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup.

    Raises: NotFound, InvalidInput, UnknownSchema.
    """
    if not folder.is_dir():
        raise NotFound(f"{folder} is no folder", field="folder", mend="name a backup's folder")
    if not (folder / MANIFEST).exists():
        begun = (folder / UNFINISHED).exists()
        told = "an unfinished backup" if begun else "no backup"
        mend = "run `ratchet backup` again, it goes on" if begun else "name a backup's folder"
        raise NotFound(f"{folder} holds {told}: it has no {MANIFEST}", field="folder", mend=mend)
    manifest = _read(folder / MANIFEST, Manifest, ANOTHER)
    for name in manifest.collections:
        if not is_ours(name):
            message = f"{folder / MANIFEST} names {name!r}, no collection of Ratchet's"
            raise InvalidInput(message, field=MANIFEST, mend=ANOTHER)
    return manifest


def read_unfinished(folder: Path) -> Unfinished:
    """Return what a backup that has not ended is of.

    Raises: InvalidInput, UnknownSchema.
    """
    return _read(folder / UNFINISHED, Unfinished, "name a new folder")


def _read(path: Path, kind: type[M], mend: str) -> M:
    """Return a document of the folder, once its format is known."""
    try:
        data = json_object(path, path.name)
        version = data.get("version")
        if data.get("format") != FORMAT or type(version) is not int:
            raise InvalidInput(f"its format is not {FORMAT}")
        if version > VERSION:
            told = f"{path} is of format {version}, this program knows {VERSION}"
            raise UnknownSchema(told, field="version", mend="upgrade ratchet")
        return kind.parse(data)
    except UnknownSchema:
        raise
    except InvalidInput as error:
        told = f"{path} is damaged: {error.message}"
        raise InvalidInput(told, field=path.name, mend=mend) from error


def check_backup(folder: Path, manifest: Manifest, show: Show = lambda done, total: None) -> None:
    """Hold every file against the manifest: what is there, each line, counts and hashes.

    Raises: InvalidInput that names the file.
    """
    held = {path.name for path in folder.iterdir()} - {MANIFEST, UNFINISHED}
    wanted = {f"{name}{LINES}" for name in manifest.collections}
    for told, names in (("is missing", wanted - held), ("is not of this backup", held - wanted)):
        if names:
            name = min(names)
            raise InvalidInput(f"{folder / name} {told}", field=name, mend=ANOTHER)
    done = 0
    for name, contents in manifest.collections.items():
        count = 0
        for count, _ in enumerate(read_documents(folder, name), 1):
            show(done + count, manifest.documents)
        done += count
        path = collection_file(folder, name)
        if count != contents.count:
            told = f"{path} holds {count} documents, the manifest says {contents.count}"
            raise InvalidInput(told, field=path.name, mend=ANOTHER)
        if _sha256(path) != contents.sha256:
            told = f"{path} was changed: its hash is not the manifest's"
            raise InvalidInput(told, field=path.name, mend=ANOTHER)


def _sha256(path: Path) -> str:
    with reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, document: Model) -> None:
    """Write a document of the folder: all of it is there under its name, or nothing."""
    draft = path.with_name(f"{path.name}{DRAFT}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(document.to_wire(), file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Name the file that cannot be read.

    Raises: InvalidInput.
    """
    try:
        yield
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise InvalidInput(message, field=path.name, mend="make it readable") from error
