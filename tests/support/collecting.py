"""Collecting: a world whose traces, runs and labels become examples."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from ratchet.datasets.collecting.collect import CollectReport, collect_examples
from ratchet.datasets.collecting.receive import Received, receive_events, receive_trajectories
from ratchet.datasets.collecting.trace import DeadTrace
from ratchet.datasets.example import EXAMPLES, Content, Example, example_id
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import HOUR, ManualClock, millis
from ratchet.labels.label import Label
from ratchet.labels.write import write_labels
from ratchet.runs.record import record_runs
from ratchet.store.blobs import Blobs
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Ref, Store
from tests.support.labelled import label
from tests.support.observing import KEYS, NOON

PLANNER = "planner"


def event(name: str = "e1", **data: Any) -> dict[str, Any]:
    """Return a CloudEvent of an execution that went well."""
    told = {
        "taskId": f"task-{name}",
        "component": PLANNER,
        "input": f"What is the capital of country {name}?",
        "output": "It is the city where its government sits.",
        "outcome": "success",
        "durationMs": 20_000.0,
        "quality": 5,
        "qualityScale": "1-5",
        "gradedBy": "person",
    }
    return {
        "specversion": "1.0",
        "id": name,
        "source": "/tests",
        "type": "execution.completed",
        "time": "2026-01-02T03:04:05Z",
        "data": {key: value for key, value in (told | data).items() if value is not None},
    }


def broken(name: str = "bad") -> dict[str, Any]:
    """Return an event that becomes no example: it asks nothing."""
    return event(name, input=None)


def trial(task: int = 0, number: int = 0, **told: Any) -> bytes:
    """Return a line of tau-bench."""
    said = [
        {"role": "system", "content": "You are an airline's agent."},
        {"role": "user", "content": f"I want to book flight {task}."},
        {"role": "assistant", "content": "Done: you fly tomorrow."},
    ]
    line = {"task_id": task, "trial": number, "reward": 1.0, "info": {}, "traj": said} | told
    return json.dumps(line).encode()


class World:
    """A store, its blobs, and a clock that moves on by an hour between two collectings."""

    def __init__(self, store: Store, blobs: Blobs | None = None) -> None:
        self.store = store
        self.clock = ManualClock(NOON)
        self.blobs: Blobs = MemoryBlobs(self.clock) if blobs is None else blobs
        self.reader = ConfigReader(store, self.clock)

    def receive(self, *events: Mapping[str, Any]) -> Received:
        """Take events as they arrive."""
        now = self.clock()
        return receive_events(
            self.store, self.blobs, events, reader=self.reader, by="tests", now=now
        )

    def receive_lines(self, *lines: bytes, name: str = "airline") -> Received:
        """Take the lines of a file."""
        return self.receive_file(lines, name)

    def receive_file(self, lines: Iterable[bytes], name: str) -> Received:
        """Take the lines of a file as they are read."""
        return receive_trajectories(
            self.store,
            self.blobs,
            lines,
            reader=self.reader,
            by="tests",
            clock=self.clock,
            name=name,
        )

    def run(self, run_id: str = "r1", **told: Any) -> None:
        """Tell a run that went well."""
        known = {"ts": millis(self.clock()), "component": PLANNER, "outcome": "success"}
        known |= {"input": "Which way is shorter?", "output": "The left one."}
        known |= {"durationMs": 20_000.0, "gates": {"tests": "passed"}}
        payload = {"runId": run_id} | known | told
        record_runs(self.store, KEYS, payload, reader=self.reader, now=self.clock())

    def label(self, subject: str, said: str = "good", **fields: Any) -> Label:
        """Write a label of a person, of the planner's work."""
        known = {"agent": PLANNER, "loaded_at": self.clock(), "ts": self.clock()}
        one = label(subject, said, **(known | fields))
        self.store.transact(partial(write_labels, labels=[one]))
        return one

    def collect(self, after: timedelta = HOUR) -> CollectReport:
        """Collect, an hour later."""
        self.clock.advance(after)
        return collect_examples(self.store, self.blobs, KEYS, self.reader, now=self.clock())

    def examples(self) -> dict[tuple[str, str], Example]:
        """Return every example, by source and source id."""
        stored = (Example.from_store(found.data) for found in self.store.query(Query(EXAMPLES)))
        return {(one.source, one.source_id): one for one in stored}

    def example(self, source: str, source_id: str) -> Example:
        """Return one example."""
        found = self.store.get(Ref(EXAMPLES, example_id(source, source_id)))
        assert found is not None
        return Example.from_store(found.data)

    def dead(self) -> dict[tuple[str, str], DeadTrace]:
        """Return every dead letter, by source and source id."""
        stored = self.store.query(Query(DeadTrace.collection))
        found = (DeadTrace.from_store(one.data) for one in stored)
        return {(one.source, one.source_id): one for one in found}

    def words(self, sha256: str) -> Content:
        """Return the words of a blob."""
        return Content.parse(json.loads(self.blobs.get(sha256)))
