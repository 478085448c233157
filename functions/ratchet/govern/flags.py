"""The kill switch: `config/flags`, one document that stops the machine from learning.

A missing or broken document means off, and nothing but a person turns it on again.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from ratchet.govern.config import Config
from ratchet.govern.config_change import put_config, put_unaudited
from ratchet.govern.roles import Actor
from ratchet.kernel.document import Model
from ratchet.kernel.errors import ChainBroken, LearningOff, RatchetError
from ratchet.kernel.keys import Keys
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


class Learning(Model):
    """What the machine may do by itself."""

    enabled: bool = False
    auto_activate_policies: bool = False


class Flags(Config):
    """The switches; the default is off."""

    name: ClassVar[str] = "flags"
    ttl: ClassVar[timedelta] = timedelta(seconds=10)
    keeps_last_good: ClassVar[bool] = False

    learning: Learning = Learning()


FLAGS = Ref(Flags.collection, Flags.name)


def flags_in(tx: Transaction) -> Flags:
    """Return the flags as they are now, inside a transaction; broken or missing means off."""
    (found,) = tx.fetch([FLAGS])
    try:
        return Flags.from_store(found.data) if found else Flags()
    except RatchetError:
        return Flags()


def require_learning(flags: Flags, actor: Actor, action: str) -> None:
    """Stop the machine while the kill switch is off; a person may still act.

    Raises: LearningOff.
    """
    if actor.kind == "machine" and not flags.learning.enabled:
        raise LearningOff(
            f"{action}: learning is switched off",
            field="learning.enabled",
            mend="a person may act, or run `ratchet flags set --enabled --reason ...`",
        )


def set_flags(
    store: Store,
    keys: Keys,
    actor: Actor,
    *,
    enabled: bool | None = None,
    auto_activate: bool | None = None,
    reason: str,
    now: datetime,
) -> Flags:
    """Change the switches and write it on the configuration's audit chain, in one transaction.

    Where the head of that chain is gone, whoever only switches off gets all of it off, with an
    alert in place of an audit entry.

    Raises: Refused for the machine, InvalidInput without a reason, ChainBroken.
    """

    def body(tx: Transaction) -> Flags:
        was = flags_in(tx)
        wanted = {"enabled": enabled, "auto_activate_policies": auto_activate}
        changes = {name: value for name, value in wanted.items() if value is not None}
        new = Flags(learning=was.learning.model_copy(update=changes))
        try:
            put_config(
                tx, keys, actor, new, now=now, was=describe(was), to=describe(new), reason=reason
            )
        except ChainBroken as broken:
            if not changes or any(changes.values()):
                raise
            new = Flags()
            evidence = {"by": actor.name, "reason": reason, "was": describe(was)}
            text = f"{actor.name} switched learning off"
            put_unaudited(tx, Flags.name, text, broken, now=now, evidence=evidence, new=new)
        return new

    return store.transact(body)


def describe(flags: Flags) -> str:
    """Return the switches in one line, as the audit log shows them."""
    learning = flags.learning
    auto = "on" if learning.auto_activate_policies else "off"
    return f"learning {'on' if learning.enabled else 'off'}, auto-activate {auto}"
