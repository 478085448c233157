"""Advance a rollout: the next step's shares open; document, head and audit entry change at once."""

from datetime import datetime

from ratchet.govern.audit import link
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.errors import IllegalTransition, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import read_head
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.resolve import not_served, require_in_step
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.start import read_champion, require_standing
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def advance_rollout(
    store: Store, keys: Keys, actor: Actor, rollout_id: str, *, reason: str, now: datetime
) -> Rollout:
    """Open a rollout's next step: shares rise, and no unit leaves its challenger.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, InvalidInput.
    """
    require_admin(actor, "advance a rollout")
    require_reason(actor, reason, "advance a rollout")

    def body(tx: Transaction) -> Rollout:
        rollout = tx.find(Rollout, rollout_id)
        if rollout is None:
            raise NotFound(
                f"rollout {rollout_id} does not exist", field="rollout", mend="ratchet rollout list"
            )
        head = read_head(tx, rollout.policy)
        _require_served(tx, keys, head, rollout, rollout_id)
        new = _next(rollout)
        _write(tx, keys, head, actor, new, reason, now)
        return new

    return store.transact(body)


def _require_served(
    tx: Transaction, keys: Keys, head: PolicyHead, rollout: Rollout, key: str
) -> None:
    """Refuse a rollout that no component gets: a greater share of nothing says nothing.

    Raises: Refused, IllegalTransition, NotFound, BadSignature.
    """
    active = read_champion(tx, keys, head)
    try:
        require_in_step(rollout, key, head.rollout, active)
    except Refused as error:
        raise not_served(rollout, error.message) from error
    require_standing(tx, keys, head, rollout)


def _next(rollout: Rollout) -> Rollout:
    """Return the rollout in its next step.

    Raises: IllegalTransition in the last one.
    """
    if rollout.step + 1 >= len(rollout.steps):
        raise IllegalTransition(
            f"{rollout.id} is in its last step, {rollout.place}",
            field="step",
            mend=f"ratchet rollout evidence {rollout.id}, then activate the version or end it",
        )
    return rollout.model_copy(update={"step": rollout.step + 1})


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
        "advance_rollout",
        rollout.id,
        now=now,
        payload=rollout.to_map(),
        was=f"{rollout.step} of {len(rollout.steps)}",
        to=rollout.place,
        reason=reason,
        evidence={"step": rollout.step, "shares": dict(rollout.steps[rollout.step])},
    )
    tx.put(rollout)
    tx.put(head.after(entry))
    tx.put(entry)
