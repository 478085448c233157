"""Carry out: what a verdict does, inside the transaction that records it."""

from dataclasses import replace
from typing import Any

from ratchet.policies.activate import switch
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.ask import ask
from ratchet.rollouts.changes import begin, finish, put_ended, rewrite, without
from ratchet.rollouts.promote import promote
from ratchet.rollouts.rollout import Outcome
from ratchet.rollouts.scene import Done, Follows, Scene
from ratchet.rollouts.verdict import Effect

# What leaves the rollout in another state than it was in.
_MOVED = ("step_opened", "next_gate", "activated", "approval_asked", "gate_stopped", "expired")


def carry_out(scene: Scene) -> Done:
    """Do what a verdict says; one on an A/A changes nothing but its end."""
    decision, purpose = scene.judged.decision, scene.rollout.purpose
    if purpose == "aa":
        return _decided(scene) if decision == "EXPIRED" else Done("none", "an A/A changes nothing")
    if decision == "ROLL_BACK":
        return _regress(scene) if purpose == "holdback" else _roll_back(scene, scene.why)
    if decision == "PROMOTE" and purpose == "holdback":
        return _end(scene, "kept", "end_holdback", scene.why)
    left, dropped = _drop(scene)
    done = _decided(left)
    if dropped is None:
        return done
    moved = done.effect in _MOVED
    notes = "; ".join(note for note in (dropped.note, done.note) if note)
    return replace(done if moved else dropped, note=notes, dropped=dropped.dropped)


def _decided(scene: Scene) -> Done:
    """Do what is decided about all challengers that are left."""
    if scene.judged.decision == "EXPIRED":
        return _end(scene, "expired", "expire_rollout", scene.why)
    return _promote(scene) if scene.judged.decision == "PROMOTE" else _hold(scene)


def _hold(scene: Scene) -> Done:
    """Let the rollout run on; shadows that cost what they may run no more, and are still judged."""
    before, spent = scene.rollout, scene.judged.spent_usd
    cap = before.profile.shadow.spend_usd
    if before.mode != "shadow" or before.paid or spent is None or spent < cap:
        return Done("none")
    rewrite(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        before.model_copy(update={"paid": True}),
        "stop_shadows",
        was=f"{spent:.4g} of {cap:g} USD",
        reason="the shadows have cost what they may",
        evidence=scene.evidence,
        now=scene.now,
    )
    return Done("spent", f"{spent:.4g} of {cap:g} USD: the shadows run no more")


def _end(scene: Scene, outcome: Outcome, action: str, reason: str) -> Done:
    """End the rollout: what is active stays, and the tried versions are what they were."""
    _finish(scene, outcome, action, reason)
    effect: Effect = "kept" if outcome == "kept" else "expired"
    return Done(effect, f"{scene.rollout.champion} stays active")


def _roll_back(scene: Scene, reason: str) -> Done:
    """Give the champion everything, and reject what was tried; needs nobody and no switch."""
    drafts = without(scene.head, (c.version for c in scene.rollout.standing))
    _finish(scene, "rolled_back", "roll_back_rollout", reason, drafts=drafts)
    return Done("rolled_back", f"{scene.rollout.champion} has everything again")


def _finish(
    scene: Scene,
    outcome: Outcome,
    action: str,
    reason: str,
    drafts: tuple[str, ...] | None = None,
) -> PolicyHead:
    return finish(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        scene.rollout,
        outcome,
        action,
        reason=reason,
        evidence=scene.evidence,
        drafts=drafts,
        now=scene.now,
    )


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
        reason=scene.why,
        evidence=scene.evidence,
        now=scene.now,
    )
    return Done("rolled_back", f"{scene.former.key()} is active again")


def _drop(scene: Scene) -> tuple[Scene, Done | None]:
    """Give the units of breached challengers to the champion; returns the scene of the others."""
    breached = [arm for arm in scene.judged.arms if arm.decision == "ROLL_BACK"]
    if not breached:
        return scene, None
    gone = tuple(arm.arm for arm in breached)
    rollout = scene.rollout.model_copy(update={"dropped": (*scene.rollout.dropped, *gone)})
    tried = {challenger.version for challenger in rollout.standing}
    approval = scene.approval
    if approval is not None and approval.version not in tried:  # nobody may say yes to it any more
        approval, rollout = None, rollout.model_copy(update={"approval": None})
    left, head = rewrite(
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
    note = f"{', '.join(gone)}: rolled back, the others go on"
    others = replace(scene, rollout=left, head=head, approval=approval)
    return others, Done("dropped", note, dropped=gone)


def _promote(scene: Scene) -> Done:
    if scene.rollout.held:
        release = f"ratchet rollout hold {scene.rollout.id} --release --reason ..."
        return _put_off(scene, "held", f"a person holds it: {release}")
    if not scene.learning.enabled:
        return _put_off(scene, "learning_off", "learning is switched off, so nothing is promoted")
    if scene.judged.scope == "step":
        return _open_step(scene)
    assert scene.follows is not None  # it was walked for this
    return replace(_onward(scene, scene.follows), told=scene.follows.onward.told())


def _onward(scene: Scene, follows: Follows) -> Done:
    """Do what the gate says that comes next; what is left without one is active."""
    result = follows.onward.entered.result
    where = f"gate {follows.onward.gate}: " if follows.onward.gate else ""
    said = where + "; ".join(follows.onward.entered.reasons)
    if result == "waits":
        return _put_off(scene, "gate_waits", said)
    if result == "stopped":
        return replace(_roll_back(scene, said), effect="gate_stopped", note=said)
    if result == "runs":
        return _next_gate(scene, follows)
    if result == "asks" or not scene.learning.auto_activate_policies:
        return _ask(scene, follows)
    return _activate(scene, follows)


def _put_off(scene: Scene, effect: Effect, why: str) -> Done:
    """Leave a promotion for later; past the deadline there is no later."""
    if scene.now < scene.rollout.deadline:
        return Done(effect, why)
    done = _end(scene, "expired", "expire_rollout", f"the deadline is over: {why}")
    return replace(done, note=f"{why}; {done.note}")


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
        reason=scene.why,
        evidence=scene.evidence | {"shares": dict(rollout.steps[rollout.step])},
        now=scene.now,
    )
    return Done("step_opened", f"step {rollout.place}")


def _next_gate(scene: Scene, follows: Follows) -> Done:
    """End this rollout and begin that of the next gate, in one transaction."""
    assert follows.begins is not None  # a gate that runs has a draft
    head = _finish(scene, "promoted", "pass_gate", scene.why)
    rollout, _ = begin(
        scene.tx,
        scene.keys,
        head,
        scene.actor,
        follows.begins,
        champion=scene.rollout.champion,
        started_by=scene.rollout.started_by,  # four eyes: whose road it is
        reason=f"gate {follows.onward.gate}",
        evidence={"after": scene.rollout.id, "gates": follows.onward.told()},
        now=scene.now,
    )
    return Done("next_gate", f"{rollout.id} begins: gate {follows.onward.gate}")


def _ask(scene: Scene, follows: Follows) -> Done:
    """Ask for an approval, unless one waits already; the rollout runs on meanwhile."""
    assert scene.winner is not None  # it was read for this
    before = scene.approval
    if before is not None and before.is_open(scene.now):
        return Done(
            "none", f"{before.id} waits: ratchet approvals approve {before.id} --reason ..."
        )
    if before is not None and scene.now >= scene.rollout.deadline:
        return _put_off(scene, "none", f"nobody gave {before.id} in time")
    approval, head = ask(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        scene.winner,
        involved=(scene.rollout.started_by,),
        reason=scene.why,
        rollout=scene.rollout.id,
        verdict=scene.verdict,
        gates=follows.onward.left,
        now=scene.now,
    )
    rewrite(
        scene.tx,
        scene.keys,
        head,
        scene.actor,
        scene.rollout.model_copy(update={"approval": approval.id}),
        "await_approval",
        to=approval.id,
        evidence=scene.evidence,
        now=scene.now,
    )
    return Done("approval_asked", f"{approval.id} waits")


def _activate(scene: Scene, follows: Follows) -> Done:
    assert scene.winner is not None  # it was read for this
    evidence: dict[str, Any] = scene.evidence | {"gates": follows.onward.told()}
    promote(
        scene.tx,
        scene.keys,
        scene.head,
        scene.actor,
        scene.winner,
        rollout=scene.rollout,
        holdback=follows.holdback,
        reason=scene.why,
        evidence=evidence,
        now=scene.now,
    )
    return Done("activated", f"{scene.winner.key()} is active")
