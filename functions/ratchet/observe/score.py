"""Score observations: one stream a shard from its cursor, exactly once.

Rewards, bucket sums and the cursor are one atomic commit guarded by the cursor, so a worker that
is late, repeated or dead in between cannot score anything twice.
"""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import CHECKPOINTS, ConfigReader
from ratchet.kernel.clock import EPOCH, Clock
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import AlreadyExists, TooLarge
from ratchet.kernel.ids import join_key
from ratchet.observe.commit import (
    CHUNK,
    REWARDS,
    Scored,
    Seen,
    chunks,
    limit_series,
    rollout_ids,
    score_documents,
    totals_of,
    write_scored,
)
from ratchet.observe.epochs import current_epoch
from ratchet.observe.observation import COLLECTION, items_of
from ratchet.observe.reward import RewardEpoch
from ratchet.observe.rollout_commit import alert_foreign
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.observe.tally import columns_of
from ratchet.observe.watched import RolloutReader
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store
from ratchet.store.transact import Transaction

TICK = timedelta(seconds=60)
SHARE_OF_DEADLINE = 0.8


class Cursor(Model):
    """How far a shard was scored, and the series that its last hours hold."""

    v: int = 1
    ingested_at: datetime = EPOCH
    id: str = ""
    seen: Seen = {}

    def position(self) -> tuple[datetime, str]:
        """Return where the stream goes on."""
        return self.ingested_at, self.id


class ScoreReport(Model):
    """What one tick did. `lagSeconds` is how old the oldest unscored observation may be.

    All that came in until `readUntil` is scored; absent where a shard was left unfinished.
    """

    epoch: int
    scored: int = 0
    documents: int = 0
    unknown_cost: int = 0
    unknown_latency: int = 0
    finished: bool = True
    lag_seconds: float = 0.0
    read_until: Instant | None = None


class _OvertakenError(Exception):
    """Another worker moved the cursor."""


def score_observations(
    store: Store,
    reader: ConfigReader,
    *,
    clock: Clock,
    deadline: timedelta = TICK,
    chunk: int = CHUNK,
    shards: int | None = None,
) -> ScoreReport:
    """Score what is new in every shard; stops at 80 % of its deadline and goes on next tick.

    `shards` is how many there ever were, where the caller has just read it.
    """
    start = clock()
    stop_at = start + deadline * SHARE_OF_DEADLINE
    ingest = reader.read(Ingest)
    epoch = current_epoch(store, reader, now=start)
    report = ScoreReport(epoch=epoch.epoch, read_until=start - ingest.lag)
    rollouts = RolloutReader(store)
    for shard in range(shards or max(ingest.shards, shards_ever(store))):
        report = _score_shard(store, shard, epoch, rollouts, ingest, report, clock, stop_at, chunk)
    return report


def cursor_ref(shard: int) -> Ref:
    """Return where a shard's cursor is."""
    return Ref(CHECKPOINTS, join_key("score", shard))


def read_cursor(store: Store, shard: int) -> Cursor:
    """Return a shard's cursor; none yet is the beginning."""
    found = store.get(cursor_ref(shard))
    return Cursor.parse(found.data) if found else Cursor()


def _score_shard(
    store: Store,
    shard: int,
    epoch: RewardEpoch,
    rollouts: RolloutReader,
    ingest: Ingest,
    report: ScoreReport,
    clock: Clock,
    stop_at: datetime,
    chunk: int,
) -> ScoreReport:
    cursor = read_cursor(store, shard)
    where = (Filter("shard", "==", shard), Filter("ingestedAt", "<=", clock() - ingest.lag))
    query = Query(COLLECTION, where, ("ingestedAt",), start_after=cursor.position())
    parts = deque[Sequence[Snapshot]]()
    stream = chunks(store.stream(query), chunk)
    while (documents := parts.popleft() if parts else next(stream, None)) is not None:
        if clock() >= stop_at:
            behind = (clock() - documents[0].data["ingestedAt"]).total_seconds()
            lag = max(report.lag_seconds, behind)
            left = {"finished": False, "lag_seconds": lag, "read_until": None}
            return report.model_copy(update=left)
        try:
            cursor, done, capped = _commit(
                store, shard, cursor, documents, epoch, rollouts, ingest, clock()
            )
        except _OvertakenError:
            return report.model_copy(update={"read_until": None})
        except TooLarge:  # many runs or rollout buckets: fewer documents touch fewer
            if len(documents) == 1:
                raise
            half = len(documents) // 2
            parts.extendleft([documents[half:], documents[:half]])
            continue
        if capped:
            _alert_capped(store, shard, capped, clock())
        alert_foreign(store, done.rollouts.foreign, clock())
        report = report.model_copy(
            update={
                "scored": report.scored + done.observations,
                "documents": report.documents + len(done.rewards),
                "unknown_cost": report.unknown_cost + done.unknown_cost,
                "unknown_latency": report.unknown_latency + done.unknown_latency,
            }
        )
    return report


def _commit(
    store: Store,
    shard: int,
    cursor: Cursor,
    documents: Sequence[Snapshot],
    epoch: RewardEpoch,
    rollouts: RolloutReader,
    ingest: Ingest,
    now: datetime,
) -> tuple[Cursor, Scored, int]:
    """Write rewards, buckets and cursor of one chunk; returns the cursor, and what was capped."""
    columns = columns_of([item for found in documents for item in items_of(found.data)])
    seen, over = limit_series(cursor.seen, columns, ingest.max_series_per_hour)
    watched = rollouts.watched(rollout_ids(documents))
    last = documents[-1]
    new = Cursor(ingested_at=last.data["ingestedAt"], id=last.ref.id, seen=seen)

    def body(tx: Transaction, careful: bool) -> Scored:
        (found,) = tx.fetch([cursor_ref(shard)])
        present = Cursor.parse(found.data) if found else Cursor()
        if present.position() == new.position():
            return Scored()  # the commit whose answer was lost, or another's
        if present.position() != cursor.position():
            raise _OvertakenError
        open_ones = unrewarded(tx, documents) if careful else documents
        scored = score_documents(open_ones, epoch, totals_of(tx, open_ones), over, watched)
        write_scored(tx, scored, epoch, shard, ingest, now)
        tx.set(cursor_ref(shard), new.to_map())
        return scored

    try:
        scored = store.transact(lambda tx: body(tx, careful=False), self_checking=True)
    except AlreadyExists:  # a sweep has scored some meanwhile: read which
        scored = store.transact(lambda tx: body(tx, careful=True), self_checking=True)
    return new, scored, len(over)


def unrewarded(tx: Transaction, documents: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the observation documents that have no reward yet."""
    found = tx.fetch([Ref(REWARDS, d.ref.id) for d in documents])
    return [d for d, reward in zip(documents, found, strict=True) if reward is None]


def _alert_capped(store: Store, shard: int, series: int, now: datetime) -> None:
    raise_alert(
        store,
        alert(
            "series-capped",
            join_key("shard", shard),
            "warning",
            f"{series} series over the hour's cap are counted as `other`",
            now=now,
            command="raise maxSeriesPerHour in config/ingest, or send fewer component names",
        ),
        quiet=timedelta(minutes=5),
    )
