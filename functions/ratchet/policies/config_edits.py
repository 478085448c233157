"""Hand edits of `config/*`: audited where they parse, else put back with an alert."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.alerts import alert, counted, find_alert
from ratchet.govern.audit import ConfigHead, link
from ratchet.govern.chain_heads import config_head
from ratchet.govern.config import Config, keep_good, last_good_ref
from ratchet.govern.config_change import put_unaudited
from ratchet.govern.flags import Flags
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.errors import ChainBroken, RatchetError
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.policies.documents import alike, small
from ratchet.policies.edit import GUARD, LATER, Edit, Guarded
from ratchet.store.port import Ref, Snapshot, Store
from ratchet.store.transact import OPERATION_TTL, OPERATIONS, Transaction

Kinds = Mapping[str, type[Config]]


def guard_config(store: Store, keys: Keys, edit: Edit, *, now: datetime, kinds: Kinds) -> Guarded:
    """Judge one edit of `config/{name}` and do what follows, in one transaction.

    A flags document that is broken or gone is put back as off: only a person turns it on. The
    event of what is stored now decides, so that the audit names whoever wrote that. Where the
    chain's head is gone nothing can be audited: learning is off then, whatever was edited.
    """
    kind = kinds.get(edit.document_id)
    if kind is None:
        return Guarded(decision="consistent", text="no configuration of ours")
    seen = Ref(OPERATIONS, join_key("edit", edit.event_id))
    ref, kept_ref = Ref(kind.collection, kind.name), last_good_ref(kind)
    about = alert(
        "hand-edit-put-back",
        join_key("config", kind.name),
        "critical" if kind is Flags else "warning",
        f"config/{kind.name} was edited by hand, does not parse, and was put back",
        now=now,
        command=f"ratchet config set {kind.name} FILE --reason ...",
        evidence={"by": edit.actor.name, "document": small(edit.after)},
    )

    def body(tx: Transaction) -> Guarded:
        done, found, kept = tx.fetch([seen, ref, kept_ref])
        if done is not None:
            return Guarded(decision="seen")
        mark = {"v": 1, "expireAt": now + OPERATION_TTL}
        try:
            head = config_head(tx)
        except ChainBroken as broken:
            result = _without_chain(tx, kind, edit, found, broken, now)
            tx.create(seen, mark)
            return result
        alerted = find_alert(tx, about)
        value = _parsed(kind, found.data if found else None)
        data = found.data if found and value else {}
        if value and head.configs.get(kind.name) == content_hash(data):
            return Guarded(decision="consistent")
        if not (alike(edit.after, found.data) if found else edit.after is None):
            return LATER
        if value is None:
            value = _replacement(kind, edit, kept.data if kept else None)
            data = value.to_map()
            tx.set(ref, data)
            tx.put(counted(alerted, about))
        put_back = found is None or data != found.data
        _audit(tx, keys, head, kind, edit, data, put_back=put_back, now=now)
        tx.create(seen, mark)
        return Guarded(decision="put_back" if put_back else "audited")

    return store.transact(body)


def _audit(
    tx: Transaction,
    keys: Keys,
    head: ConfigHead,
    kind: type[Config],
    edit: Edit,
    data: Mapping[str, Any],
    *,
    put_back: bool,
    now: datetime,
) -> None:
    """Write the audit entry of what is in force from now on, and keep it as the last good value."""
    entry = link(
        keys,
        head,
        GUARD if put_back else edit.actor,
        "put_back" if put_back else "edit",
        f"config/{kind.name}",
        now=now,
        payload=data,
        reason="edited by hand in the console",
        evidence={"by": edit.actor.name},
    )
    keep_good(tx, kind, data)
    tx.put(head.after(entry, configs=head.configs | {kind.name: content_hash(data)}))
    tx.put(entry)


def _without_chain(
    tx: Transaction,
    kind: type[Config],
    edit: Edit,
    found: Snapshot | None,
    broken: ChainBroken,
    now: datetime,
) -> Guarded:
    """Tell a person of an edit that cannot be audited; learning does not stay on by one."""
    is_flags = kind is Flags
    value = _parsed(kind, found.data if found else None)
    if isinstance(value, Flags) and not value.learning.enabled:
        return Guarded(decision="consistent", text="learning is off")
    told = f"config/{kind.name} was edited by hand"
    put_unaudited(
        tx,
        kind.name,
        f"{told}, and learning is off" if is_flags else told,
        broken,
        now=now,
        evidence={"by": edit.actor.name, "document": small(edit.after)},
        new=Flags() if is_flags else None,
    )
    return Guarded(decision="put_back" if is_flags else "lost", text=broken.message)


def _parsed(kind: type[Config], data: dict[str, Any] | None) -> Config | None:
    try:
        return kind.from_store(data) if data is not None else None
    except RatchetError:
        return None


def _replacement(kind: type[Config], edit: Edit, kept: dict[str, Any] | None) -> Config:
    """Return the last good value, or the safe default; for the flags that is off."""
    if not kind.keeps_last_good:
        return kind()
    good = kept.get("value") if kept else None
    return _parsed(kind, good) or _parsed(kind, edit.before) or kind()
