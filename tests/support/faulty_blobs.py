"""FaultyBlobs: blobs that fail at one chosen call, before it acts or after."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal, TypeVar

from ratchet.store.blobs import BlobInfo, Blobs
from tests.support.faults import Died

T = TypeVar("T")


class FaultyBlobs:
    """Counts every call of the port; call number `die_at` (from 1) fails before or after it acts.

    `die_at=None` only counts. A listing is one call, like a stream of `FaultyStore`.
    """

    def __init__(
        self,
        inner: Blobs,
        die_at: int | None = None,
        when: Literal["before", "after"] = "before",
        error: Exception | None = None,
    ) -> None:
        self.inner = inner
        self.calls = 0
        self.log: list[str] = []
        self._die_at = die_at
        self._when = when
        self._error = error if error is not None else Died("the process died here")
        self._lock = threading.Lock()

    def _call(self, name: str, act: Callable[[], T]) -> T:
        with self._lock:
            self.calls += 1
            self.log.append(name)
            dies = self.calls == self._die_at
        if dies and self._when == "before":
            raise self._error
        answer = act()
        if dies:
            raise self._error
        return answer

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
