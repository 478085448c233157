"""End a study: with what came of it, or given up."""

from datetime import datetime

from ratchet.govern.flags import flags_in
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.errors import Conflict, IllegalTransition
from ratchet.kernel.keys import Keys
from ratchet.runs.studies.study import Result, Study
from ratchet.runs.studies.study_changes import Held, put_study, read_study
from ratchet.store.port import Store
from ratchet.store.transact import Transaction

SWITCHED_OFF = "learning was switched off, and no person started it"


def end_study(
    store: Store,
    keys: Keys,
    actor: Actor,
    study_id: str,
    result: Result,
    *,
    attempt: int,
    now: datetime,
    reason: str = "",
) -> Study:
    """Write what came of an attempt at a study.

    Raises: NotFound; Conflict where it has ended since, or others have taken it up.
    """

    def body(tx: Transaction) -> Study:
        held = read_study(tx, study_id)
        if not held.study.is_open or held.study.attempts != attempt:
            raise Conflict(
                f"{study_id} was taken up by others, or has ended, while this went on",
                field="study",
                mend=f"ratchet study show {study_id}",
            )
        return put_end(tx, keys, held, actor, held.study.ended(result, now), now=now, reason=reason)

    return store.transact(body)


def abandon_study(
    store: Store, keys: Keys, actor: Actor, study_id: str, *, reason: str, now: datetime
) -> Study:
    """Give a study up; a job of it is closed.

    Raises: Forbidden, InvalidInput, NotFound; IllegalTransition where it has ended.
    """
    require_admin(actor, "abandon a study")
    require_reason(actor, reason, "abandon a study")

    def body(tx: Transaction) -> Study:
        held = read_study(tx, study_id)
        if not held.study.is_open:
            raise IllegalTransition(
                f"{study_id} has ended: it is {_told(held.study)}",
                field="state",
                mend=f"ratchet study show {study_id}",
            )
        given_up = held.study.abandoned(reason, now)
        return put_end(tx, keys, held, actor, given_up, now=now, reason=reason)

    return store.transact(body)


def abandon_switched_off(
    store: Store, keys: Keys, actor: Actor, study_id: str, *, now: datetime
) -> Study | None:
    """Give up a study that a machine started, if the kill switch is off still; else nothing."""

    def body(tx: Transaction) -> Study | None:
        flags, held = flags_in(tx), read_study(tx, study_id)
        kept = held.study.started_by == "person" or not held.study.is_open
        if flags.learning.enabled or kept:
            return None
        given_up = held.study.abandoned(SWITCHED_OFF, now)
        return put_end(tx, keys, held, actor, given_up, now=now, reason=SWITCHED_OFF)

    return store.transact(body)


def put_end(
    tx: Transaction,
    keys: Keys,
    held: Held,
    actor: Actor,
    ended: Study,
    *,
    now: datetime,
    reason: str = "",
    result: str | None = None,
) -> Study:
    """Write a study that has ended: it leaves the roster, and its job is done."""
    tx.put(held.roster.left_by(ended.id))
    if held.job is not None:
        tx.put(held.job.closed(result, now))
    why = reason or "; ".join(ended.reasons)
    put_study(
        tx,
        keys,
        held.head,
        actor,
        ended,
        "study-end",
        now=now,
        was=held.study.state,
        reason=why,
        evidence={"reasons": list(ended.reasons)} if ended.reasons else {},
    )
    return ended


def _told(study: Study) -> str:
    return f"{study.state}, with {study.version}" if study.version else study.state
