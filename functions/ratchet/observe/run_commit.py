"""Write a run's totals in the transaction that writes rewards."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from ratchet.kernel.document import Document
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import shard_of
from ratchet.observe.run_totals import RunObserved, RunTotals, capped, totals_ref
from ratchet.observe.settings import Ingest
from ratchet.observe.unreadable import read_sums, told
from ratchet.store.transact import Transaction

_NONE = RunObserved()


class Totals(NamedTuple):
    """The totals of some runs, None where there are none yet, and why others cannot be read."""

    known: Mapping[str, RunTotals | None]
    broken: Mapping[str, InvalidInput]


def read_totals(tx: Transaction, runs: Iterable[str]) -> Totals:
    """Read the totals of some runs."""
    named = list(dict.fromkeys(runs))
    found = read_sums(tx, RunTotals, [totals_ref(run) for run in named])
    both = list(zip(named, found, strict=True))
    return Totals(
        known={run: totals for run, totals in both if not isinstance(totals, InvalidInput)},
        broken={run: error for run, error in both if isinstance(error, InvalidInput)},
    )


def added_totals(
    tx: Transaction,
    totals: Totals,
    plus: Mapping[str, RunObserved],
    ingest: Ingest,
    now: datetime,
) -> list[Document]:
    """Return the totals of some runs with observations added, for `put`."""
    expire_at = now + ingest.bucket_retention
    changed = [
        found.added(plus[run], now, expire_at) if found else _new(run, plus[run], ingest, now)
        for run, found in totals.known.items()
        if run in plus
    ]
    return [*changed, *told(tx, list(totals.broken.values()), now)]


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
) -> list[Document]:
    """Read the totals that observations were counted in, and return them corrected, for `put`.

    Totals that are gone stay away: a correction alone would leave sums of nothing.
    """
    totals = read_totals(tx, [*plus, *minus])
    expire_at = now + ingest.bucket_retention
    changed = [
        found.corrected(plus.get(run, _NONE), minus.get(run, _NONE), now, expire_at)
        for run, found in totals.known.items()
        if found
    ]
    return [*changed, *told(tx, list(totals.broken.values()), now)]
