"""Withdraw a label: it stays, says that it does not count, and all that used it is marked.

A reviewer's is taken out of its item too, which is decided by the other answers, or open again.
"""

from datetime import datetime

from ratchet.govern.audit import link
from ratchet.govern.chain_heads import config_head
from ratchet.govern.config import load_config
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.keys import Keys
from ratchet.labels.label import Label
from ratchet.labels.read import missing_label
from ratchet.labels.review.take_back import without_answer, write_reopened
from ratchet.labels.uses import mark_users
from ratchet.labels.write import put_labels
from ratchet.observe.settings import Ingest
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def withdraw_label(
    store: Store, keys: Keys, actor: Actor, label_key: str, *, reason: str, now: datetime
) -> Label:
    """Withdraw a label, on the configuration's audit chain; no feed brings it back.

    Its statistics follow, the weights and drafts that learned from it are marked, each with an
    alert, and a reviewer's answer leaves its item and the observation's feedback, in the same
    transaction. One that was withdrawn before stays as it is.

    Raises: NotFound, Forbidden, InvalidInput without a reason, ChainBroken.
    """
    require_person(actor, "withdraw_label")
    require_reason(actor, reason, "withdraw_label")
    ingest = load_config(store, Ingest, now=now)
    ingest.loaded_once(store)

    def body(tx: Transaction) -> Label:
        label = tx.find(Label, label_key) or missing_label(label_key)
        if not label.stands:
            return label
        told = {"withdrawn_at": now, "withdrawn_by": actor.name, "withdrawn_reason": reason}
        gone = label.model_copy(update=told)
        head = config_head(tx)
        reopened = without_answer(tx, label)
        marked = mark_users(tx, label.agent, label_key, now)
        entry = link(
            keys,
            head,
            actor,
            "withdraw_label",
            f"{Label.collection}/{label_key}",
            now=now,
            payload=gone.to_map(),
            was=label.label,
            reason=reason,
            evidence={"agent": label.agent, "subject": label.subject, "marked": len(marked)},
        )
        put_labels(tx, [(label, gone)])
        for document in (*marked, head.after(entry), entry):
            tx.put(document)
        if reopened is not None:
            write_reopened(tx, reopened, ingest=ingest, now=now)
        return gone

    return store.transact(body)
