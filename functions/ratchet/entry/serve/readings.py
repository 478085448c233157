"""What the metrics say of the store: lag, alerts, changes on the audit chain; read seldom."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ratchet.entry.serve.bounded import Bounded
from ratchet.entry.serve.learning import TTL as SELDOM
from ratchet.entry.serve.learning import Learning, read_learning
from ratchet.entry.wiring import App
from ratchet.govern.alerts import Severity
from ratchet.govern.alerts.read import standing
from ratchet.govern.audit import AuditEntry, ChainHead
from ratchet.kernel.clock import DAY
from ratchet.kernel.errors import RatchetError
from ratchet.observe.lag import lag_by_shard
from ratchet.observe.settings import Ingest
from ratchet.store.port import Filter, Query, Store

TTL = timedelta(seconds=10)


@dataclass(frozen=True)
class Readings:
    """What the store said; `up` is false, and the rest empty, where it did not answer."""

    up: bool = False
    lag: dict[int, float] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    proposals_last_day: int = 0
    alerts: dict[Severity, int] = field(default_factory=dict)
    learning: Learning = field(default_factory=Learning)


class Changes:
    """Counts of what the audit chain holds; each look reads the heads and what is new."""

    def __init__(self) -> None:
        self.counts = Counter[str](auto_activations=0, overrides=0, rollbacks=0)
        self._seen: dict[str, int] = {}
        self._proposed: deque[datetime] = deque()

    def look(self, store: Store) -> None:
        """Read every stream from where the last look ended."""
        for head in store.stream(Query(ChainHead.collection)):
            stream, end = head.ref.id, head.data.get("auditSequence")
            seen = self._seen.get(stream, 0)
            if isinstance(end, int) and end > seen:
                where = (Filter("stream", "==", stream), Filter("sequence", ">", seen))
                for entry in store.stream(Query(AuditEntry.collection, where, ("sequence",))):
                    self._count(entry.data)
                    self._seen[stream] = entry.data["sequence"]

    def proposals(self, since: datetime) -> int:
        """Return how many versions were proposed since an instant."""
        self._proposed = deque(at for at in self._proposed if at > since)
        return len(self._proposed)

    def _count(self, entry: dict[str, Any]) -> None:
        action = entry.get("action")
        automatic = entry.get("actorKind") == "machine"
        self.counts["auto_activations"] += action == "activate" and automatic
        self.counts["overrides"] += entry.get("override") is True
        self.counts["rollbacks"] += action == "rollback"
        if action == "propose" and isinstance(entry.get("ts"), datetime):
            self._proposed.append(entry["ts"])


class Reader:
    """Reads the store at most once in ten seconds, whoever asks how often."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._changes = Changes()
        self._look = Bounded(self._fresh)
        self._held: tuple[Readings, datetime] | None = None
        self._learned: tuple[Learning, datetime] | None = None

    def read(self) -> Readings:
        """Return readings that are at most ten seconds old."""
        now, held = self._app.clock(), self._held
        # A clock that was set back must not keep a reading alive.
        if held is None or not timedelta(0) <= now - held[1] < TTL:
            self._held = held = (self._looked(), now)
        return held[0]

    def _looked(self) -> Readings:
        try:
            return self._look.answer()
        except RatchetError:
            return Readings()

    def _fresh(self) -> Readings:
        store, now = self._app.store, self._app.clock()
        lag = lag_by_shard(store, self._app.reader.read(Ingest), now=now)
        self._changes.look(store)
        proposals = self._changes.proposals(now - DAY)
        learning = self._learning(store, now)
        alerts = standing(store)
        return Readings(True, lag, dict(self._changes.counts), proposals, alerts, learning)

    def _learning(self, store: Store, now: datetime) -> Learning:
        held = self._learned
        if held is None or not timedelta(0) <= now - held[1] < SELDOM:
            self._learned = held = (read_learning(store, now=now), now)
        return held[0]
