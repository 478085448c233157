"""Buffer: what was recorded and is not sent yet. Any thread adds; the sender takes."""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ratchet.client.batch import (
    EXPOSURE,
    MAX_BATCH,
    MAX_BODY,
    Batch,
    Kind,
    observation_text,
    wire_fields,
)
from ratchet.client.ledger import Ledger
from ratchet.client.run import run_text, told_id, whole_run
from ratchet.kernel.clock import Clock
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.kernel.ids import random_id

MAX_EXPOSED = 100_000  # exposures that are remembered, some 25 MB
MAX_RUNS = 100  # in a batch, as the service takes them
# How many of a kind travel together, and what encodes one.
_FORMS: Mapping[Kind, tuple[int, Callable[[Mapping[str, Any], datetime], str]]] = {
    "observations": (MAX_BATCH, observation_text),
    "runs": (MAX_RUNS, run_text),
}


class Buffer:
    """A bounded queue of what was recorded; what finds it full is dropped and counted.

    It knows the latest exposures that it took, so a unit's next request does not repeat its own.
    """

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
        self._lanes: dict[Kind, deque[tuple[datetime, Mapping[str, Any]]]] = {
            kind: deque() for kind in _FORMS
        }
        self._held: deque[Batch] = deque()
        self._exposed: OrderedDict[tuple[Any, ...], None] = OrderedDict()

    def add(self, given: tuple[Mapping[str, Any], ...], fields: dict[str, Any]) -> bool:
        """Take one observation; return whether enough are waiting for a flush.

        Its values are read when its batch is made: only the map itself and `meta` are copied.
        """
        return self._take(_merged(given, fields))

    def add_run(self, given: tuple[Mapping[str, Any], ...], fields: dict[str, Any]) -> bool:
        """Take one run, whose mappings add up; return whether enough are waiting for a flush."""
        try:
            run = whole_run(given, fields)
        except Exception as error:  # a mapping of the caller's may raise anything
            self._ledger.post("recorded", "invalid", 1)
            self._tell_invalid(error, "runs", told_id(given, fields))
            return False
        return self._take(run, "runs")

    def expose(self, given: tuple[Mapping[str, Any], ...], fields: dict[str, Any]) -> bool:
        """Take one exposure unless it was taken before; return whether enough are waiting.

        Raises: InvalidInput, TypeError for one that could not be sent.
        """
        wire = wire_fields(_merged(given, fields) | {"kind": EXPOSURE})
        met = (wire["rolloutId"], wire["step"], wire["rolloutArm"], wire["unit"])
        with self._ledger.lock:
            if met in self._exposed:
                self._exposed.move_to_end(met)
                return False
            before = self.entered
            due = self._take(wire)
            if self.entered > before:  # one that was dropped may come again
                self._exposed[met] = None
                if len(self._exposed) > MAX_EXPOSED:
                    self._exposed.popitem(last=False)
            return due

    def _take(self, fields: dict[str, Any], kind: Kind = "observations") -> bool:
        if isinstance(fields.get("meta"), dict):
            fields["meta"] = fields["meta"].copy()
        stamp = self._clock()
        accounts = self._ledger.accounts
        with self._ledger.lock:
            accounts["recorded"] += 1
            if accounts["pending"] < self._max_buffer and not self.closed:
                accounts["pending"] += 1
                self.entered += 1
                self._lanes[kind].append((stamp, fields))
                return self._waiting % self._flush_size == 0
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
    def _waiting(self) -> int:
        return sum(map(len, self._lanes.values()))

    @property
    def due(self) -> bool:
        """Say whether enough are waiting for a flush."""
        return self._waiting >= self._flush_size

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
        kind = max(self._lanes, key=lambda name: len(self._lanes[name]))
        most, text_of = _FORMS[kind]
        texts: list[str] = []
        size = 0
        while len(texts) < most and size < MAX_BODY:
            try:
                stamp, fields = self._lanes[kind].popleft()
            except IndexError:
                break
            try:
                text = text_of(fields, stamp)
            except Exception as error:  # any object may hide in the fields, and raise anything
                self._ledger.post("pending", "invalid", 1)
                self._tell_invalid(error, kind, fields.get("runId"))
            else:
                texts.append(text)
                size += len(text)
        return Batch(random_id(), tuple(texts), kind) if texts else None

    def _tell_invalid(
        self, error: Exception, kind: Kind = "observations", run_id: object = None
    ) -> None:
        known = isinstance(error, RatchetError) and kind == "runs"
        try:
            shown = str(error) if known else repr(error)
        except Exception:  # the text is whatever a caller's object made of it
            shown = type(error).__name__
        if kind == "runs":
            field = error.field if isinstance(error, RatchetError) else ""
            named = run_id if isinstance(run_id, str) else ""
            self._ledger.tell_run("nothing is sent of", named, field, shown)
        else:
            self._ledger.tell("invalid", f"an observation was not recorded: {shown}")


def _merged(given: tuple[Mapping[str, Any], ...], fields: dict[str, Any]) -> dict[str, Any]:
    if len(given) > 1:
        raise InvalidInput("one mapping, or keywords, are wanted")
    return {**given[0], **fields} if given else fields
