"""Drop: dead letters that a person gives up, with what arrived, so that none of it comes back."""

from collections.abc import Sequence
from datetime import datetime

from ratchet.datasets.collecting.gather import GATHERERS
from ratchet.datasets.collecting.trace import DeadTrace, Trace
from ratchet.datasets.extract import events, trajectories
from ratchet.govern.audit import link
from ratchet.govern.chain_heads import config_head
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

SENT = (events.SOURCE, trajectories.SOURCE)  # the sources whose traces are kept as they arrived
CHUNK = 100  # letters of one transaction, and of one entry in the audit chain


def drop_dead(
    store: Store, keys: Keys, actor: Actor, ids: Sequence[str], *, reason: str, now: datetime
) -> int:
    """Remove dead letters by id, with the traces that they are of; returns how many.

    An example that an earlier revision of a trace became stays.

    Raises: Forbidden for all but persons, InvalidInput without a reason, without ids and for what
    is of a run or a label, NotFound that names an id without a letter, ChainBroken.
    """
    require_person(actor, "drop_dead")
    require_reason(actor, reason, "drop_dead")
    wanted = list(dict.fromkeys(ids))
    _check(store, wanted)
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]

        def body(tx: Transaction, chunk: Sequence[str] = chunk) -> None:
            _drop(tx, keys, actor, chunk, reason, now)

        store.transact(body)
    return len(wanted)


def _check(store: Store, ids: Sequence[str]) -> None:
    """Refuse what cannot be dropped before anything is."""
    if not ids:
        raise InvalidInput("no dead letter is named", field="id", mend="ratchet dataset dead")
    found = store.get_many([Ref(DeadTrace.collection, one) for one in ids])
    for one, stored in zip(ids, found, strict=True):
        if stored is None:
            raise NotFound(
                f"there is no dead letter {one}", field="id", mend="ratchet dataset dead"
            )
        if not one.startswith(tuple(join_key(source, "") for source in SENT)):
            others = ", ".join(source for source in GATHERERS if source not in SENT)
            raise InvalidInput(
                f"{one} is of something that stays where it is ({others}), and would come back",
                field="id",
                mend="mend what it is of, then: ratchet dataset dead --replay",
            )


def _drop(
    tx: Transaction, keys: Keys, actor: Actor, ids: Sequence[str], reason: str, now: datetime
) -> None:
    head = config_head(tx)
    entry = link(
        keys,
        head,
        actor,
        "drop_dead",
        DeadTrace.collection,
        now=now,
        payload={"ids": list(ids)},
        reason=reason,
        evidence={"ids": list(ids)},
    )
    for one in ids:
        tx.delete(Ref(DeadTrace.collection, one))
        tx.delete(Ref(Trace.collection, one))
    tx.put(head.after(entry))
    tx.put(entry)
