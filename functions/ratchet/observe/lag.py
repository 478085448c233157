"""How far scoring is behind: the age of the oldest observation of each shard without a reward."""

from datetime import datetime

from ratchet.observe.observation import COLLECTION
from ratchet.observe.score import read_cursor
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.store.port import Filter, Query, Store


def lag_by_shard(store: Store, ingest: Ingest, *, now: datetime) -> dict[int, float]:
    """Return seconds by shard, 0 where everything is scored; a few reads, however much waits."""
    shards = range(max(ingest.shards, shards_ever(store)))
    return {shard: _lag(store, shard, now) for shard in shards}


def _lag(store: Store, shard: int, now: datetime) -> float:
    position = read_cursor(store, shard).position()
    where = (Filter("shard", "==", shard), Filter("ingestedAt", "<=", now))
    oldest = store.query(Query(COLLECTION, where, ("ingestedAt",), 1, start_after=position))
    return (now - oldest[0].data["ingestedAt"]).total_seconds() if oldest else 0.0
