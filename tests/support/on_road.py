"""A version on its road: a canary beside the active one, and a console on what verbs seal."""

from datetime import datetime
from functools import partial
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.seal import Sealed
from ratchet.policies.activate import read_head
from ratchet.policies.propose import read_version
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.ask import ask
from ratchet.rollouts.hand_edits import guard_sealed
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.start import start_rollout
from ratchet.store.port import Store
from ratchet.store.transact import Transaction
from tests.support.console import Console
from tests.support.governed import ADA, KEYS, NOON, POLICY, SECOND

SALT = "0123456789abcdef"


def start_canary(store: Store, version: str = "1.0.3", *, now: datetime | None = None) -> Rollout:
    """Let a person start a canary of a version against the active one."""
    asked: dict[str, Any] = {
        "policy": POLICY,
        "challengers": [{"arm": "tried", "version": f"{POLICY}@{version}"}],
        "mode": "canary",
    }
    at = now or NOON + 30 * SECOND
    return start_rollout(
        store,
        KEYS,
        ConfigReader(store, ManualClock(at)),
        ADA,
        RolloutRequest.parse(asked),
        salt=SALT,
        reason="test",
        now=at,
    )


def ask_for(store: Store, version: str = "1.0.3", *, by: Actor = ADA) -> Approval:
    """Let a person ask for a yes to a draft."""

    def body(tx: Transaction) -> Approval:
        head = read_head(tx, POLICY)
        target = read_version(tx, KEYS, POLICY, version)
        return ask(tx, KEYS, head, by, target, involved=(), reason="test", now=NOON + 30 * SECOND)[
            0
        ]

    return store.transact(body)


def sealed_console(store: Store, kind: type[Sealed]) -> Console:
    """Return a console on the documents of a kind that verbs seal."""
    return Console(store, kind.collection, partial(guard_sealed, kind=kind))
