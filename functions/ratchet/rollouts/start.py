"""Start a rollout: versions set out on their road, by the gates of what they change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.errors import Conflict, IllegalTransition, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import read_head
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import read_version
from ratchet.policies.version import version_key
from ratchet.rollouts.assign import Mode
from ratchet.rollouts.changes import begin, read_changes
from ratchet.rollouts.gate_rules import Gates
from ratchet.rollouts.gates import GATES
from ratchet.rollouts.gates.gate import Road
from ratchet.rollouts.prepare import Prepared, prepare
from ratchet.rollouts.profile import Profile
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.road import Onward, open_road, walk
from ratchet.rollouts.rollout import Challenger, Rollout, RolloutDraft, Shares
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

ROLLING = ("shadow", "canary")


def start_rollout(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    asked: RolloutRequest,
    *,
    salt: str,
    reason: str,
    now: datetime,
) -> Rollout:
    """Let challengers meet units beside the active version; one rollout runs for a policy.

    `salt` is random. A gate before the rollout that stops the versions refuses it, by its reasons.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, InvalidInput, Conflict.
    """
    require_admin(actor, "start a rollout")
    require_reason(actor, reason, "start a rollout")
    head = _head(store, asked.policy)
    road = _road(store, keys, reader, head, asked, now)
    draft, onward = _draft(road, asked)
    prepared = prepare(store, reader, draft, road.champion, salt=salt, now=now)

    def body(tx: Transaction) -> Rollout:
        return begin_trial(
            tx,
            keys,
            actor,
            prepared,
            champion=road.champion.key(),
            reason=reason,
            now=now,
            told=onward,
        )

    return store.transact(body)


def begin_trial(
    tx: Transaction,
    keys: Keys,
    actor: Actor,
    prepared: Prepared,
    *,
    champion: str,
    reason: str,
    now: datetime,
    told: Onward | None = None,
) -> Rollout:
    """Begin what was prepared, if the policy still stands as it did then.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, Conflict.
    """
    draft = prepared.draft
    head = read_head(tx, draft.policy)
    require_idle(head)
    if read_champion(tx, keys, head) != champion:
        raise Conflict(
            f"{champion} was replaced meanwhile", field="champion", mend="start the rollout again"
        )
    require_standing(tx, keys, head, draft.challengers)
    read_changes(tx, head, (challenger.version for challenger in draft.challengers))
    behind = {"gates": told.told()} if told and told.behind else {}
    rollout, _ = begin(
        tx, keys, head, actor, prepared, champion=champion, reason=reason, now=now, evidence=behind
    )
    return rollout


def require_idle(head: PolicyHead) -> None:
    """Refuse a policy that a rollout runs for.

    Raises: Refused.
    """
    if head.rollout is not None:
        raise Refused(
            f"rollout {head.rollout} of {head.id} runs already",
            field="rollout",
            mend=f"ratchet rollout abort {head.rollout} --reason ...",
        )


def read_champion(tx: Transaction, keys: Keys, head: PolicyHead) -> str:
    """Read the active version inside a transaction, and return its key.

    Raises: Refused where there is none; NotFound, BadSignature.
    """
    return read_version(tx, keys, head.id, require_active(head)).key()


def require_active(head: PolicyHead) -> str:
    """Return the number of the active version.

    Raises: Refused where there is none.
    """
    if head.active is None:
        raise Refused(
            f"{head.id} has no active version to hold challengers against",
            field="champion",
            mend=f"ratchet policy activate {head.id} VERSION --reason ...",
        )
    return head.active


def require_standing(
    tx: Transaction, keys: Keys, head: PolicyHead, challengers: Sequence[Challenger]
) -> None:
    """Refuse challengers that are not there, were changed, or were rejected.

    Raises: NotFound, BadSignature, IllegalTransition.
    """
    for challenger in challengers:
        version = challenger.version.partition("@")[2]
        read_version(tx, keys, head.id, version)
        if head.status_of(version) == "rejected":
            raise IllegalTransition(
                f"{challenger.version} is rejected and cannot be tried",
                field="challengers",
                mend="propose a new version",
            )


def _head(store: Store, policy_id: str) -> PolicyHead:
    found = store.get(Ref(PolicyHead.collection, policy_id))
    if found is None:
        raise NotFound(
            f"policy {policy_id} does not exist", field="policy", mend="ratchet policy list"
        )
    head = PolicyHead.from_store(found.data)
    require_idle(head)
    require_active(head)
    return head


def _road(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    head: PolicyHead,
    asked: RolloutRequest,
    now: datetime,
) -> Road:
    champion = version_key(head.id, require_active(head))
    named = None
    if asked.profile is not None:
        named = (asked.profile, reader.read(Gates).profile(asked.profile))
    road = open_road(store, keys, reader, champion, asked.challengers, now=now, profile=named)
    return replace(road, profile=_profile(road.profile, asked))


def _profile(profile: Profile, asked: RolloutRequest) -> Profile:
    """Return the profile as whoever starts the rollout wants it counted."""
    wanted = {
        "outcome_window_hours": asked.outcome_window_hours,
        "latency_objective_ms": asked.latency_objective_ms,
    }
    return profile.model_copy(update={k: v for k, v in wanted.items() if v is not None})


def _draft(road: Road, asked: RolloutRequest) -> tuple[RolloutDraft, Onward | None]:
    """Return the rollout that is asked for, and the walk through the gates before it.

    Raises: Refused where one of them does not let the versions through; InvalidInput.
    """
    gates = road.rules.gates
    name = _gate(asked.mode, gates)
    at = gates.index(name) if name in gates else None
    before, left = ((), gates) if at is None else (gates[:at], gates[at + 1 :])
    walked = walk(road, before) if asked.mode is None else None
    if walked and walked.entered.result != "passed":
        raise _not_through(walked)
    draft = GATES[name](road).draft
    changes: dict[str, Any] = {"gates": left, "skipped": () if walked else before}
    if asked.mode == "split":
        changes |= {"mode": "split", "steps": (_equal_parts(asked.challengers),)}
    if asked.steps is not None:
        changes["steps"] = asked.steps
    return RolloutDraft.parse(dict(draft or ()) | changes), walked


def _gate(mode: Mode | None, gates: Sequence[str]) -> str:
    """Return the gate whose rollout is begun: the first there is, else a canary."""
    if mode is not None:
        return "shadow" if mode == "shadow" else "canary"
    return next((gate for gate in gates if gate in ROLLING), "canary")


def _equal_parts(challengers: Sequence[Challenger]) -> Shares:
    return {challenger.arm: 1 / (len(challengers) + 1) for challenger in challengers}


def _not_through(walked: Onward) -> Refused:
    return Refused(
        f"gate {walked.gate}: " + "; ".join(walked.entered.reasons),
        field="gates",
        mend="mend the version, or name a --mode: that is an override, and the audit says so",
    )
