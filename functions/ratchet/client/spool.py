"""Spool: batches on disk while the service is down, shared by any number of processes.

BASE.json.gz        a batch that waits; BASE is millis-sequence-count-batchid, so names sort
BASE.TOKEN.claim    being sent by the owner of TOKEN
BASE.TOKEN.tmp      being written by the owner of TOKEN
BASE.bad            unreadable, kept for a person
TOKEN.lock          flock-ed by TOKEN's owner while it lives; the kernel lets go when it dies
"""

import contextlib
import fcntl
import gzip
import os
import re
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ratchet.client.batch import Batch
from ratchet.kernel.clock import Clock, millis, system_clock
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import random_id

READY, CLAIM, BAD = ".json.gz", ".claim", ".bad"
_WAITING = re.compile(r"\d+-\d+-\d+-\w+\.json\.gz")
_OWNED = re.compile(r"(?P<base>\d+-\d+-\d+-\w+)\.(?P<owner>[0-9a-f]{32})\.(?P<kind>claim|tmp)")
_LOCK = re.compile(r"([0-9a-f]{32})\.lock")


@dataclass(frozen=True)
class Claim:
    """A spooled batch that this process alone may send; `batch` is None if it is unreadable."""

    base: str
    batch: Batch | None

    @property
    def count(self) -> int:
        """Return the number of observations, which the name tells even of an unreadable file."""
        return int(self.base.split("-")[2])


class Spool:
    """A folder of batches, bounded in bytes: what does not fit is refused, never the oldest."""

    def __init__(self, folder: Path, *, max_bytes: int, clock: Clock = system_clock) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._clock = clock
        self._sequence = 0
        self._lock_fd: int | None = None
        self._token = ""
        self._listing: deque[str] = deque()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._own()
        except OSError as error:
            raise InvalidInput(f"the spool {folder}: {error}", field="spool") from error

    def put(self, batch: Batch) -> str | None:
        """Keep a batch and return its base name, or None where it does not fit."""
        self._sequence += 1
        stamp = millis(self._clock())
        base = f"{stamp:014d}-{self._sequence:08d}-{len(batch)}-{batch.id}"
        data = gzip.compress(batch.body(), 5)
        part: Path | None = None
        try:
            if self._used() + len(data) > self._max_bytes:
                return None
            part = self.folder / f"{base}.{self._own()}.tmp"
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / (base + READY))
        except OSError:  # a full or lost disk: the caller counts the batch as dropped
            if part is not None:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
            return None
        return base

    def claim(self) -> Claim | None:
        """Take the oldest batch that nobody else has, or None where there is none."""
        try:
            if not self._listing:
                self._take_back()
                self._listing.extend(sorted(filter(_WAITING.fullmatch, os.listdir(self.folder))))
            while self._listing:
                base = self._listing.popleft().removesuffix(READY)
                with contextlib.suppress(FileNotFoundError):  # another process was first
                    (self.folder / (base + READY)).rename(self._claimed(base))
                    return self._read(base)
        except OSError:  # the folder is away: nothing to replay now
            self._listing.clear()
        return None

    def done(self, claim: Claim) -> None:
        """Delete a batch that was answered."""
        with contextlib.suppress(OSError):
            self._claimed(claim.base).unlink(missing_ok=True)

    def release(self, claim: Claim) -> None:
        """Put a batch back, for anybody."""
        self._listing.clear()  # it comes first again
        with contextlib.suppress(OSError):
            self._claimed(claim.base).rename(self.folder / (claim.base + READY))

    def gone(self, bases: Iterable[str]) -> set[str]:
        """Return which of these batches are in the folder in no form, or are unreadable."""
        wanted = set(bases)
        if not wanted:
            return set()
        try:
            return wanted - {n.partition(".")[0] for n in os.listdir(self.folder) if n[-4:] != BAD}
        except OSError:
            return set()

    def close(self) -> None:
        """Put back what is claimed and let go of the lock."""
        if self._lock_fd is None:
            return
        with contextlib.suppress(OSError):
            for name in os.listdir(self.folder):
                if name.endswith(f".{self._token}{CLAIM}"):
                    self.release(Claim(name.partition(".")[0], None))
            (self.folder / f"{self._token}.lock").unlink(missing_ok=True)
        self._forget()

    def after_fork(self) -> None:
        """Become another owner: the claims are the parent's."""
        self._forget()

    def _forget(self) -> None:
        if self._lock_fd is not None:
            os.close(self._lock_fd)  # a child's copy: the parent's lock stays
        self._lock_fd = None
        self._listing.clear()

    def _own(self) -> str:
        """Return this owner's token, and hold its lock."""
        while self._lock_fd is None:
            token = random_id()
            path = self.folder / f"{token}.lock"
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(fd, fcntl.LOCK_EX)
            try:  # another process may have swept the file between its creation and the lock
                same = path.stat().st_ino == os.fstat(fd).st_ino
            except FileNotFoundError:
                same = False
            if same:
                self._lock_fd, self._token = fd, token
            else:
                os.close(fd)
        return self._token

    def _claimed(self, base: str) -> Path:
        return self.folder / f"{base}.{self._own()}{CLAIM}"

    def _read(self, base: str) -> Claim:
        path = self._claimed(base)
        try:
            batch = Batch.from_body(gzip.decompress(path.read_bytes()), base.split("-", 3)[3])
        except (OSError, EOFError, zlib.error, InvalidInput):
            batch = None
        claim = Claim(base, batch)
        if batch is not None and len(batch) == claim.count:
            return claim
        path.replace(self.folder / (base + BAD))
        return Claim(base, None)

    def _take_back(self) -> None:
        """Free what dead owners had claimed, and sweep what they had half written."""
        names = os.listdir(self.folder)
        owned = [found for name in names if (found := _OWNED.fullmatch(name))]
        owners = {found["owner"] for found in owned}
        owners |= {found[1] for name in names if (found := _LOCK.fullmatch(name))}
        dead = {owner for owner in owners if self._dead(owner)}
        for found in owned:
            if found["owner"] not in dead:
                continue
            path = self.folder / found.string
            with contextlib.suppress(FileNotFoundError):  # another process was first
                if found["kind"] == "tmp":
                    path.unlink()
                else:
                    path.rename(self.folder / (found["base"] + READY))

    def _dead(self, token: str) -> bool:
        if token == self._token and self._lock_fd is not None:
            return False
        path = self.folder / f"{token}.lock"
        try:
            fd = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            return False
        finally:
            os.close(fd)
        return True

    def _used(self) -> int:
        used = 0
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # sent meanwhile
                    used += entry.stat().st_size
        return used
