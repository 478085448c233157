"""Record a verdict: the verdict and all that it does are written in one transaction."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from ratchet.govern.alerts import Alert, Severity, alert, counted, find_alert
from ratchet.govern.flags import flags_in
from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import is_sealed, sealed
from ratchet.policies.activate import read_head
from ratchet.policies.propose import read_version
from ratchet.policies.version import PolicyVersion, key_parts
from ratchet.rollouts.approval import APPROVALS, Approval
from ratchet.rollouts.ask import read_ask
from ratchet.rollouts.carry_out import carry_out
from ratchet.rollouts.changes import read_changes
from ratchet.rollouts.promote import FORMER
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.scene import Done, Follows, Scene, winner_of
from ratchet.rollouts.verdict import Effect, Judged, Verdict
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

# What a person should know of, by what was done.
_TOLD: Mapping[Effect, tuple[str, Severity]] = {
    "rolled_back": ("rollout-rolled-back", "critical"),
    "dropped": ("rollout-challenger-dropped", "warning"),
    "expired": ("rollout-expired", "warning"),
    "gate_stopped": ("rollout-gate-stopped", "warning"),
    "approval_asked": ("approval-asked", "info"),
}


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
        seen = {what: find_alert(tx, _about(scene, what)) for what in _may_tell(judged)}
        done = carry_out(scene)
        verdict = sealed(keys, _verdict(scene, done))
        tx.put(verdict)
        for what in _told(done):
            tx.put(counted(seen[what], _about(scene, what, done.note)))
        return verdict

    return store.transact(body, self_checking=True)


def moves(judged: Judged) -> bool:
    """Say whether a verdict may change anything but the record of verdicts."""
    return judged.decision != "HOLD" or any(arm.decision == "ROLL_BACK" for arm in judged.arms)


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
    """Read all that a verdict may write over; None where the rollout is not what was judged.

    The head's seal is that of the one rollout that runs beside the version that is active.
    """
    head = read_head(tx, rollout.policy)
    stored = tx.find(Rollout, rollout.id)
    if stored is None or not stored.seal == rollout.seal == head.rollout_seal:
        return None
    learning = flags_in(tx).learning
    winner = former = approval = None
    if moves(judged):
        read_changes(tx, head, [rollout.champion, *(c.version for c in rollout.challengers)])
        read_ask(tx, head)
        waits = follows is not None and follows.onward.entered.result == "waits"
        if judged.decision == "PROMOTE" and rollout.purpose == "trial" and not waits:
            winner = _version(tx, keys, rollout, winner_of(judged))
        if judged.decision == "ROLL_BACK" and rollout.purpose == "holdback":
            former = _version(tx, keys, rollout, FORMER)
        approval = _approval(tx, keys, rollout)
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
    return read_version(tx, keys, *key_parts(found[0])) if found else None


def _approval(tx: Transaction, keys: Keys, rollout: Rollout) -> Approval | None:
    """Return the approval that is waited for; one that was changed by hand can be given no more."""
    if rollout.approval is None:
        return None
    (found,) = tx.fetch([Ref(APPROVALS, rollout.approval)])
    whole = found is not None and is_sealed(keys, Approval, rollout.approval, found.data)
    return Approval.from_store(found.data) if found and whole else None


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


def _may_tell(judged: Judged) -> tuple[Effect, ...]:
    return tuple(_TOLD) if moves(judged) else ()


def _told(done: Done) -> Iterator[Effect]:
    """Yield what a person should know of; a HOLD is not it."""
    if done.effect in _TOLD:
        yield done.effect
    if done.dropped and done.effect != "dropped":
        yield "dropped"


def _about(scene: Scene, effect: Effect, note: str = "") -> Alert:
    what, severity = _TOLD[effect]
    rollout = scene.rollout
    return alert(
        what,
        rollout.id,
        "info" if rollout.purpose == "aa" else severity,
        f"{rollout.id}: {scene.judged.decision}, {note}",
        now=scene.now,
        command=f"ratchet rollout show {rollout.id}",
        evidence={"verdict": scene.verdict, "reasons": list(scene.judged.reasons)},
    )
