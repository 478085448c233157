"""Jobs of studies: which there are, and how a service takes one."""

from datetime import datetime

from ratchet.govern.config import ConfigReader
from ratchet.govern.flags import flags_in
from ratchet.govern.roles import Actor
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import InvalidInput, LearningOff, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.version import version_key
from ratchet.runs.studies.study import ROSTER, Roster, StudyType
from ratchet.runs.studies.study_changes import put_study, read_study, require_on
from ratchet.runs.studies.study_job import StudyJob, job_ref
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Snapshot, Store
from ratchet.store.transact import Transaction


def list_jobs(store: Store, *, tell: Tell | None = None) -> list[StudyJob]:
    """Return the jobs of the studies that are open, oldest first.

    Raises: InvalidInput.
    """
    found = store.get(ROSTER)
    roster = Roster.from_store(found.data) if found else Roster()
    stored = store.get_many([job_ref(study.id) for study in roster.studies])
    jobs = each((s for s in stored if s is not None), _load, tell)
    return sorted(jobs, key=lambda job: (job.created_at, job.study))


def take_job(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    *,
    study_id: str | None = None,
    type: StudyType | None = None,
    now: datetime,
) -> StudyJob:
    """Return a job, the caller's for as long as a lease: one that is named, or the oldest free one.

    Whoever names what is his has it longer. A job whose lease has passed is free.

    Raises: NotFound where there is none; Refused where others have it; LearningOff.
    """
    until = now + reader.read(StudySettings).lease
    if study_id is not None:
        return _take(store, keys, actor, study_id, now, until)
    for job in list_jobs(store, tell=_pass_over):
        if type in (None, job.type) and job.is_free(now):
            try:
                return _take(store, keys, actor, job.study, now, until)
            except (LearningOff, Refused):
                continue  # no person started it, or others were first
    raise NotFound("no job waits", field="study", mend="see what there is: ratchet study jobs")


def _take(
    store: Store, keys: Keys, actor: Actor, study_id: str, now: datetime, until: datetime
) -> StudyJob:
    def body(tx: Transaction) -> StudyJob:
        flags, held = flags_in(tx), read_study(tx, study_id)
        job = require_job(held.job, study_id)
        require_on(flags, held.study, "take a job")
        if job.state == "taken" and job.taken_by == actor.name:
            tx.put(renewed := job.taken(actor.name, job.base, now, until))
            return renewed  # the chain says already that it is his
        if not job.is_free(now):
            raise refused(job)
        active = held.head.active
        base = version_key(held.head.id, active) if active else None
        study = held.study.begun(base, now)
        mine = job.taken(actor.name, base, now, until)
        tx.put(mine)
        tx.touch(held.roster)
        why = {"attempt": study.attempts}
        was = held.study.state
        put_study(tx, keys, held.head, actor, study, "study-start", now=now, was=was, evidence=why)
        return mine

    return store.transact(body)


def require_job(job: StudyJob | None, study_id: str) -> StudyJob:
    """Return the job of a study.

    Raises: NotFound where its work is not handed out.
    """
    if job is None:
        raise NotFound(
            f"{study_id} has no job: its work is done here",
            field="study",
            mend=f"ratchet study run {study_id}, or see ratchet study jobs",
        )
    return job


def refused(job: StudyJob) -> Refused:
    """Return why a job is not the caller's."""
    if job.state == "open":
        why, mend = "was taken by nobody", f"take it first: ratchet study take {job.study}"
    elif job.state == "done":
        why, mend = "is done, or its study was given up", f"ratchet study show {job.study}"
    else:
        until = f", until {job.lease_until:%Y-%m-%d %H:%M} UTC" if job.lease_until else ""
        why, mend = f"is in the hands of {job.taken_by}{until}", "ratchet study jobs"
    return Refused(f"the job of {job.study} {why}", field="study", mend=mend)


def _load(found: Snapshot) -> StudyJob:
    try:
        return StudyJob.from_store(found.data)
    except InvalidInput as error:
        raise InvalidInput(
            f"{found.ref} does not parse: {error.message}",
            field=error.field,
            mend="ratchet study abandon, and start it anew",
        ) from error


def _pass_over(error: Exception) -> None:
    """Let a job that cannot be read keep nobody from the next: the list shows it."""
