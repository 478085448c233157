"""StudyJob: a study handed out to a service that does its work elsewhere."""

from datetime import datetime
from typing import ClassVar, Literal

from ratchet.kernel.document import Document, Instant
from ratchet.kernel.ids import join_key
from ratchet.observe.observation import Name
from ratchet.policies.version import PolicyId
from ratchet.runs.studies.study import Configuration, Study, StudyType
from ratchet.store.port import Ref

STUDY_JOBS = "ops_study_jobs"
JobState = Literal["open", "taken", "done"]


class StudyJob(Document):
    """`ops_study_jobs/{study}`: what is to be done, and who has it until when.

    `base` is the version to start from. A lease that has passed lets anybody take it. `result` is
    the hash of what it was finished with; one that was closed without a result has none.
    """

    collection: ClassVar[str] = STUDY_JOBS

    study: str
    type: StudyType
    component: Name
    policy: PolicyId
    base: str | None = None
    hypothesis: str
    configuration: Configuration = {}
    state: JobState = "open"
    taken_by: str | None = None
    lease_until: Instant | None = None
    result: str | None = None
    created_at: Instant
    updated_at: Instant

    def key(self) -> str:
        """Return the study's id."""
        return job_ref(self.study).id

    def is_free(self, now: datetime) -> bool:
        """Say whether anybody may take it: it is open, or its lease has passed."""
        lost = self.lease_until is not None and self.lease_until <= now
        return self.state == "open" or (self.state == "taken" and lost)

    def taken(self, name: str, base: str | None, now: datetime, until: datetime) -> "StudyJob":
        """Return it in somebody's hands until an instant, to start from a version."""
        hands = {"state": "taken", "taken_by": name, "lease_until": until, "base": base}
        return self.model_copy(update=hands | {"updated_at": now})

    def closed(self, result: str | None, now: datetime) -> "StudyJob":
        """Return it as done."""
        changes = {"state": "done", "result": result, "lease_until": None, "updated_at": now}
        return self.model_copy(update=changes)


def job_of(study: Study, now: datetime) -> StudyJob:
    """Return the job of a study, which nobody has taken."""
    return StudyJob(
        study=study.id,
        type=study.type,
        component=study.component,
        policy=study.policy,
        base=study.base,
        hypothesis=study.hypothesis,
        configuration=study.configuration,
        created_at=now,
        updated_at=now,
    )


def job_ref(study_id: str) -> Ref:
    """Return where the job of a study is."""
    return Ref(STUDY_JOBS, join_key(study_id))
