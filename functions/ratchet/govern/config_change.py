"""Change a configuration document, on the configuration's audit chain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.alerts import alert, counted, find_alert
from ratchet.govern.audit import link
from ratchet.govern.chain_heads import config_head
from ratchet.govern.config import Config, keep_good, last_good_ref
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.errors import ChainBroken, Refused
from ratchet.kernel.ids import join_key
from ratchet.kernel.keys import Keys
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def set_config(
    store: Store,
    keys: Keys,
    actor: Actor,
    kind: type[Config],
    data: Mapping[str, Any],
    *,
    reason: str,
    now: datetime,
) -> Config:
    """Replace a configuration by one that parses strictly.

    Raises: InvalidInput that names the field; Refused for the machine.
    """
    new = kind.from_store(data)

    def body(tx: Transaction) -> Config:
        put_config(tx, keys, actor, new, now=now, reason=reason)
        return new

    return store.transact(body)


def put_config(
    tx: Transaction,
    keys: Keys,
    actor: Actor,
    new: Config,
    *,
    now: datetime,
    reason: str,
    was: str = "",
    to: str = "",
    action: str = "set_config",
) -> None:
    """Write a configuration, its audit entry and the chain's head.

    Raises: Refused for the machine, InvalidInput without a reason, ChainBroken before any write.
    """
    require_admin(actor, action)
    require_reason(actor, reason, action)
    if actor.kind == "machine":
        raise Refused("only a person changes the configuration", field="actor")
    head = config_head(tx)
    tx.fetch([last_good_ref(type(new))])
    data = new.to_map()
    entry = link(
        keys,
        head,
        actor,
        action,
        f"config/{new.name}",
        now=now,
        payload=data,
        was=was,
        to=to,
        reason=reason,
    )
    tx.put(new)
    keep_good(tx, type(new), data)
    tx.put(head.after(entry, configs=head.configs | {new.name: content_hash(data)}))
    tx.put(entry)


def put_unaudited(
    tx: Transaction,
    name: str,
    text: str,
    broken: ChainBroken,
    *,
    now: datetime,
    evidence: Mapping[str, Any],
    new: Config | None = None,
) -> None:
    """Raise a critical alert of a change that no chain tells of, and write what stands in for it.

    The alert is read: nothing was written in the transaction before.
    """
    about = alert(
        "config-unaudited",
        join_key("config", name),
        "critical",
        f"{text}; no audit entry tells of it, since {broken.message}",
        now=now,
        command=broken.mend,
        evidence=evidence,
    )
    seen = find_alert(tx, about)
    if new is not None:
        tx.put(new)
    tx.put(counted(seen, about))
