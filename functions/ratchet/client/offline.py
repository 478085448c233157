"""OfflineTransport: the service in memory, for the tests of those who use the client."""

import hashlib
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.client.batch import EXPOSURE, Batch, dump
from ratchet.client.transport import Resolved, SendResult
from ratchet.kernel.errors import NotFound, Unavailable


class OfflineTransport:
    """Takes every batch once by its id, answers resolve from a dictionary, is `down` on request.

    `policies` maps a policy id to `{"version": ..., "params": {...}}` and may change at any time;
    a `rollout` beside them, as the service answers it, assigns units to other versions.
    """

    def __init__(self, policies: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.policies: dict[str, Mapping[str, Any]] = dict(policies or {})
        self.down = False
        self.batches: dict[str, Batch] = {}
        self.grades: list[Mapping[str, Any]] = []
        self.requests = 0
        self._lock = threading.Lock()

    @property
    def observations(self) -> list[dict[str, Any]]:
        """Return every observation taken, in the order of the batches."""
        return [item for item in self._items() if item.get("kind") != EXPOSURE]

    @property
    def exposures(self) -> list[dict[str, Any]]:
        """Return every exposure taken, in the order of the batches."""
        return [item for item in self._items() if item.get("kind") == EXPOSURE]

    @property
    def runs(self) -> list[dict[str, Any]]:
        """Return every run taken, in the order of the batches."""
        with self._lock:
            return [run for batch in self.batches.values() for run in batch.runs]

    def send(self, batch: Batch) -> SendResult:
        """Take one batch."""
        with self._lock:
            self._answer()
            self.batches.setdefault(batch.id, batch)
        return SendResult(len(batch))

    def feedback(self, items: Sequence[Mapping[str, Any]]) -> SendResult:
        """Take late grades."""
        with self._lock:
            self._answer()
            self.grades.extend(items)
        return SendResult(len(items))

    def resolve(self, policy: str, etag: str | None) -> Resolved | None:
        """Return the version the dictionary has; its etag is a hash of the content."""
        with self._lock:
            self._answer()
            if policy not in self.policies:
                raise NotFound(f"no policy {policy}", field="policy")
            data = dict(self.policies[policy])
        now = hashlib.sha256(dump(data).encode()).hexdigest()[:16]
        return None if now == etag else Resolved.from_wire({**data, "policy": policy, "etag": now})

    def _items(self) -> list[dict[str, Any]]:
        with self._lock:
            return [item for batch in self.batches.values() for item in batch.observations]

    def _answer(self) -> None:
        self.requests += 1
        if self.down:
            raise Unavailable("the offline transport was told to be down")


class AsyncOfflineTransport:
    """As OfflineTransport, for asyncio; `offline` holds what was sent."""

    def __init__(self, policies: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.offline = OfflineTransport(policies)

    async def send(self, batch: Batch) -> SendResult:
        """Take one batch."""
        return self.offline.send(batch)

    async def feedback(self, items: Sequence[Mapping[str, Any]]) -> SendResult:
        """Take late grades."""
        return self.offline.feedback(items)

    async def resolve(self, policy: str, etag: str | None) -> Resolved | None:
        """Return the version the dictionary has."""
        return self.offline.resolve(policy, etag)
