"""DirectTransport: a component beside an embedded store, with no service between."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ratchet.client.batch import Batch
from ratchet.client.transport import Rejected, Resolved, SendResult
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import Clock, system_clock
from ratchet.kernel.errors import InvalidBatch
from ratchet.kernel.keys import Keys
from ratchet.observe.feedback import feedback
from ratchet.observe.observation import Rejection
from ratchet.observe.record import record
from ratchet.observe.settings import Ingest
from ratchet.rollouts.resolve import resolve
from ratchet.runs.record import record_runs
from ratchet.store.port import Store


class DirectTransport:
    """Carries a client's calls straight to the verbs."""

    def __init__(self, store: Store, keys: Keys, clock: Clock = system_clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._reader = ConfigReader(store, clock)

    def send(self, batch: Batch) -> SendResult:
        """Record one batch; the same id twice counts once."""
        if batch.kind == "runs":
            return self._record_runs(batch)
        payload = {"id": batch.id, "observations": batch.observations}
        ingest = self._reader.read(Ingest)
        with _on_wire():
            answer = record(self._store, self._keys, payload, ingest=ingest, now=self._clock())
        return SendResult(answer.accepted, _rejected(answer.rejected), answer.sampled)

    def _record_runs(self, batch: Batch) -> SendResult:
        payload = {"runs": batch.runs}
        with _on_wire():
            answer = record_runs(
                self._store, self._keys, payload, reader=self._reader, now=self._clock()
            )
        return SendResult(len(answer.runs), _rejected(answer.rejected))

    def feedback(self, items: Sequence[Mapping[str, Any]]) -> SendResult:
        """Hand over late grades."""
        ingest = self._reader.read(Ingest)
        with _on_wire():
            answer = feedback(self._store, list(items), ingest=ingest, now=self._clock())
        return SendResult(answer.accepted, _rejected(answer.rejected))

    def resolve(self, policy: str, etag: str | None) -> Resolved | None:
        """Return the version to run, or None where `etag` still names it."""
        answer = resolve(self._store, self._keys, policy, now=self._clock())
        return None if answer.etag == etag else Resolved.from_wire(answer.to_wire())


@contextmanager
def _on_wire() -> Iterator[None]:
    """Let the refusals of a whole batch look as they do in a service's answer."""
    try:
        yield
    except InvalidBatch as error:
        refused = error.as_dict()["rejected"]
        raise InvalidBatch(error.message, rejected=refused, mend=error.mend) from error


def _rejected(found: Sequence[Rejection]) -> tuple[Rejected, ...]:
    return tuple(Rejected(r.index, r.field, r.reason) for r in found)
