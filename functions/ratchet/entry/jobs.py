"""The scheduled verbs as Cloud Scheduler, or the ticker of this machine, runs them.

A deployment makes the jobs and owns their timing: nothing here changes a schedule.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from ratchet.entry.cloud import SECONDS, Place, google_errors, wanted_packages
from ratchet.entry.ticks import SCHEDULES, TICKS
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Instant, Model
from ratchet.store.port import Store

PREFIX = "firebase-schedule-"
DEPLOY = "firebase deploy --only functions"
ROLE = "roles/cloudscheduler.admin"
MISSING, DUE, WAITING = "missing", "due", "waiting"
Action = Literal["pause", "resume", "run"]


class Scheduler(Protocol):
    """The calls of google-cloud-scheduler's client that are used."""

    def list_jobs(self, *, parent: str, retry: None, timeout: float) -> Any:
        """Return the jobs of a project and region."""

    def pause_job(self, *, name: str, retry: None, timeout: float) -> Any:
        """Hold a job until it is resumed."""

    def resume_job(self, *, name: str, retry: None, timeout: float) -> Any:
        """Let a job that was paused run again."""

    def run_job(self, *, name: str, retry: None, timeout: float) -> Any:
        """Run a job now."""


class Job(Model):
    """One job: which verb it runs, when it last ran and runs next, and what to mend."""

    verb: str = ""
    name: str = ""
    schedule: str = ""
    state: str
    last_attempt: Instant | None = None
    last_status: str = ""
    next: Instant | None = None
    mend: str = ""


def scheduler_client() -> Scheduler:
    """Return a client of Cloud Scheduler.

    Raises: Refused without credentials, InvalidInput without the package.
    """
    with wanted_packages("Cloud Scheduler", "ops"):
        from google.cloud import scheduler_v1
    with google_errors("Cloud Scheduler", ROLE):
        client: Scheduler = scheduler_v1.CloudSchedulerClient()
    return client


def cloud_jobs(client: Scheduler, place: Place) -> list[Job]:
    """Return every job of a project and region, and a line for each verb that has none.

    Raises: Refused, NotFound, Unavailable.
    """
    with google_errors("Cloud Scheduler", ROLE):
        # Google's own default goes on trying for ten minutes.
        raw = client.list_jobs(parent=_parent(place), retry=None, timeout=SECONDS)
        found = [_job(each, place) for each in raw]
    running = {job.verb for job in found}
    lost = [Job(verb=v, state=MISSING, mend=DEPLOY) for v in SCHEDULES if v not in running]
    ranks = {verb: rank for rank, verb in enumerate(SCHEDULES)}
    return sorted([*found, *lost], key=lambda j: (ranks.get(j.verb, len(ranks)), j.name))


def act_on_job(client: Scheduler, place: Place, name: str, action: Action) -> Job:
    """Pause, resume or run one job, by its verb or its own name; its timing stays as it is.

    Raises: Refused, NotFound, InvalidInput, Unavailable.
    """
    own = _job_name(name, place.region) if name in SCHEDULES else name
    call = {"pause": client.pause_job, "resume": client.resume_job, "run": client.run_job}[action]
    with google_errors(f"job {own}", ROLE):
        raw = call(name=f"{_parent(place)}/jobs/{own}", retry=None, timeout=SECONDS)
        return _job(raw, place)


def local_jobs(store: Store, now: datetime) -> list[Job]:
    """Return the verbs as the ticker of this store runs them."""
    last = last_runs(store)
    return [_local(verb, last.get(verb), now) for verb in SCHEDULES]


def last_runs(store: Store) -> Mapping[str, datetime]:
    """Return when each verb last ran by the ticker."""
    found = store.get(TICKS)
    return dict(found.data["at"]) if found else {}


def _local(verb: str, last: datetime | None, now: datetime) -> Job:
    schedule = SCHEDULES[verb]
    following = schedule.after(last) if last else now
    at = f" at {EPOCH + schedule.at:%H:%M} UTC" if schedule.at else ""
    return Job(
        verb=verb,
        schedule=f"every {shown(schedule.every)}{at}",
        state=DUE if following <= now else WAITING,
        last_attempt=last,
        next=following,
    )


def shown(length: timedelta) -> str:
    """Return a length of time in its largest whole unit.

    >>> shown(timedelta(minutes=5)), shown(timedelta(days=1)), shown(timedelta(seconds=90))
    ('5m', '1d', '90s')
    """
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _parent(place: Place) -> str:
    return f"projects/{place.project}/locations/{place.region}"


def _job_name(verb: str, region: str) -> str:
    return f"{PREFIX}{verb}-{region}"


def _job(raw: Any, place: Place) -> Job:
    from google.rpc.code_pb2 import Code  # type: ignore[import-untyped]  # generated

    name = raw.name.rpartition("/")[2]
    verb = next((v for v in SCHEDULES if name == _job_name(v, place.region)), "")
    paused = raw.state.name == "PAUSED"
    return Job(
        verb=verb,
        name=name,
        schedule=f"{raw.schedule} ({raw.time_zone})" if raw.time_zone else raw.schedule,
        state=raw.state.name.lower(),
        last_attempt=raw.last_attempt_time,
        last_status=Code.Name(raw.status.code) if raw.last_attempt_time else "",
        next=None if paused else raw.schedule_time,
        mend=f"ratchet schedules resume {verb or name}" if paused else "",
    )
