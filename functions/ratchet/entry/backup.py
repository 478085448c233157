"""Back a store up into a folder: one moment of it, however long the copying takes."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

from ratchet.entry.archive import (
    DRAFT,
    LINES,
    MANIFEST,
    UNFINISHED,
    Contents,
    Manifest,
    Show,
    Unfinished,
    check_backup,
    collection_file,
    from_line,
    is_ours,
    read_unfinished,
    to_line,
    write_whole,
)
from ratchet.entry.wiring import FINGERPRINT, RESTORING, App, fingerprint
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import Conflict, InvalidInput, NotFound, Refused
from ratchet.store.port import NAME, FrozenStore, Query

# What belongs to the one store; a restore writes its own.
_OWN = (FINGERPRINT, RESTORING)
_SHOW_EVERY = 100


class BackupReport(Model):
    """What was backed up; `begun` says whether it went on with an unfinished backup."""

    folder: str
    taken_at: Instant
    documents: int
    collections: dict[str, int]
    left_out: tuple[str, ...]
    begun: str


def back_up(app: App, folder: Path, show: Show = lambda done, total: None) -> BackupReport:
    """Copy every document of one moment into a folder; one that died goes on.

    Raises: Refused for a folder in use; InvalidInput for one that cannot be written, or a document
    that could not be restored; Conflict where another backup is writing there.
    """
    with _writing(folder), ExitStack() as stack:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stack.enter_context(_alone(folder))
        before = _look_into(folder)
        frozen, begun = _freeze(stack, app, before)
        if before is None or begun != "went on":
            before = _begin(app, folder, frozen)
        names = frozen.collections()
        ours = [name for name in names if is_ours(name)]
        contents = _copy_all(frozen, folder, ours, show)
        manifest = Manifest(
            taken_at=before.taken_at, fingerprint=before.fingerprint, collections=contents
        ).signed(app.keys)
        check_backup(folder, manifest)  # what an earlier process wrote, and the disk kept
        write_whole(folder / MANIFEST, manifest)
        (folder / UNFINISHED).unlink()
    return BackupReport(
        folder=str(folder),
        taken_at=manifest.taken_at,
        documents=manifest.documents,
        collections={name: held.count for name, held in contents.items()},
        left_out=tuple(name for name in names if name not in ours),
        begun=begun,
    )


def _look_into(folder: Path) -> Unfinished | None:
    """Return what an unfinished backup is of; None for an empty folder.

    Raises: Refused for a folder that holds anything else.
    """
    held = {path.name for path in folder.iterdir()}
    if MANIFEST in held:
        told = f"{folder} holds a whole backup already"
        raise Refused(told, field="folder", mend="name another folder")
    if UNFINISHED not in held:
        if other := held - {f"{UNFINISHED}{DRAFT}"}:
            told = f"{folder} holds other things, like {min(other)}"
            raise Refused(told, field="folder", mend="name a new folder")
        return None
    return read_unfinished(folder)


def _freeze(stack: ExitStack, app: App, before: Unfinished | None) -> tuple[FrozenStore, str]:
    """Open the moment of the unfinished backup, or the present where it can no longer be read."""
    if before is not None and before.fingerprint == fingerprint(app.keys):
        try:
            return stack.enter_context(app.store.snapshot(before.moment)), "went on"
        except NotFound:
            pass
    return stack.enter_context(app.store.snapshot()), "anew" if before else "new"


def _begin(app: App, folder: Path, frozen: FrozenStore) -> Unfinished:
    """Note which moment this is, once nothing of another moment is left."""
    for path in folder.iterdir():
        if path.name.endswith(LINES) and NAME.fullmatch(path.name.removesuffix(LINES)):
            path.unlink()
    unfinished = Unfinished(
        taken_at=app.clock(), fingerprint=fingerprint(app.keys), moment=frozen.moment
    )
    write_whole(folder / UNFINISHED, unfinished)
    return unfinished


def _copy_all(
    frozen: FrozenStore, folder: Path, names: list[str], show: Show
) -> dict[str, Contents]:
    total = sum(frozen.count(Query(name)) for name in names)
    contents: dict[str, Contents] = {}
    done = 0
    for name in names:
        with collection_file(folder, name).open("a+b") as file:
            for count, sha256 in _copy(frozen, file, name):
                contents[name] = Contents(count=count, sha256=sha256)
                show(done + count, total)
            file.flush()
            os.fsync(file.fileno())
        done += contents[name].count
    return contents


def _copy(frozen: FrozenStore, file: IO[bytes], name: str) -> Iterator[tuple[int, str]]:
    """Write what a file lacks of a collection; yields its count and hash now and then."""
    digest = hashlib.sha256()
    count = 0
    last: str | None = None
    for key, line in _kept(file, name):
        digest.update(line)
        count, last = count + 1, key
    behind = Query(name, start_after=None if last is None else (last,))
    found = (s for s in frozen.stream(behind) if s.ref not in _OWN)
    while part := list(islice(found, _SHOW_EVERY)):
        for snapshot in part:
            line = to_line(snapshot.ref, snapshot.data)
            file.write(line)
            digest.update(line)
        count += len(part)
        yield count, digest.hexdigest()
    yield count, digest.hexdigest()


def _kept(file: IO[bytes], name: str) -> Iterator[tuple[str, bytes]]:
    """Yield (id, line) of what an earlier process wrote whole, and cut off what is behind it."""
    file.seek(0)
    end = 0
    for line in file:
        try:
            ref, _ = from_line(name, line)
        except ValueError:
            break
        end += len(line)
        yield ref.id, line
    file.truncate(end)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder; the kernel lets go of it when this process dies.

    Raises: Conflict.
    """
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            told = f"another backup is being written to {folder}"
            raise Conflict(told, field="folder", mend="wait for it") from error
        yield
    finally:
        os.close(held)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Name the folder that cannot be written.

    Raises: InvalidInput.
    """
    try:
        yield
    except OSError as error:
        told = f"cannot write the backup {folder}: {error.strerror or error}"
        mend = "make room, or name a folder that can be written; run again, it goes on"
        raise InvalidInput(told, field="folder", mend=mend) from error
