"""Advance a rollout: the next step's shares open; document, head and audit entry change at once."""

from datetime import datetime

from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.errors import IllegalTransition
from ratchet.kernel.keys import Keys
from ratchet.rollouts.changes import read_changes, rewrite
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.running import read_champion, read_running, require_standing
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def advance_rollout(
    store: Store, keys: Keys, actor: Actor, rollout_id: str, *, reason: str, now: datetime
) -> Rollout:
    """Open a rollout's next step: shares rise, and no unit leaves its challenger.

    A person's step waits for no verdict: the audit marks it as an override.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, InvalidInput.
    """
    require_person(actor, "advance a rollout")
    require_reason(actor, reason, "advance a rollout")

    def body(tx: Transaction) -> Rollout:
        before, head = read_running(tx, keys, rollout_id)
        read_champion(tx, keys, head)
        require_standing(tx, keys, head, before.standing)
        after = _next(before, now)
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


def _next(rollout: Rollout, now: datetime) -> Rollout:
    """Return the rollout in its next step.

    Raises: IllegalTransition in the last one.
    """
    if rollout.is_last_step:
        raise IllegalTransition(
            f"{rollout.id} is in its last step, {rollout.place}",
            field="step",
            mend="wait for its verdict, or see `ratchet rollout override --help`",
        )
    return rollout.model_copy(update={"step": rollout.step + 1, "opened": (*rollout.opened, now)})
