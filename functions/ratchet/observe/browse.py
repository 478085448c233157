"""Browse observations, newest first, with their rewards; filters and limits see inside batches."""

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.kernel.document import Model
from ratchet.observe.commit import REWARDS
from ratchet.observe.observation import COLLECTION, Outcome, item_ids, items_of
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store

PAGE = 50
OF_REWARD = ("score", "details", "feedback")
BOOKKEEPING = ("v", "shard", "expireAt", "contentHash", "indexes", "items", "ingestedAt")


class Wanted(Model):
    """What to show; what is absent is not asked."""

    component: str | None = None
    outcome: Outcome | None = None
    version: str | None = None
    error_code: str | None = None
    run_id: str | None = None
    since: datetime | None = None

    def matches(self, item: dict[str, Any]) -> bool:
        """Say whether one observation is wanted."""
        asked = {
            "component": self.component,
            "outcome": self.outcome,
            "policyVersion": self.version,
            "errorCode": self.error_code,
            "runId": self.run_id,
        }
        return all(want is None or item.get(name) == want for name, want in asked.items())


def browse(
    store: Store, reader: ConfigReader, wanted: Wanted, *, limit: int
) -> Iterator[dict[str, Any]]:
    """Yield up to `limit` observations as maps, each with `id` and, once scored, `reward`."""
    shards = range(max(reader.read(Ingest).shards, shards_ever(store)))
    streams = [_newest_first(store, shard, wanted.since) for shard in shards]
    merged = heapq.merge(*streams, key=lambda s: s.data["ingestedAt"], reverse=True)
    return islice(_matching(store, merged, wanted), limit)


def show(store: Store, observation_id: str) -> Iterator[dict[str, Any]]:
    """Yield the observations of one document, or the one item that an id names."""
    document_id, _, index = observation_id.partition(".")
    found = store.get(Ref(COLLECTION, document_id))
    for item in _items(store, [found]) if found else ():
        if not index or item["id"] == observation_id:
            yield item


def _newest_first(store: Store, shard: int, since: datetime | None) -> Iterator[Snapshot]:
    where = [Filter("shard", "==", shard)]
    if since is not None:
        where.append(Filter("ingestedAt", ">=", since))
    return store.stream(Query(COLLECTION, tuple(where), ("-ingestedAt",)))


def _matching(
    store: Store, documents: Iterator[Snapshot], wanted: Wanted
) -> Iterator[dict[str, Any]]:
    while page := list(islice(documents, PAGE)):
        yield from (item for item in _items(store, page) if wanted.matches(item))


def _items(store: Store, documents: list[Snapshot]) -> Iterator[dict[str, Any]]:
    rewards = store.get_many([Ref(REWARDS, found.ref.id) for found in documents])
    for found, reward in zip(documents, rewards, strict=True):
        scored = items_of(reward.data) if reward else []
        for i, item in enumerate(items_of(found.data)):
            shown = {k: v for k, v in item.items() if k not in BOOKKEEPING}
            shown["id"] = item_ids(found.ref.id, found.data)[i]
            if scored:
                shown["reward"] = {k: scored[i][k] for k in OF_REWARD if k in scored[i]}
            yield shown
