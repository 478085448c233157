"""What a person says of an alert: that it is seen to, or that it is over."""

from collections.abc import Callable
from datetime import datetime

from ratchet.govern.alerts.alert import Alert, named_keys
from ratchet.govern.alerts.read import first_of
from ratchet.govern.audit import link
from ratchet.govern.chain_heads import config_head
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.errors import IllegalTransition, InvalidInput
from ratchet.kernel.keys import Keys
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


def ack_alert(
    store: Store, keys: Keys, actor: Actor, named: str, *, note: str, now: datetime
) -> Alert:
    """Say that somebody sees to an alert; it goes on counting, and opens again when it is worse.

    Raises: NotFound; IllegalTransition for one that does not stand open; Forbidden for a machine;
    InvalidInput without a note.
    """
    if actor.kind == "person" and not note.strip():
        raise InvalidInput(
            "acknowledge_alert wants a note", field="note", mend="say who does what: --note ..."
        )

    def acked(seen: Alert) -> Alert:
        if seen.state != "open":
            raise _not_open(seen)
        return seen.acked(actor.name, note, now=now)

    return _answer(store, keys, actor, named, "acknowledge_alert", acked, note=note, now=now)


def resolve_alert(
    store: Store, keys: Keys, actor: Actor, named: str, *, reason: str, now: datetime
) -> Alert:
    """Say that an alert is over; if it comes back, another episode of it begins.

    Raises: NotFound; IllegalTransition for one that is over; Forbidden for a machine.
    """

    def ended(seen: Alert) -> Alert:
        if seen.is_over:
            raise _not_open(seen)
        return seen.ended(actor.name, reason, now=now)

    return _answer(store, keys, actor, named, "resolve_alert", ended, note=reason, now=now)


def _answer(
    store: Store,
    keys: Keys,
    actor: Actor,
    named: str,
    action: str,
    change: Callable[[Alert], Alert],
    *,
    note: str,
    now: datetime,
) -> Alert:
    """Change an alert and tell the configuration's chain of it, in one transaction."""
    require_person(actor, action)
    require_reason(actor, note, action)

    def body(tx: Transaction) -> Alert:
        seen = _named(tx, named)
        head = config_head(tx)
        after = change(seen)
        entry = link(
            keys,
            head,
            actor,
            action,
            f"{Alert.collection}/{after.key()}",
            now=now,
            payload=after.to_map(),
            was=seen.state,
            to=after.state,
            reason=note,
            evidence={"episode": after.episode, "severity": after.severity},
        )
        tx.put(after)
        tx.put(head.after(entry))
        tx.put(entry)
        return after

    return store.transact(body)


def _named(tx: Transaction, named: str) -> Alert:
    """Return an alert by its id, or by `what~subject` as a person types it.

    Raises: NotFound.
    """
    return first_of(tx.fetch([Ref(Alert.collection, key) for key in named_keys(named)]), named)


def _not_open(seen: Alert) -> IllegalTransition:
    said = seen.resolved if seen.is_over else seen.acknowledged
    by = f" by {said.by} at {said.at:%Y-%m-%d %H:%M} UTC" if said else ""
    return IllegalTransition(
        f"{seen.key()} is {seen.state}{by}", field="state", mend=f"ratchet alerts show {seen.key()}"
    )
