"""`config/ingest`: how observations are taken in."""

from datetime import timedelta
from typing import Annotated, ClassVar
from weakref import WeakKeyDictionary

from pydantic import Field

from ratchet.govern.config import CHECKPOINTS, Config
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

# How many shards each store is known to have; the number only grows.
_KNOWN: WeakKeyDictionary[Store, int] = WeakKeyDictionary()
SHARDS_EVER = Ref(CHECKPOINTS, "shards")


class Ingest(Config):
    """Settings of ingestion.

    `shards` spread the writes. `lagSeconds` is how far the scorer stays behind the clock, since a
    commit may become visible late. `sampleSuccesses` k keeps one unit in k among successes.
    `maxSeriesPerHour` caps components x versions of an hour and shard; the rest is `other`.
    """

    name: ClassVar[str] = "ingest"

    shards: Annotated[int, Field(ge=1, le=64)] = 4
    lag_seconds: Annotated[float, Field(ge=0, le=600)] = 5.0
    retention_days: Annotated[int, Field(ge=1, le=400)] = 30
    sample_successes: Annotated[int, Field(ge=1, le=1000)] = 1
    max_series_per_hour: Annotated[int, Field(ge=1, le=1000)] = 200

    @property
    def retention(self) -> timedelta:
        """How long an observation is kept, and how old it may arrive."""
        return timedelta(days=self.retention_days)

    @property
    def bucket_retention(self) -> timedelta:
        """How long a bucket is kept: longer than any observation in it can be corrected."""
        return 2 * self.retention + timedelta(days=10)

    @property
    def lag(self) -> timedelta:
        """How far the scorer stays behind the clock."""
        return timedelta(seconds=self.lag_seconds)

    def loaded(self, store: Store) -> None:
        """Let every reader know of these shards before anything is written to them."""
        if shards_ever(store) < self.shards:
            store.transact(self._raise)
        _KNOWN[store] = self.shards

    def loaded_once(self, store: Store) -> None:
        """Do so unless this process has: a library may hand settings that no reader has read."""
        if _KNOWN.get(store, 0) < self.shards:
            self.loaded(store)

    def _raise(self, tx: Transaction) -> None:
        (found,) = tx.fetch([SHARDS_EVER])
        if found is None or found.data["count"] < self.shards:
            tx.set(SHARDS_EVER, {"v": 1, "count": self.shards})


def shards_ever(store: Store) -> int:
    """Return how many shards were ever written to."""
    found = store.get(SHARDS_EVER)
    return int(found.data["count"]) if found else 0
