"""Run a study: begin it, let its runner work, and write what came of it."""

from datetime import datetime
from functools import partial

from ratchet.govern.config import ConfigReader
from ratchet.govern.flags import flags_in, require_learning
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.clock import Clock
from ratchet.kernel.errors import (
    InvalidInput,
    LearningOff,
    NotFound,
    RatchetError,
    Refused,
)
from ratchet.kernel.keys import Keys
from ratchet.policies.version import version_key
from ratchet.runs.studies.end_study import end_study
from ratchet.runs.studies.list_studies import get_study
from ratchet.runs.studies.runners import HANDED_OUT, RUNNERS
from ratchet.runs.studies.runners.runner import Desk
from ratchet.runs.studies.study import Result, Study
from ratchet.runs.studies.study_changes import put_study, read_study
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def run_study(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    study_id: str,
    *,
    clock: Clock,
    reason: str = "",
) -> Study:
    """Take one study to its end here; a draft that comes of it is the actor's.

    What its runner cannot do is why the study failed.

    Raises: NotFound; LearningOff for the machine; Forbidden, InvalidInput for a person without a
    reason; Refused where others do the work, have it, or it has ended; Conflict.
    """
    if actor.kind != "machine":
        require_person(actor, "run a study")
        require_reason(actor, reason, "run a study")
    _require_ours(get_study(store, study_id))
    settings = reader.read(StudySettings)
    study = begin_study(store, keys, actor, study_id, settings, now=clock(), reason=reason)
    desk = Desk(store, keys, reader, actor, settings, clock(), reason)
    try:
        result = RUNNERS[study.type](desk, study)
    except LearningOff:
        raise
    except (InvalidInput, NotFound, Refused) as error:
        result = failed(error)
    end = partial(end_study, store, keys, actor, study.id, attempt=study.attempts)
    return study if result is None else end(result, now=clock(), reason=reason)


def begin_study(
    store: Store,
    keys: Keys,
    actor: Actor,
    study_id: str,
    settings: StudySettings,
    *,
    now: datetime,
    reason: str = "",
) -> Study:
    """Take a study up, for as long as a lease: it starts from the version that is active now.

    Raises: NotFound; LearningOff for the machine; Refused where others have it, or it has ended.
    """

    def body(tx: Transaction) -> Study:
        flags, held = flags_in(tx), read_study(tx, study_id)
        require_learning(flags, actor, "run a study")
        if not held.study.is_free(now):
            raise Refused(
                f"{study_id} {_why_not(held.study)}",
                field="study",
                mend=f"ratchet study show {study_id}",
            )
        active = held.head.active
        base = version_key(held.head.id, active) if active else None
        study = held.study.begun(base, now, settings.lease)
        tx.touch(held.roster)
        put_study(
            tx,
            keys,
            held.head,
            actor,
            study,
            "study-start",
            now=now,
            was=held.study.state,
            reason=reason,
            evidence={"attempt": study.attempts},
        )
        return study

    return store.transact(body)


def failed(error: RatchetError) -> Result:
    """Return the result of a study of which nothing can come, and why."""
    return Result(state="failed", reasons=(str(error)[:1000],), cost_usd=0.0)


def _require_ours(study: Study) -> None:
    if study.type in HANDED_OUT:
        raise Refused(
            f"the work of {study.id}, a {study.type}, is done elsewhere",
            field="study",
            mend=f"ratchet study take {study.id}, or wait for a service",
        )


def _why_not(study: Study) -> str:
    if study.is_open:
        return f"is in other hands until {study.lease_until:%Y-%m-%d %H:%M} UTC"
    return f"has ended: it is {study.state}"
