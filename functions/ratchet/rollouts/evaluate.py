"""Evaluate: look at every running rollout once an hour, record the verdict, and do what it says."""

from datetime import datetime

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.document import Model
from ratchet.kernel.errors import Conflict, NotFound, RatchetError, Unavailable
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.history import get_version
from ratchet.rollouts.carry_out import Follows
from ratchet.rollouts.look import look
from ratchet.rollouts.prepare import prepare
from ratchet.rollouts.promote import prepare_holdback
from ratchet.rollouts.record_verdict import record_verdict
from ratchet.rollouts.road import open_road, walk
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.supersede import supersede
from ratchet.rollouts.verdict import VERDICTS, Judged, Verdict
from ratchet.rollouts.verdicts import get_verdict, last_verdict, verdict_key
from ratchet.rollouts.warn import warn_of
from ratchet.store.port import Filter, Query, Ref, Store

JUDGE = machine("evaluate_rollouts")
_ATTEMPTS = 5


class Looked(Model):
    """What one look came to, or why there was none."""

    rollout: str
    policy: str = ""
    verdict: str | None = None
    decision: str = ""
    effect: str = ""
    note: str = ""
    reasons: tuple[str, ...] = ()


def evaluate_rollouts(
    store: Store, keys: Keys, reader: ConfigReader, *, now: datetime
) -> list[Looked]:
    """Evaluate every running rollout; one that cannot be judged keeps no other waiting.

    Raises: Unavailable where the store does not answer.
    """
    running = store.query(Query(ROLLOUTS, (Filter("state", "==", "running"),)))
    return [_try(store, keys, reader, found.ref.id, now) for found in running]


def _try(store: Store, keys: Keys, reader: ConfigReader, rollout_id: str, now: datetime) -> Looked:
    try:
        verdict = evaluate_rollout(store, keys, reader, rollout_id, now=now)
    except Unavailable:
        raise
    except RatchetError as error:
        about = alert(
            "rollout-not-judged",
            rollout_id,
            "warning",
            f"rollout {rollout_id} cannot be judged: {error.message}",
            now=now,
            command=error.mend or f"ratchet rollout abort {rollout_id} --reason ...",
            evidence=error.as_dict(),
        )
        raise_alert(store, about)
        return Looked(rollout=rollout_id, note=error.message)
    if verdict is None:
        return Looked(rollout=rollout_id, effect="superseded", note="another version is active")
    return Looked(
        rollout=rollout_id,
        policy=verdict.policy,
        verdict=verdict.id,
        decision=verdict.decision,
        effect=verdict.effect,
        note=verdict.note,
        reasons=verdict.judged.reasons,
    )


def evaluate_rollout(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    rollout_id: str,
    *,
    now: datetime,
    actor: Actor = JUDGE,
) -> Verdict | None:
    """Judge one running rollout and do what follows, in one transaction; once in an hour.

    None where the rollout is not its policy's any more: then it is ended, and nothing judged.

    Raises: NotFound, BadSignature, Refused, Conflict where it changes all the time.
    """
    key = verdict_key(rollout_id, now)
    for _ in range(_ATTEMPTS):
        if store.get(Ref(VERDICTS, key)) is not None:
            return get_verdict(store, keys, key)
        rollout = _read(store, keys, rollout_id)
        if supersede(store, keys, actor, rollout, now=now):
            return None
        judged = look(store, rollout, now=now, before=last_verdict(store, keys, rollout_id))
        follows = _follows(store, keys, reader, rollout, judged, now)
        verdict = record_verdict(
            store, keys, actor, rollout, judged, follows, verdict_id=key, now=now
        )
        if verdict is not None:
            warn_of(store, rollout, verdict, now=now)
            return verdict
    raise Conflict(f"rollout {rollout_id} changes all the time", field="rollout", mend="try again")


def _read(store: Store, keys: Keys, rollout_id: str) -> Rollout:
    found = store.get(Ref(ROLLOUTS, rollout_id))
    if found is None:
        raise NotFound(
            f"rollout {rollout_id} does not exist", field="rollout", mend="ratchet rollout list"
        )
    mend = f"ratchet rollout abort {rollout_id} --reason ..."
    return load_sealed(keys, Rollout, rollout_id, found.data, mend=mend)


def _follows(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    rollout: Rollout,
    judged: Judged,
    now: datetime,
) -> Follows | None:
    """Return what would follow a promotion of the whole; None where none is called for."""
    wanted = judged.decision == "PROMOTE" and judged.scope == "whole"
    if not wanted or rollout.purpose != "trial" or rollout.held:
        return None
    fit = {arm.arm for arm in judged.arms if arm.decision == "PROMOTE"}
    going = [c for c in rollout.standing if c.arm in fit]
    if judged.winner is not None and rollout.mode != "shadow":
        going = [c for c in going if c.arm == judged.winner]
    road = open_road(
        store,
        keys,
        reader,
        rollout.champion,
        going,
        now=now,
        profile=(rollout.profile_name, rollout.profile),
    )
    onward = walk(road, rollout.gates)
    if onward.entered.draft is not None:
        draft = onward.entered.draft.model_copy(update={"gates": onward.left})
        begins = prepare(store, reader, draft, road.champion, salt=rollout.salt, now=now)
        return Follows(onward, begins=begins)
    winner = get_version(store, keys, *_parts(going[0].version))
    return Follows(onward, holdback=prepare_holdback(store, reader, rollout, winner, now=now))


def _parts(key: str) -> tuple[str, str]:
    policy, _, number = key.partition("@")
    return policy, number
