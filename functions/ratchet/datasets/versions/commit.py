"""Commit a version: its document, the head and the audit entry in one transaction, or nothing."""

from datetime import datetime

from ratchet.datasets.versions.fence import fence_in, put_made
from ratchet.datasets.versions.load import signed
from ratchet.datasets.versions.version import DatasetHead, DatasetVersion, dataset_stream
from ratchet.govern.audit import link
from ratchet.govern.chain_heads import require_chain
from ratchet.govern.flags import flags_in, require_learning
from ratchet.govern.roles import Actor
from ratchet.kernel.errors import Conflict, Refused
from ratchet.kernel.keys import Keys
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


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

    `seen` is the fence's `taken` before any example was read. Raises: Conflict where another
    version came meanwhile, or examples were withdrawn or frozen; Refused where the number is taken;
    LearningOff, ChainBroken.
    """

    def body(tx: Transaction) -> bool:
        require_learning(flags_in(tx), actor, f"build {version.dataset}")
        head = _head(tx, version.dataset)
        fence = fence_in(tx)
        if head.hash == version.hash:
            return False
        if head.latest != (parent.version if parent else None) or fence.taken != seen:
            raise Conflict(
                f"{version.dataset} was built during this build, or examples taken away",
                field="version",
                mend=f"ratchet dataset build {version.dataset}",
            )
        _require_new(tx, version)
        _write(tx, keys, actor, version, parent, head, reason, now)
        put_made(tx, fence)
        return True

    return store.transact(body)


def _require_new(tx: Transaction, version: DatasetVersion) -> None:
    """Refuse to write over a version: a head that was set back by hand would have that done."""
    (found,) = tx.fetch([Ref(version.collection, version.key())])
    if found is not None:
        stream = dataset_stream(version.dataset)
        raise Refused(
            f"{version.key()} is there already, and the head of {version.dataset} says otherwise",
            field="version",
            mend=f"restore {DatasetHead.collection}/{stream} from a backup",
        )


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
