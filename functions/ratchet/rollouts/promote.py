"""Promote: a version that passed its gates becomes active, and a holdback begins beside it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import switch
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.changes import begin, put_ended
from ratchet.rollouts.prepare import Prepared, prepare
from ratchet.rollouts.rollout import Challenger, Rollout, RolloutDraft
from ratchet.store.port import Store
from ratchet.store.transact import Transaction

FORMER = "former"


def prepare_holdback(
    store: Store, reader: ConfigReader, rollout: Rollout, promoted: PolicyVersion, *, now: datetime
) -> Prepared | None:
    """Return the holdback that follows a promotion out of a rollout, where its profile has one.

    The former version keeps units that met it before: same salt, the last points.
    """
    held = rollout.profile.holdback
    if not held.hours or rollout.purpose != "trial" or promoted.key() == rollout.champion:
        return None
    draft = RolloutDraft(
        policy=rollout.policy,
        challengers=(Challenger(arm=FORMER, version=rollout.champion),),
        steps=({FORMER: held.share},),
        profile_name=rollout.profile_name,
        profile=rollout.profile,
        purpose="holdback",
    )
    return prepare(store, reader, draft, promoted, salt=rollout.salt, now=now)


def promote(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    actor: Actor,
    target: PolicyVersion,
    *,
    rollout: Rollout | None,
    holdback: Prepared | None,
    evidence: Mapping[str, Any],
    now: datetime,
    reason: str = "",
    override: bool = False,
) -> PolicyHead:
    """Write an activation, the end of the rollout that led to it, and its holdback.

    The caller has read the version, those that are tried (`read_changes`), and the rollout.
    """
    new = switch(
        tx,
        keys,
        head,
        target,
        actor,
        "activate",
        now=now,
        reason=reason,
        override=override,
        evidence=evidence,
    )
    if rollout is not None:
        put_ended(tx, keys, rollout, "promoted", now=now)
    if holdback is not None:
        _, new = begin(
            tx,
            keys,
            new,
            actor,
            holdback,
            champion=target.key(),
            reason=f"{rollout.champion if rollout else ''} stays beside {target.key()} for a while",
            now=now,
        )
    return new
