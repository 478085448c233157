"""Hold: a person keeps a rollout from being promoted; it runs on, and harm still rolls it back."""

from datetime import datetime

from ratchet.govern.roles import Actor, require_admin, require_person, require_reason
from ratchet.kernel.errors import Refused
from ratchet.kernel.keys import Keys
from ratchet.rollouts.changes import read_changes, rewrite
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.running import read_running
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def hold_rollout(
    store: Store,
    keys: Keys,
    actor: Actor,
    rollout_id: str,
    *,
    release: bool = False,
    reason: str,
    now: datetime,
) -> Rollout:
    """Hold a trial, or release it; one that is so already stays as it is.

    Raises: NotFound, BadSignature, Refused, Forbidden, InvalidInput.
    """
    verb = "release" if release else "hold"
    (require_person if release else require_admin)(actor, f"{verb} a rollout")
    require_reason(actor, reason, f"{verb} a rollout")

    def body(tx: Transaction) -> Rollout:
        rollout, head = read_running(tx, keys, rollout_id)
        if rollout.purpose != "trial":
            raise Refused(
                f"{rollout_id} promotes nothing, so there is nothing to hold",
                field="purpose",
                mend=f"ratchet rollout abort {rollout_id} --reason ...",
            )
        if rollout.held is not release:
            return rollout
        read_changes(tx, head)
        held = rollout.model_copy(update={"held": not release})
        new, _ = rewrite(
            tx, keys, head, actor, held, f"{verb}_rollout", to=rollout.place, reason=reason, now=now
        )
        return new

    return store.transact(body)
