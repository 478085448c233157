"""Carry out: what a verdict does, inside the transaction that records it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ratchet.govern.flags import Learning
from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import switch
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.ask import ask
from ratchet.rollouts.changes import begin, finish, put_ended, rewrite, without
from ratchet.rollouts.prepare import Prepared
from ratchet.rollouts.promote import promote
from ratchet.rollouts.road import Onward
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import ArmJudged, Effect, Judged
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
    """What a verdict is carried out on, all of it read in the transaction."""

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


@dataclass(frozen=True)
class Done:
    """What was done, in a word and in words."""

    effect: Effect
    note: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)


def carry_out(scene: Scene) -> Done:
    """Do what a verdict says; one on an A/A changes nothing but its end."""
    decision, purpose = scene.judged.decision, scene.rollout.purpose
    if decision == "EXPIRED":
        return _end(scene, "expired", "expire_rollout")
    if purpose == "aa":
        return Done("none", "an A/A changes nothing")
    if decision == "ROLL_BACK":
        return _regress(scene) if purpose == "holdback" else _roll_back(scene)
    if decision == "PROMOTE" and purpose == "holdback":
        return replace(_end(scene, "kept", "end_holdback"), effect="kept")
    breached = [arm for arm in scene.judged.arms if arm.decision == "ROLL_BACK"]
    if decision == "PROMOTE":
        done = _promote(scene)
        if done.effect in _MOVED or not breached:
            return done
    return _drop(scene, breached) if breached else Done("none")


# What leaves the rollout in another state than it was in.
_MOVED = ("step_opened", "next_gate", "activated", "approval_asked", "gate_stopped")


def _end(scene: Scene, outcome: Any, action: str) -> Done:
    """End the rollout: the champion stays, and the tried versions are what they were."""
    finish(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        scene.rollout,
        outcome,
        action,
        reason="; ".join(scene.judged.reasons),
        evidence=scene.evidence,
        now=scene.now,
    )
    return Done("expired")


def _roll_back(scene: Scene) -> Done:
    """Give the champion everything, and reject what was tried; needs nobody and no switch."""
    versions = [c.version for c in scene.rollout.standing if c.version != scene.rollout.champion]
    finish(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        scene.rollout,
        "rolled_back",
        "roll_back_rollout",
        reason="; ".join(scene.judged.reasons),
        evidence=scene.evidence,
        drafts=without(scene.head, versions),
        now=scene.now,
    )
    return Done("rolled_back", f"{scene.rollout.champion} has everything again")


def _regress(scene: Scene) -> Done:
    """Go back to the former version, which is still there beside the one that was promoted."""
    assert scene.former is not None  # it was read for this
    put_ended(scene.tx, scene.keys, scene.rollout, "rolled_back", now=scene.now)
    switch(
        scene.tx,
        scene.keys,
        scene.head,
        scene.former,
        scene.actor,
        "rollback",
        reason="; ".join(scene.judged.reasons),
        evidence=scene.evidence,
        now=scene.now,
    )
    return Done("rolled_back", f"{scene.former.key()} is active again")


def _drop(scene: Scene, breached: list[ArmJudged]) -> Done:
    """Give the units of some challengers to the champion; the others go on."""
    gone = [arm.arm for arm in breached]
    rollout = scene.rollout.model_copy(update={"dropped": (*scene.rollout.dropped, *gone)})
    rewrite(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        rollout,
        "drop_challenger",
        was=", ".join(gone),
        to=scene.rollout.champion,
        reason="; ".join(reason for arm in breached for reason in arm.reasons),
        evidence=scene.evidence,
        drafts=without(scene.head, (arm.version for arm in breached)),
        now=scene.now,
    )
    return Done("dropped", f"{', '.join(gone)}: rolled back, the others go on")


def _promote(scene: Scene) -> Done:
    if scene.rollout.held:
        return Done("held", "a person holds it: ratchet rollout hold ... --release")
    if not scene.learning.enabled:
        return Done("learning_off", "learning is switched off, so nothing is promoted")
    if scene.judged.scope == "step":
        return _open_step(scene)
    follows = scene.follows
    assert follows is not None  # it was walked for this
    result = follows.onward.entered.result
    if result == "waits":
        return Done("gate_waits", f"gate {follows.onward.gate}: {_said(follows)}")
    if result == "stopped":
        done = _roll_back(scene)
        return replace(done, effect="gate_stopped", note=f"{follows.onward.gate}: {_said(follows)}")
    if result == "runs":
        return _next_gate(scene, follows)
    if result == "asks" or not scene.learning.auto_activate_policies:
        return _ask(scene, follows)
    return _activate(scene, follows)


def _said(follows: Follows) -> str:
    return "; ".join(follows.onward.entered.reasons)


def _open_step(scene: Scene) -> Done:
    before = scene.rollout
    rollout = before.model_copy(
        update={"step": before.step + 1, "opened": (*before.opened, scene.now)}
    )
    rewrite(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        rollout,
        "advance_rollout",
        was=before.place,
        to=rollout.place,
        reason="; ".join(scene.judged.reasons),
        evidence=scene.evidence | {"shares": dict(rollout.steps[rollout.step])},
        now=scene.now,
    )
    return Done("step_opened", f"step {rollout.place}")


def _next_gate(scene: Scene, follows: Follows) -> Done:
    """End this rollout and begin that of the next gate, in one transaction."""
    assert follows.begins is not None  # a gate that runs has a draft
    head = finish(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        scene.rollout,
        "promoted",
        "pass_gate",
        reason="; ".join(scene.judged.reasons),
        evidence=scene.evidence,
        now=scene.now,
    )
    rollout, _ = begin(
        scene.tx,
        scene.keys,
        head,
        scene.actor,
        follows.begins,
        champion=scene.rollout.champion,
        reason=f"gate {follows.onward.gate}",
        evidence={"after": scene.rollout.id, "gates": follows.onward.told()},
        now=scene.now,
    )
    return Done("next_gate", f"{rollout.id} begins: gate {follows.onward.gate}")


def _ask(scene: Scene, follows: Follows) -> Done:
    """Ask for an approval, unless one waits already; the rollout runs on meanwhile."""
    assert scene.winner is not None  # it was read for this
    if scene.approval is not None and scene.approval.is_open(scene.now):
        return Done("approval_asked", f"{scene.approval.id} waits")
    approval, head = ask(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        scene.winner,
        involved=(scene.rollout.started_by,),
        reason="; ".join(scene.judged.reasons),
        rollout=scene.rollout.id,
        verdict=scene.verdict,
        gates=follows.onward.left,
        now=scene.now,
    )
    rollout = scene.rollout.model_copy(update={"approval": approval.id})
    rewrite(
        scene.tx,
        scene.keys,
        head,
        scene.actor,
        rollout,
        "await_approval",
        to=approval.id,
        evidence=scene.evidence,
        now=scene.now,
    )
    return Done("approval_asked", f"{approval.id} waits")


def _activate(scene: Scene, follows: Follows) -> Done:
    assert scene.winner is not None  # it was read for this
    promote(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        scene.winner,
        rollout=scene.rollout,
        holdback=follows.holdback,
        reason="; ".join(scene.judged.reasons),
        evidence=scene.evidence | {"gates": follows.onward.told()},
        now=scene.now,
    )
    return Done("activated", f"{scene.winner.key()} is active")
