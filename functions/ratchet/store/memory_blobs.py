"""MemoryBlobs: blobs of a memory: store, gone with the process."""

import threading
from collections.abc import Iterator
from datetime import datetime

from ratchet.kernel.clock import Clock, system_clock
from ratchet.store.blobs import BlobInfo, address_of, check_address, missing


class MemoryBlobs:
    """Bytes by their address, and when each was put last."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._held: dict[str, tuple[bytes, datetime]] = {}
        self._lock = threading.Lock()

    def put(self, data: bytes) -> str:
        """Keep bytes; returns their address."""
        sha256 = address_of(data)
        with self._lock:
            self._held[sha256] = (bytes(data), self._clock())
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes of an address.

        Raises: NotFound.
        """
        found = self._held.get(check_address(sha256))
        if found is None:
            raise missing(sha256, "memory:")
        return found[0]

    def has(self, sha256: str) -> bool:
        """Say whether there are bytes under an address."""
        return check_address(sha256) in self._held

    def delete(self, sha256: str, *, put_before: datetime | None = None) -> bool:
        """Remove bytes, unless they were put since; says whether they are gone."""
        with self._lock:
            found = self._held.get(check_address(sha256))
            if found and put_before is not None and found[1] >= put_before:
                return False
            self._held.pop(sha256, None)
            return True

    def listed(self) -> Iterator[BlobInfo]:
        """Yield what there is, in order of address."""
        for sha256, (data, put_at) in sorted(self._held.items()):
            yield BlobInfo(sha256, len(data), put_at)
