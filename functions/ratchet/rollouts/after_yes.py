"""What follows a yes: the rollout of the next gate, or the activation with its holdback."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor
from ratchet.kernel.canonical import sign
from ratchet.kernel.errors import Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import read_version
from ratchet.policies.version import key_parts
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.ask import evidence_of
from ratchet.rollouts.changes import begin, finish
from ratchet.rollouts.prepare import Prepared, prepare
from ratchet.rollouts.promote import prepare_holdback, promote
from ratchet.rollouts.road import open_road, walk
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.rollouts.running import require_idle, sealed_rollout
from ratchet.rollouts.scene import Follows
from ratchet.rollouts.settle import Case, close
from ratchet.rollouts.start import unfit
from ratchet.store.port import Store


def follows_yes(
    store: Store, keys: Keys, reader: ConfigReader, asked: Approval, now: datetime
) -> Follows:
    """Return what follows a yes, by the gates that are left.

    Raises: Refused where one of them does not let the version through.
    """
    rollout = sealed_rollout(store, keys, asked.rollout) if asked.rollout else None
    pinned = (rollout.profile_name, rollout.profile) if rollout else None
    going = _challenger(asked, rollout)
    road = open_road(store, keys, reader, asked.champion, [going], now=now, profile=pinned)
    onward = walk(road, asked.gates)
    if onward.entered.draft is not None:
        draft = onward.entered.draft.model_copy(update={"gates": onward.left})
        salt = rollout.salt if rollout else _salt(keys, asked)
        begins = prepare(store, reader, draft, road.champion, salt=salt, now=now)
        return Follows(onward, begins=begins)
    if onward.entered.result != "passed":
        raise unfit(onward, "wait, reject it, or override it by name and reason")
    held = prepare_holdback(store, reader, rollout, road.versions[0], now=now) if rollout else None
    return Follows(onward, holdback=held)


def _challenger(asked: Approval, rollout: Rollout | None) -> Challenger:
    tried = [c for c in rollout.standing if c.version == asked.version] if rollout else []
    own = Challenger(arm=asked.version.partition("@")[2], version=asked.version)
    return tried[0] if tried else own


def _salt(keys: Keys, asked: Approval) -> str:
    """Return the salt of a rollout that no other went before: nobody without the key knows it."""
    return sign(keys.signing, {"salt": asked.id})[:32]


def carry_out_yes(
    case: Case, actor: Actor, follows: Follows, reason: str, now: datetime
) -> Approval:
    """Write a yes, and the change: the rollout of the next gate, or the activation.

    Raises: Refused where the rollout is held, or another one runs.
    """
    tx, keys, rollout = case.tx, case.keys, case.rollout
    if rollout is None:
        require_idle(case.head)
    elif rollout.held:
        raise Refused(
            f"{rollout.id} is held, and is not promoted",
            field="held",
            mend=f"ratchet rollout hold {rollout.id} --release --reason ...",
        )
    target = read_version(tx, keys, *key_parts(case.approval.version))
    approval, head = close(case, actor, "approved", reason, now=now)
    evidence = {"approval": approval.id, "gates": follows.onward.told()} | evidence_of(approval)
    if follows.begins is not None:
        _begin(case, head, actor, follows.begins, evidence, reason, now)
        return approval
    promote(
        tx,
        keys,
        head,
        actor,
        target,
        rollout=rollout,
        holdback=follows.holdback,
        evidence=evidence,
        reason=reason,
        override=bool(approval.skipped),
        now=now,
    )
    return approval


def _begin(
    case: Case,
    head: PolicyHead,
    actor: Actor,
    begins: Prepared,
    evidence: Mapping[str, Any],
    reason: str,
    now: datetime,
) -> None:
    """End the rollout that was approved, and begin that of the next gate."""
    rollout, asked = case.rollout, case.approval
    if rollout is not None:
        head = finish(
            case.tx,
            case.keys,
            head,
            actor,
            rollout,
            "promoted",
            "pass_gate",
            reason=reason,
            evidence=evidence,
            now=now,
        )
    begin(
        case.tx,
        case.keys,
        head,
        actor,
        begins,
        champion=asked.champion,
        started_by=rollout.started_by if rollout else asked.requester,
        reason=reason,
        evidence=evidence,
        now=now,
    )
