"""Resolve: the active version, and the rollout that a component takes part in while one runs."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from ratchet.govern.alerts import alert, raise_alert
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.clock import HOUR
from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotFound, RatchetError, Refused, Unavailable
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies import resolve as champion
from ratchet.policies.version import COLLECTION, load_version
from ratchet.rollouts.assign import Mode, Slot
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref, Snapshot, Store

QUIET = HOUR


class ArmAnswer(Model):
    """One challenger: the points of 0..1 from `start` on, `share` of them, are its units."""

    arm: str
    version: str
    start: float
    share: float
    params: dict[str, Any]


class RolloutAnswer(Model):
    """The present step of a rollout: a unit is hashed with `salt` to a point, and so to an arm."""

    id: str
    step: int
    salt: str
    mode: Mode
    arms: tuple[ArmAnswer, ...]


class Resolution(champion.Answer):
    """What a component gets; `rollout` is absent where none runs."""

    rollout: RolloutAnswer | None = None


def resolve(store: Store, keys: Keys, policy_id: str, *, now: datetime) -> Resolution:
    """Return the active version and the running rollout, every signature checked.

    A rollout that cannot be served stops nobody: the champion is the answer, and an alert says so.

    Raises: NotFound, BadSignature, Refused; Unavailable where the store does not answer.
    """
    while True:
        answer, head = champion.resolve_head(store, keys, policy_id)
        named = head.data.get("rollout")
        if named is None:
            return Resolution(**dict(answer))
        try:
            rollout = _running(store, keys, answer, head, named)
        except Unavailable:
            raise
        except RatchetError as error:
            if _has_moved(store, head):
                continue
            _tell(store, answer, str(named), error, now)
            return Resolution(**dict(answer))
        etag = content_hash([answer.etag, rollout.to_wire()])[:32]
        return Resolution(**dict(answer) | {"etag": etag}, rollout=rollout)


def _has_moved(store: Store, head: Snapshot) -> bool:
    """Say whether a verb wrote the rollout between the reads of its head and of itself."""
    now = store.get(head.ref)
    return now is None or now.token != head.token


def _running(
    store: Store, keys: Keys, answer: champion.Answer, head: Snapshot, rollout_id: Any
) -> RolloutAnswer:
    """Return a rollout as the components of its policy get it.

    Raises: RatchetError where it cannot be served.
    """
    found = store.get(Ref(ROLLOUTS, str(rollout_id)))
    if found is None:
        raise NotFound(f"rollout {rollout_id} does not exist", field="rollout")
    rollout = _sealed(keys, found, head)
    if rollout.policy != answer.policy:
        raise _another(found.ref.id)
    require_in_step(rollout, found.ref.id, head.data.get("rollout"), answer.version)
    allocation = rollout.allocation()
    params = _params(store, keys, allocation.slots, head.data)
    return RolloutAnswer(
        id=rollout.id,
        step=rollout.step,
        salt=rollout.salt,
        mode=rollout.mode,
        arms=tuple(
            ArmAnswer(
                arm=slot.arm,
                version=slot.version,
                start=slot.start,
                share=slot.share,
                params=params[slot.version],
            )
            for slot in allocation.slots
        ),
    )


def _sealed(keys: Keys, found: Snapshot, head: Snapshot) -> Rollout:
    """Return a rollout as it was last written by a verb.

    Raises: BadSignature; Refused for one that was, and is not what the head knows.
    """
    mend = f"ratchet rollout abort {found.ref.id} --reason ..."
    rollout = load_sealed(keys, Rollout, found.ref.id, found.data, mend=mend)
    named = rollout.state == "running" and rollout.id == head.data.get("rollout")
    if named and rollout.seal != head.data.get("rolloutSeal"):
        raise Refused("it was put back by hand to what it was before", field="seal", mend=mend)
    return rollout


def require_in_step(rollout: Rollout, key: str, named: object, active: str) -> None:
    """Refuse the rollout of a key where the head names another, or another version is active.

    Raises: Refused.
    """
    if rollout.id != key:
        raise _another(key)
    if rollout.state != "running":
        still = ", and the head still names it" if named == rollout.id else ""
        raise Refused(f"it has ended{still}", field="state")
    if named != rollout.id:
        raise Refused(f"the head of {rollout.policy} does not name {rollout.id}", field="rollout")
    if rollout.champion != active:
        raise Refused(
            f"its champion {rollout.champion} is not active any more: {active} is",
            field="champion",
        )


def _another(key: str) -> Refused:
    return Refused(f"{key} holds another rollout", field="id")


def not_served(rollout: Rollout, why: str) -> Refused:
    """Return the refusal of what wants a rollout that components get."""
    mend = f"ratchet rollout abort {rollout.id} --reason ..."
    if rollout.state == "ended":
        mend = f"ratchet policy resolve {rollout.policy}, which is what everybody gets"
    return Refused(f"{rollout.id} is not served: {why}", field="rollout", mend=mend)


def why_not_served(store: Store, keys: Keys, policy_id: str, rollout_id: str) -> str:
    """Return why the components of a policy do not get a rollout; empty where they get it.

    Raises: Unavailable where the store does not answer.
    """
    try:
        answer, head = champion.resolve_head(store, keys, policy_id)
        _running(store, keys, answer, head, rollout_id)
    except Unavailable:
        raise
    except RatchetError as error:
        return error.message
    return ""


def _params(
    store: Store, keys: Keys, slots: tuple[Slot, ...], head: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the params of the challengers by version, as they were signed.

    Raises: NotFound, BadSignature; Refused where one was rejected or never proposed.
    """
    keys_of = list(dict.fromkeys(slot.version for slot in slots))
    known = [v for name in ("drafts", "activated") for v in _listed(head.get(name))]
    found: dict[str, dict[str, Any]] = {}
    for key, stored in zip(
        keys_of, store.get_many([Ref(COLLECTION, key) for key in keys_of]), strict=True
    ):
        if stored is None:
            raise NotFound(f"{key} does not exist", field="version")
        if key.partition("@")[2] not in known:
            raise Refused(f"{key} is rejected", field="version")
        found[key] = dict(load_version(keys, key, stored.data).params)
    return found


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _tell(
    store: Store, answer: champion.Answer, rollout_id: str, error: RatchetError, now: datetime
) -> None:
    about = alert(
        "rollout-not-served",
        answer.policy,
        "warning",
        f"rollout {rollout_id} is not served, everybody gets {answer.version}: {error.message}",
        now=now,
        command=f"ratchet rollout abort {rollout_id} --reason ...",
        evidence=error.as_dict(),
    )
    with suppress(RatchetError):  # the component's answer matters more than being told of it
        raise_alert(store, about, quiet=QUIET)
