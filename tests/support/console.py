"""A person in the Firestore console, and the events that the triggers get of every write."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ratchet.kernel.keys import Keys
from ratchet.policies.edit import Edit, Guarded
from ratchet.store.port import Query, Ref, Store
from tests.support.governed import KEYS, NOON

Guard = Callable[..., Guarded]
STEP = timedelta(seconds=10)


class Console:
    """Writes documents of one collection behind Ratchet's back, and keeps the events of it all."""

    def __init__(self, store: Store, collection: str, guard: Guard, keys: Keys = KEYS) -> None:
        self.store, self.collection, self.guard, self.keys = store, collection, guard, keys
        self.events: list[Edit] = []
        self.decisions: list[str] = []
        self.now = NOON + timedelta(minutes=1)
        self._count = 0

    def edit(self, document_id: str, **changes: Any) -> None:
        """Change some fields of a document; None takes a field away."""
        data = self.read(document_id) | changes
        self.write(document_id, {k: v for k, v in data.items() if v is not None})

    def read(self, document_id: str) -> dict[str, Any]:
        """Return a document, {} where there is none."""
        found = self.store.get(Ref(self.collection, document_id))
        return found.data if found else {}

    def write(self, document_id: str, data: dict[str, Any] | None) -> None:
        """Write a document whole, or delete it."""
        ref = Ref(self.collection, document_id)
        if data is None:
            self.watch(lambda _: self.store.delete(ref))
        else:
            self.watch(lambda _: self.store.set(ref, data))

    def watch(self, act: Callable[[datetime], Any]) -> None:
        """Do something, and keep the events of every document that it changed."""
        self.now += STEP
        self.events += self._changes(lambda: act(self.now))

    def deliver(self, events: Sequence[Edit]) -> None:
        """Hand the guard these events, and then those of its own writes, until it is quiet."""
        queue, delivered = list(events), 0
        while queue:
            assert delivered < 200, "the guard answers its own writes for ever"
            event, delivered = queue.pop(0), delivered + 1
            queue += self._changes(partial(self._judge, event))

    def _judge(self, event: Edit) -> None:
        self.now += STEP
        self.decisions.append(self.guard(self.store, self.keys, event, now=self.now).decision)

    def _changes(self, act: Callable[[], Any]) -> list[Edit]:
        before = self._documents()
        act()
        after = self._documents()
        ids = sorted(i for i in {*before, *after} if before.get(i) != after.get(i))
        self._count += len(ids)
        return [
            Edit(
                event_id=f"event-{self._count - i}",
                document_id=document_id,
                at=self.now,
                who="ada@example.com",
                before=before.get(document_id),
                after=after.get(document_id),
            )
            for i, document_id in enumerate(ids)
        ]

    def _documents(self) -> dict[str, dict[str, Any]]:
        return {s.ref.id: s.data for s in self.store.query(Query(self.collection))}
