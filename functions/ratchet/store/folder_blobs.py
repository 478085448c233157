"""FolderBlobs: blobs as files of a folder, each whole or not there."""

import fcntl
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ratchet.kernel.clock import Clock, from_micros, micros, system_clock
from ratchet.kernel.errors import NotWhole, RatchetError, Unavailable
from ratchet.store.blobs import BlobInfo, address_of, check_address, is_address, missing

_DRAFTS = "drafts"
_LOCK = "lock"
_LEVEL = 6


class FolderBlobs:
    """Files `ab/abcd...` of a folder, deflated, for their owner alone; made at the first put.

    Whoever puts holds the folder's lock with others, whoever deletes holds it alone: no bytes that
    were just put again are deleted, and a draft that the lone holder finds is a dead process's.
    """

    def __init__(self, path: Path | str, clock: Clock = system_clock) -> None:
        self.path = Path(path)
        self._clock = clock
        self._swept = False

    def put(self, data: bytes) -> str:
        """Keep bytes, whole or not at all; returns their address.

        Raises: Unavailable.
        """
        sha256 = address_of(data)
        packed = zlib.compress(data, _LEVEL)
        with _ours(self.path):
            self._make()
            with self._locked(fcntl.LOCK_SH):
                if not self._touched(sha256):
                    self._write(sha256, packed)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes of an address.

        Raises: NotFound, NotWhole, Unavailable.
        """
        path = self._file(sha256)
        with _ours(self.path):
            try:
                packed = path.read_bytes()
            except FileNotFoundError as error:
                there = "" if self.path.is_dir() else ", a folder that does not exist"
                raise missing(sha256, f"{self.path}{there}") from error
        return _unpacked(sha256, packed)

    def has(self, sha256: str) -> bool:
        """Say whether there are bytes under an address."""
        path = self._file(sha256)
        with _ours(self.path):
            return path.is_file()

    def delete(self, sha256: str, *, put_before: datetime | None = None) -> bool:
        """Remove bytes, unless they were put since; says whether they are gone.

        Raises: Unavailable.
        """
        path = self._file(sha256)
        with _ours(self.path), suppress(FileNotFoundError), self._locked(fcntl.LOCK_EX):
            if put_before is not None and _put_at(path.stat()) >= put_before:
                return False
            path.unlink()
        return True

    def listed(self) -> Iterator[BlobInfo]:
        """Yield what there is, in order of address.

        Raises: Unavailable.
        """
        with _ours(self.path):
            folders = sorted(self.path.glob("[0-9a-f][0-9a-f]"))
        for folder in folders:
            with _ours(self.path):
                paths = sorted(path for path in folder.glob("*") if is_address(path.name))
            for path in paths:
                with _ours(self.path), suppress(FileNotFoundError):  # deleted meanwhile
                    found = path.stat()
                    yield BlobInfo(path.name, found.st_size, _put_at(found))

    def _file(self, sha256: str) -> Path:
        return self.path / check_address(sha256)[:2] / sha256

    def _make(self) -> None:
        """Make the folder at its first put, and clear it of what dead processes left."""
        if self._swept:
            return
        for folder in (self.path, self.path / _DRAFTS):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path / _LOCK, os.O_CREAT | os.O_WRONLY, 0o600))
        with suppress(BlockingIOError), self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
            for draft in (self.path / _DRAFTS).iterdir():
                draft.unlink()
        self._swept = True

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        fd = os.open(self.path / _LOCK, os.O_RDONLY)
        try:
            fcntl.flock(fd, how)
            yield
        finally:
            os.close(fd)

    def _touched(self, sha256: str) -> bool:
        """Say whether the bytes are there, and whole; if so, they count as put now."""
        path = self._file(sha256)
        try:
            _unpacked(sha256, path.read_bytes())
        except (FileNotFoundError, NotWhole):
            return False
        self._date(path)
        return True

    def _write(self, sha256: str, packed: bytes) -> None:
        path = self._file(sha256)
        draft = self.path / _DRAFTS / secrets.token_hex(16)
        try:
            with os.fdopen(
                os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"
            ) as out:
                out.write(packed)
                out.flush()
                os.fsync(out.fileno())
            self._date(draft)
            if not path.parent.is_dir():
                path.parent.mkdir(mode=0o700, exist_ok=True)
                _sync(self.path)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync(path.parent)

    def _date(self, path: Path) -> None:
        at = micros(self._clock()) * 1000
        os.utime(path, ns=(at, at))


def _unpacked(sha256: str, packed: bytes) -> bytes:
    """Return the bytes of a file.

    Raises: NotWhole.
    """
    try:
        data = zlib.decompress(packed)
    except zlib.error as error:
        raise _not_whole(sha256) from error
    if address_of(data) != sha256:
        raise _not_whole(sha256)
    return data


def _not_whole(sha256: str) -> NotWhole:
    return NotWhole(
        f"the blob {sha256} is not what its address says",
        field="sha256",
        mend="restore its file from a backup of the folder, or put the same bytes again",
    )


def _put_at(found: os.stat_result) -> datetime:
    return from_micros(found.st_mtime_ns // 1000)


def _sync(folder: Path) -> None:
    """Let a name that was made outlive the machine's death."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _ours(path: Path) -> Iterator[None]:
    try:
        yield
    except RatchetError:
        raise
    except OSError as error:
        raise Unavailable(
            f"blobs in {path}: {error.strerror}",
            field="RATCHET_BLOBS",
            mend="name a folder that may be read and written and has space left, and try again",
        ) from error
