"""A whole project in the emulator: its functions, its triggers, and a person in the console."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
from google.protobuf.json_format import (  # type: ignore[import-untyped]  # it ships no types
    MessageToDict,
)

import main
from ratchet.entry.logs import LOG
from ratchet.entry.seed import seed
from ratchet.entry.wiring import App, wire
from ratchet.kernel.errors import RatchetError
from ratchet.store.port import Query, Ref, Store
from ratchet.store.protobuf import Value, put
from tests.emulator import server
from tests.emulator.triggers import SECONDS, Delivery, Receiver
from tests.support.faults import Died
from tests.support.functions import Functions
from tests.support.governed import KEYS

# The last one only marks how far the emulator is with its events.
PATTERNS = {
    "config_edited": "config/{name}",
    "policy_edited": "ops_policies/{version}",
    "rollout_edited": "ops_rollouts/{rollout}",
    "verdict_edited": "ops_verdicts/{verdict}",
    "approval_edited": "ops_approvals/{approval}",
    "replay_edited": "ops_replays/{replay}",
    "reached": "reached/{name}",
}
_MARKS = count()
OWNER = {"Authorization": "Bearer owner"}
Order = Callable[[list[Delivery]], Iterable[Delivery]]
Fields = Mapping[str, Any]


class Cloud(logging.Handler):
    """Everything that runs for one project; events wait here until they are delivered."""

    def __init__(self, host: str, receiver: Receiver, store: Store) -> None:
        super().__init__()
        self.store, self.functions = store, Functions()
        self._host, self._receiver = host, receiver
        self._console = httpx.Client(
            base_url=f"http://{host}/v1/projects/{server.PROJECT}/databases/(default)/documents",
            headers=OWNER,
            timeout=SECONDS,
            verify=False,  # on http there is nothing to verify, and getting ready for it takes long
        )
        self.began = datetime.now(UTC)
        self._decided: list[str] = []

    def start(self) -> None:
        """Begin empty; what was written before is nobody's business."""
        LOG.setLevel(logging.INFO)
        LOG.addHandler(self)
        server.clear(self._host)
        self.events()

    def close(self) -> None:
        """Let go of the logs and of the console's connection."""
        LOG.removeHandler(self)
        LOG.setLevel(logging.NOTSET)
        self._console.close()

    def emit(self, record: logging.LogRecord) -> None:
        """Note what a guard says that it decided."""
        fields = getattr(record, "fields", {})
        self._decided += [fields["decision"]] if "decision" in fields else []

    def process(self, store: Store | None = None) -> App:
        """Return the app of a fresh process: its caches are empty."""
        return wire(store or self.store, KEYS)

    def seeded(self) -> None:
        """Load the seeds; the scorer keeps no distance from the clock, so that nobody waits."""
        seed(self.process(), now=datetime.now(UTC))
        self.edit("config/ingest", {"shards": 2, "lagSeconds": 0.0})

    # What a person does in the console, which writes by REST and names the fields it changes.

    def edit(self, path: str, fields: Fields, *, without: Iterable[str] = ()) -> None:
        """Change fields of a document, and take some away."""
        mask = {"updateMask.fieldPaths": [f"`{name}`" for name in (*fields, *without)]}
        self._console.patch(path, params=mask, json=document(fields)).raise_for_status()

    def write(self, path: str, fields: Fields) -> None:
        """Write a document whole."""
        self._console.patch(path, json=document(fields)).raise_for_status()

    def delete(self, path: str) -> None:
        """Delete a document."""
        self._console.delete(path).raise_for_status()

    def status(self, version: str, status: str) -> None:
        """Set the status of a version of the policy."""
        self.edit(f"ops_policies/router-core@{version}", {"status": status})

    # What Eventarc does.

    def events(self) -> list[Delivery]:
        """Return the events of everything that was written so far and not delivered yet."""
        mark = f"reached/{next(_MARKS)}"
        self.write(mark, {"n": 1})
        found: list[Delivery] = []
        while (delivery := self._receiver.deliveries.get(timeout=SECONDS)).document != mark:
            found += [delivery] if delivery.trigger != "reached" else []
        return found

    def settle(self, order: Order = list) -> list[str]:
        """Deliver events in an order of one's choice until there are none; return the decisions.

        What a trigger fails on is delivered again, behind the others.
        """
        self._decided.clear()
        for _ in range(30):
            queue = list(order(self.events()))
            if not queue:
                return list(self._decided)
            while queue:
                delivery = queue.pop(0)
                try:
                    getattr(main, delivery.trigger)(delivery.event())
                except (Died, RatchetError):
                    queue.append(delivery)
        raise AssertionError(f"the guards answer their own writes for ever: {self._decided[-5:]}")

    def read(self, path: str) -> dict[str, Any]:
        """Return a document as it is stored, {} where there is none."""
        found = self.store.get(Ref(*path.split("/")))
        return found.data if found else {}

    def all(self, collection: str) -> list[dict[str, Any]]:
        """Return every document of a collection."""
        return [s.data for s in self.store.query(Query(collection))]


def document(fields: Fields) -> dict[str, Any]:
    """Return a document as REST takes it."""
    return {"fields": {name: value(given) for name, given in fields.items()}}


def value(given: Any) -> Any:
    """Return a value as REST takes it; a map with one key like `geoPointValue` is one already."""
    if isinstance(given, dict) and len(given) == 1 and next(iter(given)).endswith("Value"):
        return given
    held = Value()
    put(held, given)
    read: dict[str, Any] = MessageToDict(held)
    return read
