"""What scoring, sweeping and correcting share: rewards and bucket sums, written together."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ratchet.kernel.clock import hour_label
from ratchet.kernel.document import Document
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.observe.observation import exposures_of, items_of
from ratchet.observe.reward import RewardEpoch
from ratchet.observe.rollout_commit import changed_rollouts
from ratchet.observe.rollout_tally import Tallied, exposure_rows, outcome_rows, tally_rollouts
from ratchet.observe.run_commit import Totals, added_totals, read_totals
from ratchet.observe.run_tally import tally_runs
from ratchet.observe.run_totals import RunObserved
from ratchet.observe.scores import details
from ratchet.observe.settings import Ingest
from ratchet.observe.tally import Columns, Series, columns_of, score_columns, sums_of
from ratchet.observe.unreadable import read_sums, told
from ratchet.observe.watched import Watched
from ratchet.stats.bucket import OTHER, Bucket, Sums, bucket_key
from ratchet.stats.moments import Floats
from ratchet.store.port import Ref, Snapshot
from ratchet.store.transact import Transaction

REWARDS = "ops_rewards"
SEEN_HOURS = 6
CHUNK = 1000

Seen = dict[str, list[str]]
# A bucket's series and the reward epoch whose rewards it sums.
Place = tuple[Series, int]
NO_ROLLOUTS: Mapping[str, Watched] = MappingProxyType({})
NO_TOTALS = Totals(MappingProxyType({}), MappingProxyType({}))


def chunks(documents: Iterator[Snapshot], size: int = CHUNK) -> Iterator[list[Snapshot]]:
    """Cut a stream into runs with at most `size` items in them, but at least one document."""
    chunk: list[Snapshot] = []
    held = 0
    for found in documents:
        n = max(1, len(items_of(found.data)) + len(exposures_of(found.data)))
        if chunk and held + n > size:
            yield chunk
            chunk, held = [], 0
        chunk.append(found)
        held += n
    if chunk:
        yield chunk


@dataclass(frozen=True)
class Scored:
    """Observation documents with their rewards. `rewards` are maps ready to store."""

    rewards: dict[str, dict[str, Any]] = field(default_factory=dict)
    sums: dict[Series, Sums] = field(default_factory=dict)
    observations: int = 0
    unknown_cost: int = 0
    unknown_latency: int = 0
    rollouts: Tallied = field(default_factory=Tallied)
    runs: Mapping[str, RunObserved] = field(default_factory=dict)
    totals: Totals = NO_TOTALS
    watched: Mapping[str, Watched] = field(default_factory=dict)


def rollout_ids(documents: Sequence[Snapshot]) -> set[str]:
    """Return the rollouts that the outcomes and exposures of documents name."""
    rows = [*outcome_rows(documents), *exposure_rows(documents)]
    return {row.item["rolloutId"] for row in rows}


def totals_of(tx: Transaction, documents: Sequence[Snapshot]) -> Totals:
    """Read the totals of the runs that the observations of some documents name."""
    rows = (item for found in documents for item in items_of(found.data))
    return read_totals(tx, (row["runId"] for row in rows if _names_run(row)))


def _names_run(row: Mapping[str, Any]) -> bool:
    return "runId" in row and not row.get("shadow")


def score_documents(
    documents: Sequence[Snapshot],
    epoch: RewardEpoch,
    totals: Totals,
    diverted: frozenset[Series] = frozenset(),
    watched: Mapping[str, Watched] = NO_ROLLOUTS,
) -> Scored:
    """Score whole observation documents; series in `diverted` are summed as `other`."""
    rows = [dict(item) for found in documents for item in items_of(found.data)]
    for row in rows:
        if "rolloutArm" in row and row["rolloutId"] not in watched:
            row["uncounted"] = True
        if _names_run(row) and row["runId"] not in totals.broken:
            row["totalled"] = True
    columns = columns_of(rows)
    if diverted:
        for row, series in zip(rows, columns.series, strict=True):
            if series in diverted:
                row["series"] = OTHER
        columns = columns_of(rows)
    scores = score_columns(columns, epoch.config)
    items = reward_items(rows, scores.score, details(scores))
    rewards: dict[str, dict[str, Any]] = {}
    at = 0
    for found in documents:
        size = len(items_of(found.data))
        rewards[found.ref.id] = _reward_document(found, items[at : at + size], epoch.epoch)
        at += size
    return Scored(
        rewards=rewards,
        sums=sums_of(columns, scores.score),
        observations=len(rows),
        unknown_cost=int((columns.cost_usd != columns.cost_usd).sum()),
        unknown_latency=int((columns.latency_ms != columns.latency_ms).sum()),
        rollouts=tally_rollouts(outcome_rows(documents), exposure_rows(documents), watched),
        runs=tally_runs(rows, columns, scores.score),
        totals=totals,
        watched=watched,
    )


def write_scored(
    tx: Transaction, scored: Scored, epoch: RewardEpoch, shard: int, ingest: Ingest, now: datetime
) -> None:
    """Create rewards, and add their sums to the shard's buckets and to the totals of runs."""
    sums = {(series, epoch.epoch): s for series, s in scored.sums.items()}
    buckets = changed_buckets(tx, sums, shard, ingest, now)
    of_rollouts = changed_rollouts(tx, scored.rollouts, scored.watched, shard, ingest, now)
    totals = added_totals(tx, scored.totals, scored.runs, ingest, now)
    for key, reward in scored.rewards.items():
        tx.create(Ref(REWARDS, key), reward)
    for document in (*buckets, *totals):
        tx.put(document)
    for ref, data in of_rollouts:
        tx.set(ref, data)


def reward_items(
    rows: Sequence[Mapping[str, Any]], scores: Floats, terms: Sequence[Mapping[str, float]]
) -> list[dict[str, Any]]:
    """Return the stored form of rewards; what corrections must know of a row is kept with it."""
    out = []
    for row, value, detail in zip(rows, scores.tolist(), terms, strict=True):
        reward = {
            "ts": row["ts"],
            "component": row["component"],
            "score": value,
            "details": detail,
        }
        reward |= {name: row[name] for name in ("series", "uncounted", "totalled") if name in row}
        out.append(reward)
    return out


def _reward_document(found: Snapshot, items: list[dict[str, Any]], epoch: int) -> dict[str, Any]:
    data = {
        "v": 1,
        "obsId": found.ref.id,
        "rewardEpoch": epoch,
        "shard": found.data["shard"],
        "ingestedAt": found.data["ingestedAt"],
        "expireAt": found.data["expireAt"],
    }
    return data | {"items": items} if "items" in found.data else data | items[0]


def limit_series(seen: Seen, columns: Columns, cap: int) -> tuple[Seen, frozenset[Series]]:
    """Return the series seen by hour, and those over the cap of their hour."""
    known = {label: set(names) for label, names in seen.items()}
    over: set[Series] = set()
    counted = zip(columns.series, columns.counted.tolist(), strict=True)
    for series in dict.fromkeys(series for series, counts in counted if counts):
        names = known.setdefault(hour_label(series.hour), set())
        name = _short(series)
        if name in names or len(names) < cap:
            names.add(name)
        else:
            over.add(series)
    newest = sorted(known)[-SEEN_HOURS:]
    return {label: sorted(known[label]) for label in newest}, frozenset(over)


def _short(series: Series) -> str:
    """Return a series as cursors remember it: a thousand long names an hour would not fit."""
    name = join_key(series.component, series.version)
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()


def changed_buckets(
    tx: Transaction,
    plus: Mapping[Place, Sums],
    shard: int,
    ingest: Ingest,
    now: datetime,
    minus: Mapping[Place, Sums] = MappingProxyType({}),
) -> list[Document]:
    """Read some buckets and return them with sums added and taken back, for `put`."""
    places = list(dict.fromkeys([*plus, *minus]))
    keys = [
        bucket_key(series.component, series.version, epoch, series.hour, shard)
        for series, epoch in places
    ]
    found = read_sums(tx, Bucket, [Ref(Bucket.collection, key) for key in keys])
    out: list[Document] = []
    broken: list[InvalidInput] = []
    for place, known in zip(places, found, strict=True):
        if isinstance(known, InvalidInput):
            broken.append(known)
            continue
        bucket = known or _empty(place, shard, ingest, now)
        out.append(bucket.changed(plus.get(place, Sums()), minus.get(place, Sums()), now))
    return [*out, *told(tx, broken, now)]


def _empty(place: Place, shard: int, ingest: Ingest, now: datetime) -> Bucket:
    (component, version, hour), epoch = place
    return Bucket(
        component=component,
        version=version,
        epoch=epoch,
        hour=hour,
        shard=shard,
        updated_at=now,
        expire_at=hour + ingest.bucket_retention,
    )
