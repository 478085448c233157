"""Read the head of a chain inside a transaction, and begin no chain anew over an old one."""

from ratchet.govern.audit import CONFIG_STREAM, AuditEntry, ChainHead, ConfigHead, entry_key
from ratchet.kernel.errors import ChainBroken
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction


def config_head(tx: Transaction) -> ConfigHead:
    """Return the head of the configuration's chain, a new one where there is no chain yet.

    Raises: ChainBroken.
    """
    head = tx.find(ConfigHead, CONFIG_STREAM) or ConfigHead()
    require_chain(tx, head)
    return head


def require_chain(tx: Transaction, head: ChainHead) -> None:
    """Refuse a stream whose head is gone: its audit chain would be written over.

    Raises: ChainBroken.
    """
    if head.audit_sequence:
        return
    (first,) = tx.fetch([Ref(AuditEntry.collection, entry_key(head.id, 1))])
    if first is not None:
        stop = "; to stop learning until then, delete config/flags"
        raise ChainBroken(
            f"the head of {head.id} is gone, and its audit chain is not",
            field="id",
            mend=f"restore {ChainHead.collection}/{head.id} from a backup"
            + (stop if head.id == CONFIG_STREAM else ""),
        )
