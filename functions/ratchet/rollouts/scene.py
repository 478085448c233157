"""Scene: what a verdict is carried out on, read before anything is written; and what was done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ratchet.govern.flags import Learning
from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.prepare import Prepared
from ratchet.rollouts.road import Onward
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import Effect, Judged
from ratchet.store.transact import Transaction


@dataclass(frozen=True)
class Follows:
    """What would follow a promotion of the whole, read before the transaction.

    `onward` is where the versions come to next, `begins` the rollout that a gate begins there, and
    `holdback` what follows where no gate is left.
    """

    onward: Onward
    begins: Prepared | None = None
    holdback: Prepared | None = None


@dataclass(frozen=True)
class Scene:
    """What a verdict is carried out on, all of it read in the transaction.

    `winner` is the version that a promotion makes active, `former` the one a holdback kept.
    """

    tx: Transaction
    keys: Keys
    actor: Actor
    head: PolicyHead
    rollout: Rollout
    judged: Judged
    verdict: str
    learning: Learning
    now: datetime
    winner: PolicyVersion | None = None
    former: PolicyVersion | None = None
    approval: Approval | None = None
    follows: Follows | None = None

    @property
    def evidence(self) -> dict[str, Any]:
        """What the audit entry names as evidence."""
        return {"verdict": self.verdict, "rollout": self.rollout.id, "data": self.judged.data}

    @property
    def why(self) -> str:
        """The reasons of the verdict, as the audit entry holds them."""
        return "; ".join(self.judged.reasons)


@dataclass(frozen=True)
class Done:
    """What was done, in a word and in words; `dropped` are challengers rolled back alone."""

    effect: Effect
    note: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


def winner_of(judged: Judged) -> str | None:
    """Return the arm that a promotion of the whole makes active; the first, where none is named."""
    fit = [arm.arm for arm in judged.arms if arm.decision == "PROMOTE"]
    return judged.winner or next(iter(fit), None)
