"""How far scoring is behind: the age of the oldest observation of each shard without a reward."""

from datetime import datetime, timedelta
from typing import NamedTuple

from ratchet.observe.observation import COLLECTION
from ratchet.observe.score import read_cursor
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.store.port import Filter, Query, Store


class Wait(NamedTuple):
    """The longest wait for a reward, in which of how many shards."""

    age: timedelta
    shard: int
    shards: int

    @property
    def text(self) -> str:
        """The wait in words."""
        minutes = self.age / timedelta(minutes=1)
        return (
            f"shard {self.shard} holds an observation that has waited {minutes:.0f} minutes"
            " for its reward"
        )


def longest_wait(store: Store, ingest: Ingest, *, now: datetime) -> Wait:
    """Return the longest wait of all shards; of equal ones, that of the last."""
    lags = lag_by_shard(store, ingest, now=now)
    seconds, shard = max((seconds, shard) for shard, seconds in lags.items())
    return Wait(timedelta(seconds=seconds), shard, len(lags))


def lag_by_shard(store: Store, ingest: Ingest, *, now: datetime) -> dict[int, float]:
    """Return seconds by shard, 0 where everything is scored; a few reads, however much waits."""
    shards = range(max(ingest.shards, shards_ever(store)))
    return {shard: _lag(store, shard, now) for shard in shards}


def _lag(store: Store, shard: int, now: datetime) -> float:
    position = read_cursor(store, shard).position()
    where = (Filter("shard", "==", shard), Filter("ingestedAt", "<=", now))
    oldest = store.query(Query(COLLECTION, where, ("ingestedAt",), 1, start_after=position))
    return (now - oldest[0].data["ingestedAt"]).total_seconds() if oldest else 0.0
