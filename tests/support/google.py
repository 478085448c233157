"""Stand-ins for Google's clients: real messages and real errors, and no network."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from google.cloud.firestore_admin_v1 import Field, Index
from google.cloud.scheduler_v1 import Job
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # generated

from ratchet.entry.accounts import User
from ratchet.entry.ticks import SCHEDULES
from ratchet.kernel.errors import NotFound

PARENT = "projects/p-1/locations/us-central1"
_STATES: Any = Job.State
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def job(verb: str, *, code: int = 0, state: str = "ENABLED", **fields: Any) -> Job:
    """Return the job that a deployment makes for a verb; it ran at noon."""
    given = {"last_attempt_time": NOON, "schedule": "every 1 minutes", "time_zone": "UTC"} | fields
    name = f"{PARENT}/jobs/firebase-schedule-{verb}-us-central1"
    return Job(name=name, state=_STATES[state], status=Status(code=code), **given)


def deployed() -> list[Job]:
    """Return the jobs of a whole deployment."""
    return [job(verb) for verb in SCHEDULES]


class FakeScheduler:
    """Cloud Scheduler: holds jobs, notes every call, fails as it is told."""

    def __init__(self, *jobs: Job, error: Exception | None = None) -> None:
        self.jobs = {held.name: held for held in jobs}
        self.calls: list[tuple[str, ...]] = []
        self.error = error

    def __getattr__(self, name: str) -> Any:
        if not name.endswith("_job") and name != "list_jobs":
            raise AttributeError(name)

        def call(*, retry: None, timeout: float, **given: str) -> Any:
            assert timeout <= 60
            self.calls.append((name, *given.values()))
            if self.error:
                raise self.error
            return self._answer(name, **given)

        return call

    def _answer(self, call: str, *, parent: str = "", name: str = "") -> Any:
        from google.api_core.exceptions import NotFound as GoogleNotFound

        if call == "list_jobs":
            return iter([held for held in self.jobs.values() if held.name.startswith(parent + "/")])
        if name not in self.jobs:
            raise GoogleNotFound("Job not found.")  # type: ignore[no-untyped-call]  # no types
        states: Any = {"pause_job": Job.State.PAUSED, "resume_job": Job.State.ENABLED}
        self.jobs[name].state = states.get(call, self.jobs[name].state)
        return self.jobs[name]


class FakeAccounts:
    """Firebase Auth: users by uid, every change noted; it breaks before or after as it is told."""

    def __init__(self, **roles: str | None) -> None:
        self.users = {
            uid: User(uid=uid, email=f"{uid}@x.org", claims={"role": role} if role else {})
            for uid, role in roles.items()
        }
        self.changes: list[tuple[str, str]] = []
        self.break_on: str | None = None

    def by_email(self, email: str) -> User:
        for user in self.users.values():
            if user.email == email:
                return user
        raise NotFound(f"no user {email}", field="email")

    def by_uid(self, uid: str) -> User:
        return self.users[uid]

    def everyone(self) -> Iterator[User]:
        yield from self.users.values()

    def set_claims(self, uid: str, claims: Mapping[str, Any]) -> None:
        self._note("claims", uid)
        self.put(uid, claims=dict(claims))

    def end_sessions(self, uid: str) -> None:
        self._note("sessions", uid)

    def put(self, uid: str, **fields: Any) -> None:
        """Change a user behind Ratchet's back."""
        self.users[uid] = self.users[uid].model_copy(update=fields)

    def role(self, uid: str) -> str | None:
        """Return a user's role."""
        return self.users[uid].role

    def _note(self, what: str, uid: str) -> None:
        if self.break_on == what:
            raise ConnectionError(f"{what} broke")
        self.changes.append((what, uid))


class FakeSession:
    """An authorized session: answers by path, 404 for any other."""

    def __init__(self, answers: Mapping[str, Any] | None = None, *, date: str = "") -> None:
        self.credentials: object = object()
        self.answers = dict(answers or {})
        self.date = date
        self.asked: list[str] = []

    def get(self, url: str, timeout: float) -> requests.Response:
        self.asked.append(url)
        found = self.answers.get(urlsplit(url).path, 404)
        if isinstance(found, Exception):
            raise found
        answer = requests.Response()
        answer.status_code = found if isinstance(found, int) else 200
        answer.headers["Date"] = self.date
        answer._content = json.dumps(found).encode()
        return answer


class FakeIndexes:
    """Firestore's administration: holds indexes and fields of one database."""

    def __init__(self, indexes: Sequence[Index] = (), fields: Sequence[Field] = ()) -> None:
        self.indexes, self.fields = indexes, fields
        self.asked: list[object] = []

    def list_indexes(self, *, parent: str, retry: None, timeout: float) -> Iterator[Index]:
        self.asked.append(parent)
        yield from self.indexes

    def list_fields(self, *, request: object, retry: None, timeout: float) -> Iterator[Field]:
        self.asked.append(request)
        yield from self.fields


def built(collection: str, *keys: str, state: str = "READY", scope: str = "COLLECTION") -> Index:
    """Return a deployed index; `-` is descending, `[]` an array; the id ends every index."""
    orders = Index.IndexField.Order
    scopes: Any = Index.QueryScope
    states: Any = Index.State
    fields = [
        Index.IndexField(field_path=k[:-2], array_config=Index.IndexField.ArrayConfig.CONTAINS)
        if k.endswith("[]")
        else Index.IndexField(
            field_path=k.removeprefix("-"),
            order=orders.DESCENDING if k.startswith("-") else orders.ASCENDING,
        )
        for k in (*keys, "__name__")
    ]
    return Index(
        name=f"projects/p-1/databases/(default)/collectionGroups/{collection}/indexes/CICAg",
        query_scope=scopes[scope],
        fields=fields,
        state=states[state],
    )


def field(collection: str, path: str, *, exempt: bool = True, ttl: bool = False) -> Field:
    """Return a field that was set by hand: exempt from indexing, with a TTL, or both."""
    single = [] if exempt else [built(collection, path)]
    return Field(
        name=f"projects/p-1/databases/(default)/collectionGroups/{collection}/fields/{path}",
        index_config=Field.IndexConfig(indexes=single),
        ttl_config=Field.TtlConfig(state=Field.TtlConfig.State.ACTIVE) if ttl else None,
    )
