"""What begins, changes and ends a rollout inside a transaction: document, head and audit entry.

Each returns the head as it then is, so that several changes of one transaction follow each other.
All reads come first: `read_changes` reads what they write over.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ratchet.govern.audit import link
from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import sealed
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.head import PolicyHead
from ratchet.policies.numbered import free_id, next_ref
from ratchet.policies.propose import set_status
from ratchet.policies.version import COLLECTION, Stage
from ratchet.rollouts.prepare import Prepared
from ratchet.rollouts.rollout import Outcome, Rollout, RolloutDraft
from ratchet.store.port import Ref
from ratchet.store.transact import Transaction

NUMBERED = "-r"
# The next entries of a chain that one transaction may write before it begins a rollout.
_AHEAD = 3
_SLACK = 24.0  # hours after which a holdback ends, whatever has been read


def read_changes(tx: Transaction, head: PolicyHead, versions: Iterable[str] = ()) -> None:
    """Read what may be written over: versions that are tried, and the ids of a next rollout."""
    tried = {f"{head.id}@{version}" for version in head.stages} | set(versions)
    ahead = [next_ref(head, ROLLOUTS, NUMBERED, n) for n in range(_AHEAD)]
    tx.fetch([*(Ref(COLLECTION, key) for key in sorted(tried)), *ahead])


def begin(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    actor: Actor,
    prepared: Prepared,
    *,
    champion: str,
    now: datetime,
    reason: str = "",
    evidence: Mapping[str, Any] | None = None,
    started_by: str | None = None,
) -> tuple[Rollout, PolicyHead]:
    """Write a rollout that runs from now on; its number is that of its audit entry.

    `startedBy` is the actor, unless it goes on with what somebody else started.

    Raises: AlreadyExists where the head does not know of a rollout that is there.
    """
    draft = prepared.draft
    rollout = sealed(
        keys,
        Rollout.parse(
            dict(draft)
            | {
                "id": free_id(tx, head, ROLLOUTS, NUMBERED),
                "champion": champion,
                "salt": prepared.salt,
                "watch": prepared.watch,
                "plan": prepared.plan,
                "promote_alpha": prepared.promote_alpha,
                "started_at": now,
                "started_by": started_by or actor.name,
                "opened": (now,),
                "deadline": now + timedelta(hours=_hours(draft)),
            }
        ),
    )
    entry = link(
        keys,
        head,
        actor,
        "start_rollout",
        rollout.id,
        now=now,
        payload=rollout.to_map(),
        was=champion,
        to=rollout.id,
        reason=reason,
        override=bool(draft.skipped) and actor.kind != "machine",
        evidence={
            "mode": rollout.mode,
            "purpose": rollout.purpose,
            "profile": rollout.profile_name,
            "challengers": {c.arm: c.version for c in rollout.challengers},
            "steps": list(rollout.steps),
        }
        | ({"skipped": list(draft.skipped)} if draft.skipped else {})
        | dict(evidence or {}),
    )
    stages = _stages(rollout, head)
    new = head.after(entry, rollout=rollout.id, rollout_seal=rollout.seal, stages=stages)
    tx.put(rollout)
    _show(tx, head, new, now)
    tx.put(new)
    tx.put(entry)
    return rollout, new


def rewrite(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    actor: Actor,
    rollout: Rollout,
    action: str,
    *,
    now: datetime,
    was: str = "",
    to: str = "",
    reason: str = "",
    override: bool = False,
    evidence: Mapping[str, Any] | None = None,
    drafts: tuple[str, ...] | None = None,
) -> tuple[Rollout, PolicyHead]:
    """Write a rollout that runs on in another way; a version of a dropped arm leaves its stage."""
    new = sealed(keys, rollout)
    entry = link(
        keys,
        head,
        actor,
        action,
        new.id,
        now=now,
        payload=new.to_map(),
        was=was,
        to=to,
        reason=reason,
        override=override,
        evidence=evidence,
    )
    changes = {"rollout_seal": new.seal, "stages": _stages(new, head)}
    after = head.after(entry, **changes | ({} if drafts is None else {"drafts": drafts}))
    tx.put(new)
    _show(tx, head, after, now)
    tx.put(after)
    tx.put(entry)
    return new, after


def finish(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    actor: Actor,
    rollout: Rollout,
    outcome: Outcome,
    action: str,
    *,
    now: datetime,
    reason: str = "",
    override: bool = False,
    evidence: Mapping[str, Any] | None = None,
    drafts: tuple[str, ...] | None = None,
) -> PolicyHead:
    """Write a rollout that has ended; its versions get back the status that they had.

    `drafts`: those that are left, where a version is rejected. A head that names another rollout,
    or none, keeps what it says.
    """
    ended = put_ended(tx, keys, rollout, outcome, now=now)
    entry = link(
        keys,
        head,
        actor,
        action,
        rollout.id,
        now=now,
        payload=ended.to_map(),
        was=rollout.id,
        to=outcome,
        reason=reason,
        override=override,
        evidence=evidence,
    )
    changes: dict[str, Any] = {} if drafts is None else {"drafts": drafts}
    if head.rollout == rollout.id:
        changes |= {"rollout": None, "rollout_seal": None, "stages": {}}
    new = head.after(entry, **changes)
    _show(tx, head, new, now)
    tx.put(new)
    tx.put(entry)
    return new


def put_ended(
    tx: Transaction, keys: Keys, rollout: Rollout, outcome: Outcome, *, now: datetime
) -> Rollout:
    """Write the document of a rollout that has ended, where the entry of something else says so."""
    ended = sealed(
        keys,
        rollout.model_copy(update={"state": "ended", "outcome": outcome, "ended_at": now}),
    )
    tx.put(ended)
    return ended


def without(head: PolicyHead, versions: Iterable[str]) -> tuple[str, ...]:
    """Return a head's drafts without some versions, given as keys."""
    gone = {version.partition("@")[2] for version in versions}
    return tuple(v for v in head.drafts if v not in gone)


def _stages(rollout: Rollout, head: PolicyHead) -> dict[str, Stage]:
    """Return how far the versions are that a rollout tries; only a trial's go anywhere."""
    if rollout.purpose != "trial":
        return {}
    stage: Stage = "shadow" if rollout.mode == "shadow" else "canary"
    numbers = (challenger.version.partition("@")[2] for challenger in rollout.standing)
    return {number: stage for number in numbers if number != head.active}


def _show(tx: Transaction, before: PolicyHead, after: PolicyHead, now: datetime) -> None:
    """Write the statuses that differ between two heads into the versions' documents."""
    gone = set(before.drafts) - set(after.drafts)
    for number in sorted({*before.stages, *after.stages, *gone}):
        if before.status_of(number) != after.status_of(number):
            set_status(tx, f"{after.id}@{number}", after.status_of(number), now)


def _hours(draft: RolloutDraft) -> float:
    """Return how long a rollout may run."""
    if draft.purpose == "holdback":
        return draft.profile.holdback.hours + _SLACK
    return draft.profile.deadline_hours
