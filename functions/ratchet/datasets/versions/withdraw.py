"""Withdraw: take examples out of every version to come, and name those that hold them already."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from ratchet.datasets.example import EXAMPLES, Example
from ratchet.datasets.versions.fence import Fence, fence_in, put_taken, read_fence
from ratchet.datasets.versions.load import checked_version, entries_of
from ratchet.datasets.versions.version import DATASETS, DatasetHead, DatasetVersion, dataset_stream
from ratchet.govern.audit import ChainHead, audit_log, link
from ratchet.govern.chain_heads import require_chain
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.kernel.keys import Keys
from ratchet.policies.version import SemVer
from ratchet.store.blobs import Blobs
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store
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
        fence, before = read_fence(store), withdrawn_ids(store)
        holding = held_by(blobs, _versions(store, keys), wanted)

        def body(
            tx: Transaction,
            seen: Fence = fence,
            before: frozenset[str] = before,
            holding: Holding = holding,
        ) -> Withdrawn | None:
            if fence_in(tx) != seen:
                return None  # a version or a withdrawal came meanwhile
            done, new, marked = _looked(tx, wanted, before, holding)
            if new:
                _write(tx, keys, actor, new, marked, holding, reason, now)
                put_taken(tx, seen)
            return done

        done = store.transact(body)
        if done is not None:
            return done


def withdrawn_ids(store: Store) -> frozenset[str]:
    """Return every example that was ever withdrawn by its id, whether silver still has it or not.

    A read for each withdrawing; one whose label was withdrawn is not among them.
    """
    entries = audit_log(store, WITHDRAWN)
    return frozenset(str(key) for entry in entries for key in entry.evidence["examples"])


def withdrawn_of(store: Store, blobs: Blobs, version: DatasetVersion) -> list[str]:
    """Return the examples of a version that were withdrawn since, by a person or by their label.

    Raises: NotWhole.
    """
    marked = Query(EXAMPLES, (Filter("reason", "==", ""), Filter("withdrawnAt", ">", EPOCH)))
    gone = withdrawn_ids(store) | {found.ref.id for found in store.stream(marked)}
    return [entry.id for entry in entries_of(blobs, version) if entry.id in gone]


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


def _looked(
    tx: Transaction, wanted: Sequence[str], before: frozenset[str], holding: Holding
) -> tuple[Withdrawn, set[str], list[Example]]:
    """Return the answer, the ids that are withdrawn by it, and the documents that are to say so."""
    refs = [Ref(Example.collection, key) for key in wanted]
    there = {stored.ref.id: _parsed(stored) for stored in tx.fetch(refs) if stored is not None}
    _require_known(wanted, there, holding)
    marked = [one for one in there.values() if one is not None and one.withdrawn_at is None]
    unmarked = {key for key in wanted if there.get(key) is None} - before
    new = {one.id for one in marked} | unmarked
    done = Withdrawn(
        withdrawn=tuple(key for key in there if key in new),
        already=tuple(key for key in there if key not in new),
        expired=tuple(key for key in wanted if key not in there),
        versions={key: held.ids for key, held in holding.items()},
    )
    return done, new, marked


def _parsed(stored: Snapshot) -> Example | None:
    """Return an example, None for one that was broken by hand: the chain alone says it of that."""
    try:
        example = Example.from_store(stored.data)
    except InvalidInput:
        return None
    return example if example.id == stored.ref.id else None


def _require_known(wanted: Sequence[str], found: Collection[str], holding: Holding) -> None:
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
    new: Set[str],
    marked: Sequence[Example],
    holding: Holding,
    reason: str,
    now: datetime,
) -> None:
    """Mark examples, and add an entry to the stream of withdrawals and to each holder's."""
    streams = {WITHDRAWN: set(new)}
    for held in holding.values():
        streams.setdefault(dataset_stream(held.dataset), set()).update(held.ids)
    versions = sorted(key for key, held in holding.items() if new & set(held.ids))
    for head in [_head(tx, name) for name, ids in streams.items() if new & ids]:
        told = {"examples": sorted(new & streams[head.id]), "versions": versions}
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
    for example in marked:
        tx.put(example.model_copy(update=mark | {"changed_at": now}))


def _head(tx: Transaction, stream: str) -> ChainHead:
    kind = ChainHead if stream == WITHDRAWN else DatasetHead
    head = tx.find(kind, stream) or kind(id=stream)
    require_chain(tx, head)
    return head
