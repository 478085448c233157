"""FaultyBlobs: blobs that fail at one chosen call, before it acts or after."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from ratchet.store.blobs import BlobInfo, Blobs
from tests.support.faults import Faulty


class FaultyBlobs(Faulty):
    """Fails at a call of the port; a listing is one call, like a stream of `FaultyStore`."""

    def __init__(
        self,
        inner: Blobs,
        die_at: int | None = None,
        when: Literal["before", "after"] = "before",
        error: Exception | None = None,
    ) -> None:
        super().__init__(die_at, when, error)
        self.inner = inner

    def put(self, data: bytes) -> str:
        return self._call("put", lambda: self.inner.put(data))

    def get(self, sha256: str) -> bytes:
        return self._call("get", lambda: self.inner.get(sha256))

    def has(self, sha256: str) -> bool:
        return self._call("has", lambda: self.inner.has(sha256))

    def delete(self, sha256: str, *, put_before: datetime | None = None) -> bool:
        return self._call("delete", lambda: self.inner.delete(sha256, put_before=put_before))

    def listed(self) -> Iterator[BlobInfo]:
        yield from self._call("listed", lambda: list(self.inner.listed()))
