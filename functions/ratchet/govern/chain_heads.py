"""Read the head of a chain inside a transaction, and begin no chain anew over an old one."""

from ratchet.govern.audit import CONFIG_STREAM, AuditEntry, ChainHead, ConfigHead, entry_key
from ratchet.kernel.errors import ChainBroken, InvalidInput
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction


def config_head(tx: Transaction) -> ConfigHead:
    """Return the head of the configuration's chain, a new one where there is no chain yet.

    Raises: ChainBroken.
    """
    try:
        head = tx.find(ConfigHead, CONFIG_STREAM) or ConfigHead()
    except InvalidInput as error:
        raise _broken(CONFIG_STREAM, f"does not parse: {error.message}") from error
    require_chain(tx, head)
    return head


def require_chain(tx: Transaction, head: ChainHead) -> None:
    """Refuse a stream whose head is gone: its audit chain would be written over.

    Raises: ChainBroken.
    """
    if is_lost(tx, head):
        raise _broken(head.id, "is gone, and its audit chain is not")


def is_lost(tx: Transaction, head: ChainHead) -> bool:
    """Say whether a head tells of no entry though there are entries."""
    if head.audit_sequence:
        return False
    (first,) = tx.fetch([Ref(AuditEntry.collection, entry_key(head.id, 1))])
    return first is not None


def _broken(stream: str, how: str) -> ChainBroken:
    stop = "; to stop learning until then, ratchet flags set --disabled --reason ..."
    return ChainBroken(
        f"the head of {stream} {how}",
        field="id",
        mend=f"restore {ChainHead.collection}/{stream} from a backup"
        + (stop if stream == CONFIG_STREAM else ""),
    )
