"""Buffer: what was recorded and is not sent yet. Any thread adds; the sender takes."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.client.batch import MAX_BATCH, MAX_BODY, Batch, observation_text
from ratchet.client.ledger import Ledger
from ratchet.kernel.clock import Clock
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import random_id


class Buffer:
    """A bounded queue of observations; one that finds it full is dropped and counted."""

    def __init__(self, ledger: Ledger, *, clock: Clock, max_buffer: int, flush_size: int) -> None:
        for name, value in (("max_buffer", max_buffer), ("flush_size", flush_size)):
            if value < 1:
                raise InvalidInput(f"{name} is {value}", field=name, mend="use at least 1")
        self.entered = 0
        self.closed = False
        self._ledger = ledger
        self._clock = clock
        self._max_buffer = max_buffer
        self._flush_size = min(flush_size, max_buffer)
        self._waiting: deque[tuple[datetime, Mapping[str, Any]]] = deque()
        self._held: deque[Batch] = deque()

    def add(self, given: tuple[Mapping[str, Any], ...], fields: dict[str, Any]) -> bool:
        """Take one observation; return whether enough are waiting for a flush.

        Its values are read when its batch is made: only the map itself and `meta` are copied.
        """
        if given:
            if len(given) > 1:
                raise InvalidInput("record takes one mapping, or keywords")
            fields = {**given[0], **fields}
        if isinstance(fields.get("meta"), dict):
            fields["meta"] = fields["meta"].copy()
        stamp = self._clock()
        accounts = self._ledger.accounts
        with self._ledger.lock:
            accounts["recorded"] += 1
            if accounts["pending"] < self._max_buffer and not self.closed:
                accounts["pending"] += 1
                self.entered += 1
                self._waiting.append((stamp, fields))
                return len(self._waiting) % self._flush_size == 0
            accounts["dropped"] += 1
        why = "the recorder is closed" if self.closed else f"{self._max_buffer} are waiting"
        self._ledger.tell("dropped", f"observations are dropped: {why}")
        return False

    def refuse(self, error: Exception) -> None:
        """Count what `add` could not take."""
        self._ledger.post("recorded", "invalid", 1)
        self._tell_invalid(error)

    def __bool__(self) -> bool:
        return bool(self._held or self._waiting)

    @property
    def due(self) -> bool:
        """Say whether enough are waiting for a flush."""
        return len(self._waiting) >= self._flush_size

    def settled(self, entered: int) -> bool:
        """Say whether the first so many observations are answered, spooled or dropped."""
        with self._ledger.lock:
            return self.entered - self._ledger.accounts["pending"] >= entered

    def hold(self, batch: Batch) -> None:
        """Put a batch back in front; it keeps its id."""
        self._held.appendleft(batch)

    def take(self) -> Batch | None:
        """Return the next batch; None where what was next had no JSON."""
        if self._held:
            return self._held.popleft()
        texts: list[str] = []
        size = 0
        while len(texts) < MAX_BATCH and size < MAX_BODY:
            try:
                stamp, fields = self._waiting.popleft()
            except IndexError:
                break
            try:
                text = observation_text(fields, stamp)
            except Exception as error:  # any object may hide in the fields, and raise anything
                self._ledger.post("pending", "invalid", 1)
                self._tell_invalid(error)
            else:
                texts.append(text)
                size += len(text)
        return Batch(random_id(), tuple(texts)) if texts else None

    def _tell_invalid(self, error: Exception) -> None:
        try:
            shown = repr(error)
        except Exception:  # the text is whatever a caller's object made of it
            shown = type(error).__name__
        self._ledger.tell("invalid", f"an observation was not recorded: {shown}")
