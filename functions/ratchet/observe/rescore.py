"""Rescore: write history under the present reward epoch."""

from collections.abc import Callable
from datetime import datetime

from ratchet.govern.config import ConfigReader
from ratchet.kernel.document import Model
from ratchet.kernel.errors import TooLarge
from ratchet.observe.commit import REWARDS, chunks
from ratchet.observe.correct import Restatement, write_changes
from ratchet.observe.epochs import current_epoch
from ratchet.observe.observation import COLLECTION
from ratchet.observe.reward import RewardEpoch
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.store.port import Filter, Query, Ref, Store
from ratchet.store.transact import Transaction


class RescoreReport(Model):
    """What a rescoring did; it goes on where it was stopped."""

    epoch: int
    documents: int = 0
    rescored: int = 0


def rescore(
    store: Store,
    reader: ConfigReader,
    *,
    since: datetime,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> RescoreReport:
    """Move every reward since an instant, and its part of the buckets, to the present epoch."""
    epoch = current_epoch(store, reader, now=now)
    report = RescoreReport(epoch=epoch.epoch)
    ingest = reader.read(Ingest)
    for shard in range(max(ingest.shards, shards_ever(store))):
        where = (Filter("shard", "==", shard), Filter("ingestedAt", ">=", since))
        for page in chunks(store.stream(Query(REWARDS, where, ("ingestedAt",)))):
            old = [found.ref.id for found in page if found.data["rewardEpoch"] != epoch.epoch]
            changed = _restate(store, old, epoch, ingest, now) if old else 0
            report = report.model_copy(
                update={
                    "documents": report.documents + len(page),
                    "rescored": report.rescored + changed,
                }
            )
            progress(report.documents)
    return report


def _restate(
    store: Store, ids: list[str], epoch: RewardEpoch, ingest: Ingest, now: datetime
) -> int:
    def body(tx: Transaction) -> int:
        tx.fetch([Ref(name, i) for i in ids for name in (COLLECTION, REWARDS)])
        restated = [Restatement(tx, document_id) for document_id in ids]
        changes = [
            r.changed(r.feedback(), r.timely(), epoch.config, epoch.epoch)
            for r in restated
            if r.scored and r.epoch != epoch.epoch
        ]
        return write_changes(tx, changes, ingest, now)

    try:
        return store.transact(body, self_checking=True)
    except TooLarge:  # many runs at once: fewer documents touch fewer
        if len(ids) == 1:
            raise
        half = len(ids) // 2
        return sum(_restate(store, p, epoch, ingest, now) for p in (ids[:half], ids[half:]))
