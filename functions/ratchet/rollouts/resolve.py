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
    answer, head = champion.resolve_head(store, keys, policy_id)
    named = head.data.get("rollout")
    if named is None:
        return Resolution(**dict(answer))
    try:
        rollout = _running(store, keys, answer, head, named)
    except Unavailable:
        raise
    except RatchetError as error:
        _tell(store, answer, str(named), error, now)
        return Resolution(**dict(answer))
    etag = content_hash([answer.etag, rollout.to_wire()])[:32]
    return Resolution(**dict(answer) | {"etag": etag}, rollout=rollout)


def _running(
    store: Store, keys: Keys, answer: champion.Answer, head: Snapshot, rollout_id: Any
) -> RolloutAnswer:
    """Return the rollout that a head names.

    Raises: RatchetError where it cannot be served.
    """
    found = store.get(Ref(ROLLOUTS, str(rollout_id)))
    if found is None:
        raise NotFound(f"rollout {rollout_id} does not exist", field="rollout")
    rollout = Rollout.from_store(found.data)
    _require_in_step(rollout, answer, found.ref.id)
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


def _require_in_step(rollout: Rollout, answer: champion.Answer, key: str) -> None:
    """Refuse a rollout whose head has gone on without it.

    Raises: Refused.
    """
    if (rollout.id, rollout.policy) != (key, answer.policy):
        raise Refused(f"{key} holds another rollout", field="id")
    if rollout.state != "running":
        raise Refused(f"{key} has ended, and the head still names it", field="state")
    if rollout.champion != answer.version:
        raise Refused(
            f"its champion {rollout.champion} is not active any more: {answer.version} is",
            field="champion",
        )


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
        command=f"ratchet rollout end {rollout_id} --reason ...",
        evidence=error.as_dict(),
    )
    with suppress(RatchetError):  # the component's answer matters more than being told of it
        raise_alert(store, about, quiet=QUIET)
