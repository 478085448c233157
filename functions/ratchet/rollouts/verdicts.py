"""Which verdicts there are: one for each rollout and hour that it was looked at."""

from collections.abc import Iterator
from datetime import datetime

from ratchet.kernel.clock import hour_of
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import is_sealed, load_sealed
from ratchet.rollouts.verdict import VERDICTS, Verdict
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store

_TRIED = 5
_MEND = "restore it from a backup; what it says is not what was decided"


def verdict_key(rollout_id: str, now: datetime) -> str:
    """Return the id of the verdict on a rollout in an hour."""
    return join_key(rollout_id, f"{hour_of(now):%Y%m%dT%H}")


def get_verdict(store: Store, keys: Keys, verdict_id: str) -> Verdict:
    """Return one verdict, with its seal checked.

    Raises: NotFound, BadSignature.
    """
    found = store.get(Ref(VERDICTS, verdict_id))
    if found is None:
        raise NotFound(
            f"verdict {verdict_id} does not exist", field="verdict", mend="ratchet verdict list"
        )
    return _load(keys, found)


def last_verdict(
    store: Store, keys: Keys, rollout_id: str, *, until: datetime | None = None
) -> Verdict | None:
    """Return the newest verdict on a rollout, if there is one, but none changed by hand.

    `until` leaves out what a clock that ran ahead has decided later than an instant.
    """
    for found in store.query(_query(rollout_id, limit=_TRIED, until=until)):
        if is_sealed(keys, Verdict, found.ref.id, found.data):
            return Verdict.from_store(found.data)
    return None


def verdicts_of(
    store: Store, keys: Keys, rollout_id: str, *, limit: int, tell: Tell | None = None
) -> Iterator[Verdict]:
    """Yield the verdicts on a rollout, newest first.

    One that was changed by hand is told, and left out. Raises: BadSignature where nobody is told.
    """
    found = store.query(_query(rollout_id, limit=limit))
    return each(found, lambda stored: _load(keys, stored), tell)


def verdict_ids(store: Store, rollout_id: str, *, limit: int) -> list[str]:
    """Return the ids of the verdicts on a rollout, newest first, whatever was done to them."""
    return [found.ref.id for found in store.query(_query(rollout_id, limit=limit))]


def _load(keys: Keys, found: Snapshot) -> Verdict:
    return load_sealed(keys, Verdict, found.ref.id, found.data, mend=_MEND)


def _query(rollout_id: str, limit: int, until: datetime | None = None) -> Query:
    where = [Filter("rollout", "==", rollout_id)]
    if until is not None:
        where.append(Filter("at", "<=", until))
    return Query(VERDICTS, tuple(where), ("-at",), limit=limit)
