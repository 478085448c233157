"""Advance a rollout: the next step's shares open; document, head and audit entry change at once."""

from datetime import datetime

from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.errors import IllegalTransition, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.activate import read_head
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.changes import read_changes, rewrite
from ratchet.rollouts.resolve import not_served, require_in_step
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.start import read_champion, require_standing
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


def advance_rollout(
    store: Store, keys: Keys, actor: Actor, rollout_id: str, *, reason: str, now: datetime
) -> Rollout:
    """Open a rollout's next step: shares rise, and no unit leaves its challenger.

    A person's step waits for no verdict: the audit marks it as an override.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, InvalidInput.
    """
    require_admin(actor, "advance a rollout")
    require_reason(actor, reason, "advance a rollout")

    def body(tx: Transaction) -> Rollout:
        rollout, head = read_running(tx, keys, rollout_id)
        before, after = rollout, _next(rollout, now)
        read_changes(tx, head)
        new, _ = rewrite(
            tx,
            keys,
            head,
            actor,
            after,
            "advance_rollout",
            was=before.place,
            to=after.place,
            reason=reason,
            override=True,
            evidence={"step": after.step, "shares": dict(after.steps[after.step])},
            now=now,
        )
        return new

    return store.transact(body)


def read_running(tx: Transaction, keys: Keys, rollout_id: str) -> tuple[Rollout, PolicyHead]:
    """Read a rollout that components get, and its policy's head.

    Raises: NotFound, BadSignature, IllegalTransition; Refused where nobody gets it.
    """
    (found,) = tx.fetch([Ref(ROLLOUTS, rollout_id)])
    if found is None:
        raise NotFound(
            f"rollout {rollout_id} does not exist", field="rollout", mend="ratchet rollout list"
        )
    mend = f"ratchet rollout abort {rollout_id} --reason ..."
    rollout = load_sealed(keys, Rollout, rollout_id, found.data, mend=mend)
    head = read_head(tx, rollout.policy)
    active = read_champion(tx, keys, head)
    try:
        require_in_step(rollout, rollout_id, head.rollout, active)
    except Refused as error:
        raise not_served(rollout, error.message) from error
    require_standing(tx, keys, head, rollout.standing)
    return rollout, head


def _next(rollout: Rollout, now: datetime) -> Rollout:
    """Return the rollout in its next step.

    Raises: IllegalTransition in the last one.
    """
    if rollout.is_last_step:
        raise IllegalTransition(
            f"{rollout.id} is in its last step, {rollout.place}",
            field="step",
            mend=f"wait for its verdict, or ratchet rollout override {rollout.id} PROMOTE",
        )
    return rollout.model_copy(update={"step": rollout.step + 1, "opened": (*rollout.opened, now)})
