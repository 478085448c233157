"""Lag: the oldest observation that has no reward yet is not old."""

from collections.abc import Iterator
from datetime import timedelta

from ratchet.entry.doctor.case import Case, Finding, error, ok, warning
from ratchet.kernel.errors import RatchetError
from ratchet.observe.lag import longest_wait
from ratchet.observe.settings import Ingest
from ratchet.store.port import Ref, Store

LATE = timedelta(minutes=5)
STUCK = timedelta(hours=1)
MEND = "ratchet tick --only score_observations"


def check(case: Case) -> Iterator[Finding]:
    """Look behind the scorer's cursor in every shard."""
    longest = longest_wait(case.store, _ingest(case.store), now=case.clock())
    if longest.age > STUCK:
        yield error(longest.text, MEND)
    elif longest.age > LATE:
        yield warning(longest.text, MEND)
    else:
        minutes = LATE / timedelta(minutes=1)
        within = f"over {minutes:.0f} minutes for its reward, in {longest.shards} shards"
        yield ok(f"nothing has waited {within}")


def _ingest(store: Store) -> Ingest:
    """Return the settings as they stand; unlike the machine's reader, this writes nothing."""
    found = store.get(Ref(Ingest.collection, Ingest.name))
    try:
        return Ingest.from_store(found.data) if found else Ingest()
    except RatchetError:
        return Ingest()  # the check of the seeds names the field
