"""Write a run's totals in the transaction that writes rewards."""

from collections.abc import Mapping
from datetime import datetime

from ratchet.kernel.ids import shard_of
from ratchet.observe.run_totals import RunObserved, RunTotals, capped, totals_ref
from ratchet.observe.settings import Ingest
from ratchet.store.transact import Transaction

_NONE = RunObserved()


def added_totals(
    tx: Transaction, plus: Mapping[str, RunObserved], ingest: Ingest, now: datetime
) -> list[RunTotals]:
    """Read the totals of some runs and return them with observations added, for `put`."""
    found = tx.fetch([totals_ref(run) for run in plus])
    expire_at = now + ingest.bucket_retention
    return [
        RunTotals.from_store(snapshot.data).added(sums, now, expire_at)
        if snapshot
        else _new(run, sums, ingest, now)
        for (run, sums), snapshot in zip(plus.items(), found, strict=True)
    ]


def _new(run: str, sums: RunObserved, ingest: Ingest, now: datetime) -> RunTotals:
    return RunTotals(
        run_id=run,
        shard=shard_of(totals_ref(run).id, ingest.shards),
        sums=capped(sums),
        changed_at=now,
        expire_at=now + ingest.bucket_retention,
    )


def corrected_totals(
    tx: Transaction,
    plus: Mapping[str, RunObserved],
    minus: Mapping[str, RunObserved],
    ingest: Ingest,
    now: datetime,
) -> list[RunTotals]:
    """Read the totals that observations were counted in, and return them corrected, for `put`.

    Totals that are gone stay away: a correction alone would leave sums of nothing.
    """
    runs = list(dict.fromkeys([*plus, *minus]))
    found = tx.fetch([totals_ref(run) for run in runs])
    expire_at = now + ingest.bucket_retention
    return [
        RunTotals.from_store(snapshot.data).corrected(
            plus.get(run, _NONE), minus.get(run, _NONE), now, expire_at
        )
        for run, snapshot in zip(runs, found, strict=True)
        if snapshot
    ]
