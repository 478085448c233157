"""What the tests of labels share: labels to write, the worlds they come from, and a recount."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ratchet.kernel.clock import ManualClock
from ratchet.kernel.seal import sealed
from ratchet.labels.label import LABELS, Label
from ratchet.labels.label_stats import LabelStats
from ratchet.labels.load import LoadReport, load_labels
from ratchet.labels.scale import named
from ratchet.labels.write import write_labels
from ratchet.rollouts.approval import Approval
from ratchet.store.port import Query, Ref, Store
from tests.support.observing import KEYS, NOON, Worker, observation, worker

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
NIGHT = NOON + timedelta(hours=14)


def label(subject: str = "s1", said: str = "good", **fields: Any) -> Label:
    """Return a label of one subject, by default that of one person through a desk."""
    told = {
        "agent": "router",
        "subject": subject,
        "label": said,
        "value": named(said).value,
        "source": "desk",
        "source_id": subject,
        "labeller": "ada",
        "ts": NOON,
        "loaded_at": NOON,
    }
    return Label(**(told | fields))


def wrote(store: Store, *labels: Label) -> int:
    """Write labels in one transaction; returns how many changed something."""
    return store.transact(partial(write_labels, labels=labels))


def labels_in(store: Store) -> dict[str, Label]:
    """Return every label there is, by key."""
    return {s.ref.id: Label.from_store(s.data) for s in store.query(Query(LABELS))}


def said_in(store: Store) -> dict[str, tuple[str, str, str, float | None, float]]:
    """Return agent, subject, class, value and confidence of every label, by key."""
    return {
        key: (one.agent, one.subject, one.label, one.value, one.confidence)
        for key, one in labels_in(store).items()
    }


def stats_of(store: Store, agent: str = "router") -> LabelStats:
    """Return the statistics of an agent."""
    found = store.get(Ref("ops_label_stats", agent))
    assert found is not None, f"no statistics of {agent}"
    return LabelStats.from_store(found.data)


def assert_counted(store: Store) -> None:
    """Hold the statistics of every agent against a recount of its labels."""
    for stored in store.query(Query("ops_label_stats")):
        stats = LabelStats.from_store(stored.data)
        own = [one for one in labels_in(store).values() if one.agent == stats.agent]
        standing = [one for one in own if one.withdrawn_at is None]
        assert (stats.total, stats.withdrawn) == (len(standing), len(own) - len(standing))
        assert _positive(stats.by_source) == Counter(one.source for one in standing)
        assert _positive(stats.by_class) == Counter(one.label for one in standing)
        assert stats.by_day == Counter(f"{one.ts:%Y%m%d}" for one in standing)


def _positive(counts: dict[str, int]) -> dict[str, int]:
    return {name: n for name, n in counts.items() if n}


def approval(number: int, state: str = "approved", **fields: Any) -> Approval:
    """Return an approval of a version, decided at noon."""
    told = {
        "id": f"p-a{number}",
        "policy": "p",
        "version": f"p@1.0.{number}",
        "signature": "s",
        "champion": "p@1.0.0",
        "requester": "bob",
        "role": "admin",
        "involved": ("bob",),
        "reason": "why",
        "requested_at": NOON,
        "expires_at": NOON + DAY,
        "state": state,
        "decided_by": "ada",
        "decided_at": NOON,
    }
    return Approval(**(told | fields))


def put_approvals(store: Store, approvals: Iterable[Approval]) -> None:
    """Store approvals as the verbs do, sealed."""
    for one in approvals:
        store.set(Ref(one.collection, one.key()), sealed(KEYS, one).to_map())


def feeding(store: Store) -> Worker:
    """Return a worker whose store has something for each feed but gold, from noon."""
    at = worker(store, shards=2)
    put_approvals(store, [approval(1), approval(2, "rejected"), approval(3, "void")])
    at.record({"id": "o1"} | observation(component="a", quality=0.9))
    at.record({"id": "o2"} | observation(component="a"))
    at.batch(
        "b1",
        [
            observation(component="b", quality=0.5),
            observation(component="b"),
            observation(component="a", quality=0.1),
        ],
    )
    at.feedback(
        [
            {"obsId": "o2", "source": "person", "grade": 0.2},
            {"obsId": "b1.1", "source": "person", "grade": 1.0},
            {"obsId": "b1.1", "source": "tests", "outcome": "failure"},
        ]
    )
    return at


def loaded(at: Worker, now: datetime = NIGHT, **options: Any) -> LoadReport:
    """Load labels at a time, by a process that has just started."""
    fresh = Worker(at.store, ManualClock(now))
    return load_labels(at.store, KEYS, fresh.reader, now=now, **options)
