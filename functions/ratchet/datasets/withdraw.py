"""Withdraw: take examples out of every version to come, and name those that hold them already."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ratchet.datasets.example import Example
from ratchet.datasets.load import checked_version, entries_of
from ratchet.datasets.version import DATASETS, DatasetHead, DatasetVersion, dataset_stream
from ratchet.govern.audit import ChainHead, link
from ratchet.govern.chain_heads import require_chain
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.kernel.keys import Keys
from ratchet.policies.version import SemVer
from ratchet.store.blobs import Blobs
from ratchet.store.port import Query, Ref, Store
from ratchet.store.transact import Transaction

MOST = 200  # in one call, so that one transaction holds them
WITHDRAWN = "examples:withdrawn"  # the audit stream of all withdrawals, held by a version or not


class Held(NamedTuple):
    """The examples that a version holds."""

    dataset: str
    ids: tuple[str, ...]


Holding = Mapping[str, Held]  # by the version's key


class Withdrawn(Model):
    """What was withdrawn, and which versions hold it; these stay as they are.

    `already` were withdrawn before. `expired` are in a version alone: silver has them no more.
    """

    withdrawn: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    versions: dict[str, tuple[str, ...]] = {}


def withdraw_examples(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    actor: Actor,
    ids: Sequence[str],
    *,
    reason: str,
    now: datetime,
) -> Withdrawn:
    """Mark examples as withdrawn, and write it on the chains of the datasets that hold them.

    All of it is one transaction. Raises: Forbidden, InvalidInput without a reason or for more than
    200 ids, NotFound that names every unknown id, BadSignature, ChainBroken.
    """
    require_admin(actor, "withdrawing examples")
    require_reason(actor, reason, "withdrawing examples")
    wanted = list(dict.fromkeys(ids))
    if not 0 < len(wanted) <= MOST:
        raise InvalidInput(
            f"{len(wanted)} examples are to be withdrawn", field="ids", mend=f"name 1 to {MOST}"
        )
    while True:
        versions = _versions(store, keys)
        holding = held_by(blobs, versions, wanted)
        known = {version.key() for version in versions}

        def body(tx: Transaction, holding: Holding = holding, known: set[str] = known) -> Any:
            if {found.ref.id for found in tx.query(Query(DATASETS))} != known:
                return None  # a version came meanwhile
            return _withdraw(tx, keys, actor, wanted, holding, reason, now)

        done: Withdrawn | None = store.transact(body)
        if done is not None:
            return done


def _versions(store: Store, keys: Keys) -> list[DatasetVersion]:
    stored = store.stream(Query(DATASETS))
    found = [checked_version(keys, one.ref.id, one.data) for one in stored]
    return sorted(found, key=lambda v: (v.dataset, SemVer.of(v.version)))


def held_by(blobs: Blobs, versions: Iterable[DatasetVersion], ids: Iterable[str]) -> Holding:
    """Return which of some examples each version holds.

    Raises: NotFound, NotWhole.
    """
    wanted = set(ids)
    found = {}
    for version in versions:
        ids = tuple(entry.id for entry in entries_of(blobs, version) if entry.id in wanted)
        if ids:
            found[version.key()] = Held(version.dataset, ids)
    return found


def _withdraw(
    tx: Transaction,
    keys: Keys,
    actor: Actor,
    wanted: Sequence[str],
    holding: Holding,
    reason: str,
    now: datetime,
) -> Withdrawn:
    found = _found(tx, wanted)
    _require_known(wanted, found, holding)
    fresh = {key: one for key, one in found.items() if one.withdrawn_at is None}
    if fresh:
        _write(tx, keys, actor, fresh, holding, reason, now)
    return Withdrawn(
        withdrawn=tuple(fresh),
        already=tuple(key for key in found if key not in fresh),
        expired=tuple(key for key in wanted if key not in found),
        versions={key: held.ids for key, held in holding.items()},
    )


def _found(tx: Transaction, ids: Sequence[str]) -> dict[str, Example]:
    stored = tx.fetch([Ref(Example.collection, key) for key in ids])
    return {s.ref.id: Example.from_store(s.data) for s in stored if s is not None}


def _require_known(wanted: Sequence[str], found: Mapping[str, Example], holding: Holding) -> None:
    in_versions = {key for held in holding.values() for key in held.ids}
    unknown = [key for key in wanted if key not in found and key not in in_versions]
    if unknown:
        raise NotFound(
            f"no example has the id {', '.join(unknown)}; nothing was withdrawn",
            field="ids",
            mend="leave these out",
        )


def _write(
    tx: Transaction,
    keys: Keys,
    actor: Actor,
    fresh: Mapping[str, Example],
    holding: Holding,
    reason: str,
    now: datetime,
) -> None:
    """Mark examples, and add an entry to the stream of withdrawals and to each holder's."""
    streams = {WITHDRAWN: set(fresh)}
    for held in holding.values():
        streams.setdefault(dataset_stream(held.dataset), set()).update(held.ids)
    versions = sorted(key for key, held in holding.items() if fresh.keys() & held.ids)
    for head in [_head(tx, name) for name, ids in streams.items() if fresh.keys() & ids]:
        told = {"examples": sorted(fresh.keys() & streams[head.id]), "versions": versions}
        entry = link(
            keys,
            head,
            actor,
            "withdraw",
            head.id,
            now=now,
            payload=told,
            reason=reason,
            evidence=told,
        )
        tx.put(entry)
        tx.put(head.after(entry))
    mark = {"withdrawn_at": now, "withdrawn_by": actor.name, "withdrawn_reason": reason}
    for example in fresh.values():
        tx.put(example.model_copy(update=mark | {"changed_at": now}))


def _head(tx: Transaction, stream: str) -> ChainHead:
    kind = ChainHead if stream == WITHDRAWN else DatasetHead
    head = tx.find(kind, stream) or kind(id=stream)
    require_chain(tx, head)
    return head
