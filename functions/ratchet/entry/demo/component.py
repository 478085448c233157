"""A component as a team would run it: asks which version serves a unit, and records what came."""

from collections.abc import Callable, Mapping
from typing import Any

from ratchet.client import PolicyClient, Transport
from ratchet.client.batch import EXPOSURE, MAX_BATCH, Batch
from ratchet.entry.demo.world import Row
from ratchet.kernel.clock import EPOCH, Clock, millis
from ratchet.kernel.errors import InvalidInput

TTL = 300.0  # seconds
# Given an arm and a request: what the arm did with it.
Answers = Callable[[str, str], Row]


class Component:
    """A router under a simulated clock: it knows what `resolve` tells it, and what it measures."""

    def __init__(self, transport: Transport, policy: str, clock: Clock, answers: Answers) -> None:
        self._transport, self._clock, self._answers = transport, clock, answers
        self._items: list[Mapping[str, Any]] = []
        self._sent = 0
        self._client = PolicyClient(
            transport,
            policy,
            ttl_seconds=TTL,
            jitter=0.0,
            clock=lambda: (clock() - EPOCH).total_seconds(),
            wall_clock=clock,
            recorder=self,
        )

    def expose(self, exposure: Mapping[str, Any], /) -> None:
        """Take the record that a unit met its arm."""
        self._items.append({"kind": EXPOSURE, **exposure})

    def serve(self, unit: str) -> None:
        """Serve one request, and run the challengers beside that are to be run beside."""
        choice = self._client.choose(unit)
        for drawn in (choice, *choice.shadows):
            row = self._answers(drawn.arm, unit)
            own = {"component": f"router:{drawn.arm}", "ts": millis(self._clock()), "unit": unit}
            self._items.append({**row, **own, **drawn.as_observation()})
            if drawn is choice:
                self._client.report(choice, row["outcome"], row.get("errorCode"))

    def flush(self) -> None:
        """Send what was recorded.

        Raises: InvalidInput where any of it is refused.
        """
        for i in range(0, len(self._items), MAX_BATCH):
            self._sent += 1
            batch = Batch.of(f"component-{self._sent}", self._items[i : i + MAX_BATCH])
            for refused in self._transport.send(batch).rejected:
                raise InvalidInput(f"refused: {refused.reason}", field=refused.field)
        self._items = []
