"""Start and end a rollout: its document, the head and the audit entry change in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.audit import link
from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.errors import AlreadyExists, IllegalTransition, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.observe.epochs import current_epoch
from ratchet.observe.watch import CONTROL, ROLLOUTS, Watch
from ratchet.policies.activate import read_head
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import is_policy_id, read_version
from ratchet.rollouts.rollout import Rollout, RolloutDraft
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

_NUMBERED = "-r"


def start_rollout(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    draft: RolloutDraft,
    *,
    salt: str,
    reason: str,
    now: datetime,
    outcome_window_hours: float = 1.0,
    latency_objective_ms: float | None = None,
) -> Rollout:
    """Let challengers meet units beside the active version; one rollout runs for a policy.

    `salt` is random. Statuses do not change: a challenger stays a draft.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, InvalidInput, AlreadyExists.
    """
    require_admin(actor, "start a rollout")
    require_reason(actor, reason, "start a rollout")
    watch = Watch.parse(
        {
            "arms": (CONTROL, *(challenger.arm for challenger in draft.challengers)),
            "steps": len(draft.steps),
            "epoch": current_epoch(store, reader, now=now).epoch,
            "outcomeWindowHours": outcome_window_hours,
            "latencyObjectiveMs": latency_objective_ms,
        }
    )

    def body(tx: Transaction) -> Rollout:
        head = read_head(tx, draft.policy)
        if head.rollout is not None:
            raise Refused(
                f"rollout {head.rollout} of {head.id} runs already",
                field="rollout",
                mend=f"ratchet rollout end {head.rollout} --reason ...",
            )
        champion = read_champion(tx, keys, head)
        require_standing(tx, keys, head, draft)
        rollout = _begin(draft, champion, head, watch, salt, now)
        _require_free(tx, rollout)
        _write(tx, keys, head, actor, rollout, reason, now)
        return rollout

    return store.transact(body)


def end_rollout(
    store: Store, keys: Keys, actor: Actor, rollout_id: str, *, reason: str, now: datetime
) -> PolicyHead:
    """Give all units back to the active version; a rollout that has ended stays as it is.

    Also ends one whose document is broken or gone, which would freeze its policy for ever.

    Raises: NotFound, Forbidden, InvalidInput.
    """
    require_admin(actor, "end a rollout")
    require_reason(actor, reason, "end a rollout")
    missing = NotFound(
        f"rollout {rollout_id} does not exist", field="rollout", mend="ratchet rollout list"
    )
    ref = Ref(ROLLOUTS, rollout_id)

    def body(tx: Transaction) -> PolicyHead:
        (found,) = tx.fetch([ref])
        data = found.data if found else {}
        policy = _policy_of(rollout_id, data)
        head = tx.find(PolicyHead, policy) if is_policy_id(policy) else None
        if head is None or (found is None and head.rollout != rollout_id):
            raise missing
        if data.get("state") == "ended" and head.rollout != rollout_id:
            return head
        entry = link(
            keys,
            head,
            actor,
            "end_rollout",
            rollout_id,
            now=now,
            payload={"id": rollout_id, "endedAt": now},
            was=rollout_id,
            reason=reason,
        )
        left = None if head.rollout == rollout_id else head.rollout
        new = head.after(entry, rollout=left)
        if found is not None:
            tx.set(ref, data | {"state": "ended", "endedAt": now})
        tx.put(new)
        tx.put(entry)
        return new

    return store.transact(body)


def read_champion(tx: Transaction, keys: Keys, head: PolicyHead) -> str:
    """Read the active version inside a transaction, and return its key.

    Raises: Refused where there is none; NotFound, BadSignature.
    """
    if head.active is None:
        raise Refused(
            f"{head.id} has no active version to hold challengers against",
            field="champion",
            mend=f"ratchet policy activate {head.id} VERSION --reason ...",
        )
    return read_version(tx, keys, head.id, head.active).key()


def require_standing(tx: Transaction, keys: Keys, head: PolicyHead, draft: RolloutDraft) -> None:
    """Refuse challengers that are not there, were changed, or were rejected.

    Raises: NotFound, BadSignature, IllegalTransition.
    """
    for challenger in draft.challengers:
        version = challenger.version.partition("@")[2]
        read_version(tx, keys, head.id, version)
        if head.status_of(version) == "rejected":
            raise IllegalTransition(
                f"{challenger.version} is rejected and cannot be tried",
                field="challengers",
                mend="propose a new version",
            )


def _begin(
    draft: RolloutDraft, champion: str, head: PolicyHead, watch: Watch, salt: str, now: datetime
) -> Rollout:
    """Return the rollout of a draft; its number is that of its audit entry, so it is unique."""
    return Rollout.parse(
        dict(draft)
        | {
            "id": f"{head.id}{_NUMBERED}{head.audit_sequence + 1}",
            "champion": champion,
            "salt": salt,
            "watch": watch,
            "started_at": now,
        }
    )


def _require_free(tx: Transaction, rollout: Rollout) -> None:
    """Refuse an id that is taken; who loses a race for it is run again, and then refused.

    Raises: AlreadyExists.
    """
    (found,) = tx.fetch([Ref(ROLLOUTS, rollout.id)])
    if found is not None:
        raise AlreadyExists(
            f"{rollout.id} exists, and the head of {rollout.policy} does not know it",
            field="id",
            mend=f"restore ops_policy_heads/{rollout.policy} from a backup",
        )


def _write(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    actor: Actor,
    rollout: Rollout,
    reason: str,
    now: datetime,
) -> None:
    entry = link(
        keys,
        head,
        actor,
        "start_rollout",
        rollout.id,
        now=now,
        payload=rollout.to_map(),
        was=rollout.champion,
        to=rollout.id,
        reason=reason,
        evidence={
            "mode": rollout.mode,
            "challengers": {c.arm: c.version for c in rollout.challengers},
            "steps": list(rollout.steps),
        },
    )
    tx.put(rollout)
    tx.put(head.after(entry, rollout=rollout.id))
    tx.put(entry)


def _policy_of(rollout_id: str, data: Mapping[str, Any]) -> str:
    """Return the policy of a rollout; its id tells, too, where the document does not."""
    told = data.get("policy")
    return told if isinstance(told, str) else rollout_id.rpartition(_NUMBERED)[0]
