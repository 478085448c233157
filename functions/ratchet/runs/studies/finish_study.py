"""Finish a study that was handed out: a service says what came of its job."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from ratchet.govern.roles import Actor, machine
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.errors import Conflict, InvalidInput, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.propose import propose, read_version
from ratchet.policies.version import Number, key_parts, version_key
from ratchet.runs.studies.end_study import put_end
from ratchet.runs.studies.own_draft import own_draft
from ratchet.runs.studies.study import Result, Study, study_note, study_ref
from ratchet.runs.studies.study_changes import Held, no_study, read_study
from ratchet.runs.studies.study_job import StudyJob, job_ref
from ratchet.runs.studies.study_jobs import refused, require_job
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


class Finished(Result):
    """What a service says of a job: a draft by its number, or the params of one; or why nothing."""

    version: Number | None = None
    params: Annotated[dict[str, JsonValue], Field(min_length=1)] | None = None


def finish_job(
    store: Store,
    keys: Keys,
    actor: Actor,
    study_id: str,
    finished: Finished,
    *,
    now: datetime,
    reason: str = "",
) -> Study:
    """Write what a service says came of its job; the same again changes nothing.

    Params become a draft beside the active version's, in the name of the service.

    Raises: NotFound; InvalidInput; Refused where nobody took it, others have it or it was closed;
    Conflict with another result than before; LearningOff.
    """
    _check(finished)
    digest = content_hash(finished.to_map())
    study, job = _stored(store, study_id)
    if _is_done(job, digest):
        return study
    _require_his(job, actor)
    version = _drafted(store, keys, actor, study, finished, now, reason)

    def body(tx: Transaction) -> Study:
        held = read_study(tx, study_id)
        present = require_job(held.job, study_id)
        if _is_done(present, digest):
            return held.study
        _require_his(present, actor)
        if version is not None:
            _require_draft(tx, keys, held, version)
        told = {n: getattr(finished, n) for n in Result.model_fields} | {"version": version}
        ended = held.study.ended(Result(**told), now)
        return put_end(tx, keys, held, actor, ended, now=now, reason=reason, result=digest)

    return store.transact(body)


def _check(finished: Finished) -> None:
    """Hold a result to what its state wants.

    Raises: InvalidInput.
    """
    given = [n for n in ("version", "params") if getattr(finished, n) is not None]
    if finished.state == "succeeded" and len(given) != 1:
        raise InvalidInput(
            "a study that succeeded has a version, or the params of one",
            field="version",
            mend="give either version or params",
        )
    if finished.state == "failed" and given:
        raise InvalidInput(
            f"a study that failed has no {given[0]}", field=given[0], mend="leave it out"
        )
    if finished.state == "failed" and not finished.reasons:
        raise InvalidInput("a study that failed says why", field="reasons", mend="give a reason")
    _check_figures(finished)


def _check_figures(finished: Finished) -> None:
    """Hold the figures of a result to each other.

    Raises: InvalidInput.
    """
    stable, gain, between = finished.stability, finished.gain, finished.gain_interval
    if stable is not None and stable.agreeing > stable.seeds:
        raise InvalidInput(
            f"{stable.agreeing} of {stable.seeds} seeds agree",
            field="stability.agreeing",
            mend=f"give at most {stable.seeds}, the seeds",
        )
    if between is not None and between.low > between.high:
        raise InvalidInput(
            f"gainInterval is from {between.low:g} to {between.high:g}",
            field="gainInterval.low",
            mend="give low and high in their order",
        )
    if between is not None and gain is not None and not between.holds(gain):
        raise InvalidInput(
            f"gain is {gain:g}, outside of its interval {between.low:g} to {between.high:g}",
            field="gain",
            mend="give the interval of this gain",
        )


def _stored(store: Store, study_id: str) -> tuple[Study, StudyJob]:
    study, job = store.get_many([study_ref(study_id), job_ref(study_id)])
    if study is None:
        raise no_study(study_id)
    found = StudyJob.from_store(job.data) if job else None
    return Study.from_store(study.data), require_job(found, study_id)


def _is_done(job: StudyJob, digest: str) -> bool:
    """Say whether a job was finished with the same result.

    Raises: Conflict where it was with another.
    """
    if job.state == "done" and job.result not in (None, digest):
        raise Conflict(
            f"the job of {job.study} was finished with another result",
            field="state",
            mend=f"ratchet study show {job.study}",
        )
    return job.state == "done" and job.result == digest


def _require_his(job: StudyJob, actor: Actor) -> None:
    """Let through whoever took a job; where its lease has passed, as long as nobody else has.

    Raises: Refused.
    """
    if job.state != "taken" or job.taken_by != actor.name:
        raise refused(job)


def _drafted(
    store: Store,
    keys: Keys,
    actor: Actor,
    study: Study,
    finished: Finished,
    now: datetime,
    reason: str,
) -> str | None:
    """Return the version that a study ends in; params are drafted, once.

    Raises: InvalidInput, LearningOff; Conflict where other params were drafted before.
    """
    if finished.params is None:
        return version_key(study.policy, finished.version) if finished.version else None
    own = own_draft(store, keys, study.policy, study.id)
    if own is not None:
        if any(own.params.get(name) != value for name, value in finished.params.items()):
            raise Conflict(
                f"{own.key()} was drafted of it before, with other params",
                field="params",
                mend=f"finish it with version {own.version}, or send the same params",
            )
        return own.key()
    # A service is a machine here, whatever account it has: what it drafts waits for a person.
    drafter = actor if actor.role == "admin" else machine(actor.name)
    why = reason or "; ".join(finished.reasons) or study.hypothesis
    draft = propose(
        store,
        keys,
        drafter,
        study.policy,
        finished.params,
        now=now,
        partial=True,
        notes=study_note(study.id),
        reason=why,
    )
    return draft.key()


def _require_draft(tx: Transaction, keys: Keys, held: Held, version: str) -> None:
    """Hold a version to being a draft of the study's policy, as it was signed.

    Raises: NotFound, BadSignature, Refused.
    """
    policy, number = key_parts(version)
    status = held.head.status_of(number)
    read_version(tx, keys, policy, number)
    if status not in ("draft", "shadow", "canary"):
        raise Refused(
            f"{version} is no draft: it is {status}",
            field="version",
            mend=f"ratchet policy list {policy}",
        )
