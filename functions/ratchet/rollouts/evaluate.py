"""Evaluate: look at every running rollout once an hour, record the verdict, and do what it says."""

from datetime import datetime

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.document import Model
from ratchet.kernel.errors import BadSignature, Conflict, NotFound, RatchetError, Unavailable
from ratchet.kernel.keys import Keys
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version
from ratchet.policies.version import key_parts
from ratchet.rollouts.gates.gate import Entered
from ratchet.rollouts.look import look
from ratchet.rollouts.prepare import prepare
from ratchet.rollouts.promote import prepare_holdback
from ratchet.rollouts.record_verdict import record_verdict
from ratchet.rollouts.road import Onward, open_road, walk
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.rollouts.running import sealed_rollout
from ratchet.rollouts.scene import Follows, winner_of
from ratchet.rollouts.supersede import is_current, supersede
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

    Raises: Unavailable where the store does not answer; what nobody foresaw of one, at the end.
    """
    looked, unforeseen = [], []
    for rollout_id in _running(store):
        try:
            looked.append(_try(store, keys, reader, rollout_id, now))
        except Unavailable:
            raise
        except Exception as error:
            error.add_note(f"while {rollout_id} was judged")
            unforeseen.append(error)
    if unforeseen:
        raise unforeseen[0]
    return looked


def _running(store: Store) -> list[str]:
    """Return the rollouts that say they run, and those that a policy says run."""
    running = store.query(Query(ROLLOUTS, (Filter("state", "==", "running"),)))
    heads = store.query(Query(PolicyHead.collection, (Filter("rollout", ">", ""),)))
    return sorted({found.ref.id for found in running} | {head.data["rollout"] for head in heads})


def _try(store: Store, keys: Keys, reader: ConfigReader, rollout_id: str, now: datetime) -> Looked:
    try:
        verdict = evaluate_rollout(store, keys, reader, rollout_id, now=now)
    except Unavailable:
        raise
    except RatchetError as error:
        _tell(store, "rollout-not-judged", rollout_id, "cannot be judged", error, now)
        return Looked(rollout=rollout_id, note=error.message)
    if verdict is None:
        return Looked(rollout=rollout_id, note="it has ended: another version is active")
    return Looked(
        rollout=rollout_id,
        policy=verdict.policy,
        verdict=verdict.id,
        decision=verdict.decision,
        effect=verdict.effect,
        note=verdict.note,
        reasons=verdict.judged.reasons,
    )


def _tell(
    store: Store, what: str, rollout_id: str, why: str, error: RatchetError, now: datetime
) -> None:
    about = alert(
        what,
        rollout_id,
        "warning",
        f"rollout {rollout_id} {why}: {error.message}",
        now=now,
        command=error.mend or _abort(rollout_id),
        evidence=error.as_dict(),
    )
    raise_alert(store, about)


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

    None where it has ended: one that its policy has left behind is ended, and nothing judged.

    Raises: NotFound, BadSignature, Refused, Conflict where it changes all the time.
    """
    key = verdict_key(rollout_id, now)
    for _ in range(_ATTEMPTS):
        if store.get(Ref(VERDICTS, key)) is not None:
            return get_verdict(store, keys, key)
        rollout = sealed_rollout(store, keys, rollout_id)
        head = _head(store, rollout)
        if not is_current(head, rollout):
            if rollout.state == "ended" or supersede(store, keys, actor, rollout, now=now):
                return None
            continue
        if rollout.seal != head.rollout_seal:
            continue
        before = last_verdict(store, keys, rollout_id, until=now)
        seen = look(store, rollout, now=now, before=before)
        follows = _follows_if_it_can(store, keys, reader, rollout, seen.judged, now)
        verdict = record_verdict(
            store, keys, actor, rollout, seen.judged, follows, verdict_id=key, now=now
        )
        if verdict is not None:
            warn_of(store, rollout, seen, now=now)
            return verdict
    raise _never_still(store, keys, rollout_id)


def _abort(rollout_id: str) -> str:
    return f"ratchet rollout abort {rollout_id} --reason ..."


def _head(store: Store, rollout: Rollout) -> PolicyHead:
    found = store.get(Ref(PolicyHead.collection, rollout.policy))
    if found is None:
        raise NotFound(
            f"policy {rollout.policy} does not exist", field="policy", mend="ratchet policy list"
        )
    return PolicyHead.from_store(found.data)


def _never_still(store: Store, keys: Keys, rollout_id: str) -> RatchetError:
    """Return why a rollout is never what its policy's head knows."""
    rollout = sealed_rollout(store, keys, rollout_id)
    if _head(store, rollout).rollout_seal != rollout.seal:
        return BadSignature(
            f"rollout {rollout_id} was put back by hand to what it was before",
            field="seal",
            mend=_abort(rollout_id),
        )
    return Conflict(f"rollout {rollout_id} changes all the time", field="rollout", mend="try again")


def _follows_if_it_can(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    rollout: Rollout,
    judged: Judged,
    now: datetime,
) -> Follows | None:
    """Return what follows; a promotion that cannot be waits, and keeps from no drop and no end."""
    try:
        return _follows(store, keys, reader, rollout, judged, now)
    except Unavailable:
        raise
    except RatchetError as error:
        _tell(store, "rollout-not-promoted", rollout.id, "cannot be promoted", error, now)
        return Follows(Onward(Entered("waits", (error.message,))))


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
    pinned = (rollout.profile_name, rollout.profile)
    going = _going(rollout, judged)
    road = open_road(store, keys, reader, rollout.champion, going, now=now, profile=pinned)
    onward = walk(road, rollout.gates)
    if onward.entered.draft is not None:
        draft = onward.entered.draft.model_copy(update={"gates": onward.left})
        begins = prepare(store, reader, draft, road.champion, salt=rollout.salt, now=now)
        return Follows(onward, begins=begins)
    won = winner_of(judged)
    (version,) = (c.version for c in rollout.challengers if c.arm == won)
    winner = get_version(store, keys, *key_parts(version))
    return Follows(onward, holdback=prepare_holdback(store, reader, rollout, winner, now=now))


def _going(rollout: Rollout, judged: Judged) -> list[Challenger]:
    """Return who goes on: all that passed a shadow, the winner alone of those that served."""
    fit = {arm.arm for arm in judged.arms if arm.decision == "PROMOTE"}
    if rollout.mode != "shadow":
        fit &= {winner_of(judged)}
    return [challenger for challenger in rollout.standing if challenger.arm in fit]
