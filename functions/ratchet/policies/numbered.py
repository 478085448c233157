"""Numbered: ids of what begins with an entry on a policy's chain, by the number of that entry."""

from ratchet.kernel.errors import AlreadyExists
from ratchet.policies.head import PolicyHead
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction


def next_ref(head: PolicyHead, collection: str, mark: str, ahead: int = 0) -> Ref:
    """Return where what begins with a next entry would be; `mark` says what it is, like `-r`."""
    return Ref(collection, f"{head.id}{mark}{head.audit_sequence + 1 + ahead}")


def free_id(tx: Transaction, head: PolicyHead, collection: str, mark: str) -> str:
    """Return the id of what begins with the next entry.

    Raises: AlreadyExists where the head does not know of what is there.
    """
    ref = next_ref(head, collection, mark)
    (there,) = tx.fetch([ref])
    if there is not None:
        raise AlreadyExists(
            f"{ref.id} exists, and the head of {head.id} does not know it",
            field="id",
            mend=f"restore ops_policy_heads/{head.id} from a backup",
        )
    return ref.id
