"""Running: what a person's verb reads of a policy and its rollout, and wants of them, first."""

from collections.abc import Iterable

from ratchet.kernel.errors import Conflict, IllegalTransition, InvalidInput, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.activate import read_head
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import is_policy_id, read_version
from ratchet.policies.version import version_key
from ratchet.rollouts.resolve import not_served, require_in_step
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


def sealed_rollout(store: Store, keys: Keys, rollout_id: str) -> Rollout:
    """Return a rollout, with its seal checked, for what is prepared before a transaction.

    Raises: NotFound, BadSignature.
    """
    found = store.get(Ref(ROLLOUTS, rollout_id))
    if found is None:
        raise NotFound(
            f"rollout {rollout_id} does not exist",
            field="rollout",
            mend=f"ratchet rollout list; where a policy names it: {_abort(rollout_id)}",
        )
    return load_sealed(keys, Rollout, rollout_id, found.data, mend=_abort(rollout_id))


def _abort(rollout_id: str) -> str:
    return f"ratchet rollout abort {rollout_id} --reason ..."


def read_running(tx: Transaction, keys: Keys, rollout_id: str) -> tuple[Rollout, PolicyHead]:
    """Read a rollout that its policy's head names, as it was last written, and the head.

    Raises: NotFound, BadSignature; Refused where it has ended, or was put back by hand.
    """
    (found,) = tx.fetch([Ref(ROLLOUTS, rollout_id)])
    if found is None:
        raise NotFound(
            f"rollout {rollout_id} does not exist", field="rollout", mend="ratchet rollout list"
        )
    rollout = load_sealed(keys, Rollout, rollout_id, found.data, mend=_abort(rollout_id))
    head = read_head(tx, rollout.policy)
    active = version_key(head.id, head.active) if head.active else "no version"
    try:
        require_in_step(rollout, rollout_id, head.rollout, active)
        require_last_written(rollout, head)
    except Refused as error:
        raise not_served(rollout, error.message) from error
    return rollout, head


def require_last_written(rollout: Rollout, head: PolicyHead) -> None:
    """Refuse a document that was sealed once, and is not what a verb wrote last.

    Raises: Refused.
    """
    if rollout.seal != head.rollout_seal:
        raise Refused(
            "it was put back by hand to what it was before",
            field="seal",
            mend=_abort(rollout.id),
        )


def one_of(rollout: Rollout, arm: str | None) -> Challenger:
    """Return the standing challenger of a name; without one, the only one there is.

    Raises: InvalidInput where there is none of that name, or a name is wanted.
    """
    found = [c for c in rollout.standing if arm in (None, c.arm)]
    if len(found) != 1:
        names = ", ".join(c.arm for c in rollout.standing)
        told = "several challengers stand" if arm is None else f"no challenger {arm} stands"
        raise InvalidInput(
            f"{told} in {rollout.id}", field="arm", mend=f"name one with --arm: {names}"
        )
    return found[0]


def ready_head(store: Store, policy_id: str) -> PolicyHead:
    """Return the head of a policy that may begin something: it has a champion and no rollout.

    Raises: NotFound, Refused.
    """
    known = is_policy_id(policy_id)
    found = store.get(Ref(PolicyHead.collection, policy_id)) if known else None
    if found is None:
        raise NotFound(
            f"policy {policy_id} does not exist", field="policy", mend="ratchet policy list"
        )
    head = PolicyHead.from_store(found.data)
    require_idle(head)
    require_active(head)
    return head


def require_idle(head: PolicyHead) -> None:
    """Refuse a policy that a rollout runs for.

    Raises: Refused.
    """
    if head.rollout is not None:
        raise Refused(
            f"rollout {head.rollout} of {head.id} runs already",
            field="rollout",
            mend=_abort(head.rollout),
        )


def require_active(head: PolicyHead) -> str:
    """Return the key of the active version.

    Raises: Refused where there is none.
    """
    if head.active is None:
        raise Refused(
            f"{head.id} has no active version to hold challengers against",
            field="champion",
            mend=f"ratchet policy activate {head.id} VERSION --reason ...",
        )
    return version_key(head.id, head.active)


def require_champion(head: PolicyHead, champion: str) -> None:
    """Refuse to go on from what was read before the transaction, where another is active now.

    Raises: Conflict.
    """
    if require_active(head) != champion:
        raise Conflict(f"{champion} was replaced meanwhile", field="champion", mend="try again")


def read_champion(tx: Transaction, keys: Keys, head: PolicyHead) -> str:
    """Read the active version inside a transaction, and return its key.

    Raises: Refused where there is none; NotFound, BadSignature.
    """
    return read_version(tx, keys, head.id, require_active(head).partition("@")[2]).key()


def require_standing(
    tx: Transaction, keys: Keys, head: PolicyHead, challengers: Iterable[Challenger]
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
