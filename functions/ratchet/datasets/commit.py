"""Commit a version: its document, the head and the audit entry in one transaction, or nothing."""

from datetime import datetime

from ratchet.datasets.load import signed
from ratchet.datasets.version import DatasetHead, DatasetVersion, dataset_stream
from ratchet.datasets.withdraw import WITHDRAWN
from ratchet.govern.audit import ChainHead, link
from ratchet.govern.chain_heads import require_chain
from ratchet.govern.flags import flags_in, require_learning
from ratchet.govern.roles import Actor
from ratchet.kernel.errors import Conflict
from ratchet.kernel.keys import Keys
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


def withdrawals(store: Store) -> int:
    """Return how often examples were withdrawn: a build that began before is not committed after.

    The number is that of the last entry on the stream of withdrawals.
    """
    found = store.get(Ref(ChainHead.collection, WITHDRAWN))
    return ChainHead.from_store(found.data).audit_sequence if found else 0


def commit_version(
    store: Store,
    keys: Keys,
    actor: Actor,
    version: DatasetVersion,
    parent: DatasetVersion | None,
    *,
    seen: int,
    reason: str,
    now: datetime,
) -> bool:
    """Make a version the latest of its dataset; False where another build has made just this one.

    `seen` is how often examples had been withdrawn when these were read. Raises: Conflict where
    another version or a withdrawal came meanwhile, LearningOff, ChainBroken.
    """

    def body(tx: Transaction) -> bool:
        require_learning(flags_in(tx), actor, f"build {version.dataset}")
        head = _head(tx, version.dataset)
        gone = tx.find(ChainHead, WITHDRAWN) or ChainHead(id=WITHDRAWN)
        require_chain(tx, gone)
        if head.hash == version.hash:
            return False
        if head.latest != (parent.version if parent else None) or gone.audit_sequence != seen:
            raise Conflict(
                f"{version.dataset} was built, or examples were withdrawn, during this build",
                field="version",
                mend=f"ratchet dataset build {version.dataset}",
            )
        tx.fetch([Ref(version.collection, version.key())])
        _write(tx, keys, actor, version, parent, head, reason, now)
        # Whoever withdraws meanwhile sees that this changed, and looks at the versions again.
        tx.put(gone.model_copy(update={"updated_at": now}))
        return True

    return store.transact(body)


def _head(tx: Transaction, dataset: str) -> DatasetHead:
    stream = dataset_stream(dataset)
    head = tx.find(DatasetHead, stream) or DatasetHead(id=stream)
    require_chain(tx, head)
    return head


def _write(
    tx: Transaction,
    keys: Keys,
    actor: Actor,
    version: DatasetVersion,
    parent: DatasetVersion | None,
    head: DatasetHead,
    reason: str,
    now: datetime,
) -> None:
    whole = signed(keys, version)
    entry = link(
        keys,
        head,
        actor,
        "build",
        version.key(),
        now=now,
        payload=whole.to_map(),
        was=parent.version if parent else "",
        to=version.version,
        reason=reason,
        evidence={
            "hash": version.hash,
            "examples": version.statistics.examples,
            "read": version.read,
            "leftOut": version.left_out,
        },
    )
    tx.put(whole)
    tx.put(entry)
    tx.put(head.after(entry, latest=version.version, hash=version.hash))
