"""Record a verdict: the verdict and all that it does are written in one transaction."""

from datetime import datetime

from ratchet.govern.alerts import Alert, alert, counted
from ratchet.govern.flags import flags_in
from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import sealed
from ratchet.policies.activate import read_head
from ratchet.policies.propose import read_version
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.carry_out import Done, Follows, Scene, carry_out
from ratchet.rollouts.changes import read_changes
from ratchet.rollouts.promote import FORMER
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.supersede import is_current
from ratchet.rollouts.verdict import Judged, Verdict
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def record_verdict(
    store: Store,
    keys: Keys,
    actor: Actor,
    rollout: Rollout,
    judged: Judged,
    follows: Follows | None,
    *,
    verdict_id: str,
    now: datetime,
) -> Verdict | None:
    """Write a verdict and what follows from it; None where the rollout was changed meanwhile."""

    def body(tx: Transaction) -> Verdict | None:
        recorded = tx.find(Verdict, verdict_id)
        if recorded is not None:
            return recorded
        scene = _scene(tx, keys, actor, rollout, judged, follows, verdict_id, now)
        if scene is None:
            return None
        about = _about(scene)
        seen = tx.find(Alert, about.key()) if about else None
        done = carry_out(scene)
        verdict = sealed(keys, _verdict(scene, done))
        tx.put(verdict)
        if about is not None and done.effect in _TOLD:
            tx.put(counted(seen, about.model_copy(update={"text": f"{about.text}: {done.note}"})))
        return verdict

    return store.transact(body, self_checking=True)


_TOLD = ("rolled_back", "expired", "dropped", "approval_asked", "gate_stopped")


def _scene(
    tx: Transaction,
    keys: Keys,
    actor: Actor,
    rollout: Rollout,
    judged: Judged,
    follows: Follows | None,
    verdict_id: str,
    now: datetime,
) -> Scene | None:
    """Read all that a verdict may write over; None where the rollout is not what was judged."""
    head = read_head(tx, rollout.policy)
    stored = tx.find(Rollout, rollout.id)
    if stored is None or stored.seal != rollout.seal or not is_current(head, rollout):
        return None
    learning = flags_in(tx).learning
    winner = former = None
    if judged.decision != "HOLD" or any(arm.decision == "ROLL_BACK" for arm in judged.arms):
        read_changes(tx, head, [rollout.champion, *(c.version for c in rollout.challengers)])
        winner = _version(tx, keys, rollout, judged.winner)
        former = _version(tx, keys, rollout, FORMER) if rollout.purpose == "holdback" else None
    approval = tx.find(Approval, rollout.approval) if rollout.approval else None
    return Scene(
        tx,
        keys,
        actor,
        head,
        rollout,
        judged,
        verdict_id,
        learning,
        now,
        winner=winner,
        former=former,
        approval=approval,
        follows=follows,
    )


def _version(
    tx: Transaction, keys: Keys, rollout: Rollout, arm: str | None
) -> PolicyVersion | None:
    """Return the version of an arm, with its signature checked."""
    found = [c.version for c in rollout.challengers if c.arm == arm]
    return read_version(tx, keys, *_parts(found[0])) if found else None


def _parts(key: str) -> tuple[str, str]:
    policy, _, number = key.partition("@")
    return policy, number


def _verdict(scene: Scene, done: Done) -> Verdict:
    return Verdict(
        id=scene.verdict,
        rollout=scene.rollout.id,
        policy=scene.rollout.policy,
        at=scene.now,
        decision=scene.judged.decision,
        judged=scene.judged,
        effect=done.effect,
        note=done.note,
        by=scene.actor.name,
        evidence=dict(done.told),
    )


def _about(scene: Scene) -> Alert | None:
    """Return the alert of a verdict that a person should know of; a HOLD is not one."""
    rollout, judged = scene.rollout, scene.judged
    breached = any(arm.decision == "ROLL_BACK" for arm in judged.arms)
    if judged.decision == "HOLD" and not breached:
        return None
    what = {
        "ROLL_BACK": "rollout-rolled-back",
        "EXPIRED": "rollout-expired",
        "PROMOTE": "rollout-waits",
        "HOLD": "rollout-challenger-dropped",
    }[judged.decision]
    return alert(
        what,
        rollout.id,
        "info" if judged.decision == "PROMOTE" else "warning",
        f"{rollout.id}: {judged.decision}",
        now=scene.now,
        command=f"ratchet rollout show {rollout.id}",
        evidence={"verdict": scene.verdict, "reasons": list(judged.reasons)},
    )
