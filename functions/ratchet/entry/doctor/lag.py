"""Lag: the oldest observation that has no reward yet is not old."""

from collections.abc import Iterator
from datetime import timedelta

from ratchet.entry.doctor.case import Case, Finding, error, ok, warning
from ratchet.kernel.errors import RatchetError
from ratchet.observe.lag import lag_by_shard
from ratchet.observe.settings import Ingest
from ratchet.store.port import Ref, Store

LATE = timedelta(minutes=5)
STUCK = timedelta(hours=1)
MEND = "ratchet tick --only score_observations"


def check(case: Case) -> Iterator[Finding]:
    """Look behind the scorer's cursor in every shard."""
    lags = lag_by_shard(case.store, _ingest(case.store), now=case.clock())
    seconds, shard = max((seconds, shard) for shard, seconds in lags.items())
    age = timedelta(seconds=seconds)
    told = f"shard {shard} holds an observation that has waited {_minutes(age)} for its reward"
    if age > STUCK:
        yield error(told, MEND)
    elif age > LATE:
        yield warning(told, MEND)
    else:
        yield ok(f"nothing has waited over {_minutes(LATE)} for its reward, in {len(lags)} shards")


def _ingest(store: Store) -> Ingest:
    """Return the settings as they stand; unlike the machine's reader, this writes nothing."""
    found = store.get(Ref(Ingest.collection, Ingest.name))
    try:
        return Ingest.from_store(found.data) if found else Ingest()
    except RatchetError:
        return Ingest()  # the check of the seeds names the field


def _minutes(age: timedelta) -> str:
    return f"{age / timedelta(minutes=1):.0f} minutes"
