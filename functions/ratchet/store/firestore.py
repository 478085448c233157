"""FirestoreStore: production and the emulator, over the raw GAPIC client."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from google.api_core import exceptions as google_errors
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore import Client
from google.cloud.firestore_v1.types import firestore as messages
from google.cloud.firestore_v1.types import write as write_messages

from ratchet.kernel.errors import (
    Conflict,
    Misconfigured,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
)
from ratchet.store.by_commit import ByCommit, ReadOnly
from ratchet.store.google_errors import translated
from ratchet.store.limits import MAX_COMMIT, check_document, check_id
from ratchet.store.port import Query, Ref, Snapshot, Write
from ratchet.store.protobuf import put_fields, structured, take_fields

T = TypeVar("T")

# Generated message classes, which carry no types of their own.
_Write: Any = write_messages.Write.pb()
_CommitRequest: Any = messages.CommitRequest.pb()
_BatchGetRequest: Any = messages.BatchGetDocumentsRequest.pb()
_RunQueryRequest: Any = messages.RunQueryRequest.pb()
_CountRequest: Any = messages.RunAggregationQueryRequest.pb()
_ListRequest: Any = messages.ListCollectionIdsRequest.pb()

_TRANSIENT = (
    google_errors.Aborted,
    google_errors.DeadlineExceeded,
    google_errors.InternalServerError,
    google_errors.ResourceExhausted,
    google_errors.ServiceUnavailable,
)
# A caller waits behind these: one who gets no answer asks again.
_READ_TIMEOUT = 15.0
_READ_AGAIN = Retry(
    if_exception_type(*_TRANSIENT), initial=0.05, maximum=5.0, timeout=_READ_TIMEOUT
)
_COMMIT_TIMEOUT = 30.0
_STREAM_FAILURES = 8
_GET_AT_ONCE = 500


class FirestoreStore(ByCommit):
    """Documents in one Firestore database; a token is the update time in nanoseconds."""

    def __init__(
        self, project: str, database: str = "(default)", client: Client | None = None
    ) -> None:
        try:
            self._client: Any = client or Client(project=project, database=database)
        except GoogleAuthError as error:
            login = "gcloud auth application-default login"
            raise Refused(f"no Google credentials: {error}", mend=f"run `{login}`") from error
        self._owned = client is None
        self._named = (project, database)
        self._database = f"projects/{project}/databases/{database}"
        self._documents = f"{self._database}/documents"

    def get(self, ref: Ref) -> Snapshot | None:
        """Return one document, or None where there is none."""
        return self.get_many([ref])[0]

    def get_many(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
        """Return documents in the order asked for."""
        names = list(dict.fromkeys(self._name(ref) for ref in refs))
        found: dict[str, Snapshot] = {}
        for start in range(0, len(names), _GET_AT_ONCE):
            found |= self._read_again(self._batch_get, names[start : start + _GET_AT_ONCE])
        return [found.get(self._name(ref)) for ref in refs]

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none; an ambiguous failure is Unavailable and is not sent again."""
        total = sum(_check(write) for write in writes)
        request = _CommitRequest(database=self._database, writes=map(self._write, writes))
        total = max(total, request.ByteSize())
        if total > MAX_COMMIT:
            raise TooLarge(f"a commit of {total} bytes, the limit is {MAX_COMMIT}")
        if not writes:
            return
        with translated(_guarded(writes)):
            self._api.commit(
                request=messages.CommitRequest.wrap(request),
                metadata=self._client._rpc_metadata,
                retry=None,
                timeout=_COMMIT_TIMEOUT,
            )

    def query(self, query: Query) -> list[Snapshot]:
        """Return the documents of a query."""
        return list(self.stream(query))

    def stream(self, query: Query) -> Iterator[Snapshot]:
        """Yield the documents of one query; where it breaks off, go on behind the last one."""
        left, failures, rest = query.limit, 0, query
        while left is None or left > 0:
            last = None
            try:
                with translated(()):
                    for last in self._run(rest):
                        left, failures = None if left is None else left - 1, 0
                        yield last
                return
            except Misconfigured:
                raise
            except (Conflict, Unavailable):
                failures += 1
                if failures > _STREAM_FAILURES:
                    raise
                rest = rest.after(last, left) if last else rest
                time.sleep(random.uniform(0.0, 0.05 * 2**failures))

    def count(self, query: Query) -> int:
        """Count the documents of a query without reading them."""
        if query.limit == 0:
            return 0
        request = _CountRequest(parent=self._documents)
        asked = request.structured_aggregation_query
        asked.structured_query.CopyFrom(structured(query, self._documents))
        asked.aggregations.add(alias="n").count.SetInParent()
        self._pin(request)
        return self._read_again(self._count, messages.RunAggregationQueryRequest.wrap(request))

    def expire(self, collection: str, before: datetime) -> int:
        """Remove nothing: Firestore's own TTL does (see firestore.indexes.json)."""
        return 0

    def collections(self) -> list[str]:
        """Return the names of the collections that hold documents, in order."""
        request = _ListRequest(parent=self._documents)
        self._pin(request)
        return sorted(self._read_again(self._list, messages.ListCollectionIdsRequest.wrap(request)))

    @contextmanager
    def snapshot(self, moment: str | None = None) -> "Iterator[FrozenFirestore]":
        """Open the store as it is now, or as it was at a moment; old versions last an hour.

        Raises: NotFound where the moment is another database's, or too old.
        """
        if moment is None:
            yield FrozenFirestore(self, self._read_again(self._present, f"{self._documents}/x/y"))
            return
        database, _, at = moment.rpartition("@")
        if database != self._database or not at.isdecimal():
            raise NotFound(f"{moment} is no moment of {self._database}", field="moment")
        frozen = FrozenFirestore(self, int(at))
        frozen.collections()  # says whether the moment can still be read
        yield frozen

    def close(self) -> None:
        """Let go of the connection."""
        if self._owned:
            self._api.transport.close()

    @property
    def _api(self) -> Any:
        # The client's own door to the raw API: it knows the emulator, credentials and keep-alive.
        return self._client._firestore_api

    def _name(self, ref: Ref) -> str:
        check_id(*ref)
        return f"{self._documents}/{ref.collection}/{ref.id}"

    def _write(self, write: Write) -> Any:
        message = _Write()
        if write.kind == "delete":
            message.delete = self._name(write.ref)
        else:
            message.update.name = self._name(write.ref)
            put_fields(message.update.fields, write.data)
        if write.kind == "create":
            message.current_document.exists = False
        elif write.token is not None:
            message.current_document.update_time.FromNanoseconds(write.token)
        return message

    def _snapshot(self, found: Any) -> Snapshot:
        collection, key = found.name[len(self._documents) + 1 :].split("/")
        token = found.update_time.seconds * 1_000_000_000 + found.update_time.nanos
        return Snapshot(Ref(collection, key), take_fields(found.fields), token)

    def _read_again(self, call: Callable[[Any], T], asked: Any) -> T:
        with translated(()):
            answer: T = _READ_AGAIN(call)(asked)
            return answer

    def _batch_get(self, names: list[str]) -> dict[str, Snapshot]:
        raw = self._documents_of(names)
        return {r.found.name: self._snapshot(r.found) for r in raw if r.HasField("found")}

    def _documents_of(self, names: list[str]) -> Iterator[Any]:
        request = _BatchGetRequest(database=self._database, documents=names)
        self._pin(request)
        answers = self._api.batch_get_documents(
            request=messages.BatchGetDocumentsRequest.wrap(request),
            metadata=self._client._rpc_metadata,
            retry=None,
        )
        return (messages.BatchGetDocumentsResponse.pb(answer) for answer in answers)

    def _present(self, name: str) -> int:
        """Return the service's present in microseconds, as it reads a document."""
        return max(int(r.read_time.ToMicroseconds()) for r in self._documents_of([name]))

    def _list(self, request: Any) -> list[str]:
        found = self._api.list_collection_ids(
            request=request, metadata=self._client._rpc_metadata, retry=None
        )
        return list(found)

    def _pin(self, request: Any) -> None:
        """Let a read be of the present."""

    def _count(self, request: Any) -> int:
        answers = self._api.run_aggregation_query(
            request=request, metadata=self._client._rpc_metadata, retry=None
        )
        raw = [messages.RunAggregationQueryResponse.pb(answer) for answer in answers]
        return sum(int(r.result.aggregate_fields["n"].integer_value) for r in raw)

    def _run(self, query: Query) -> Iterator[Snapshot]:
        request = _RunQueryRequest(parent=self._documents)
        request.structured_query.CopyFrom(structured(query, self._documents))
        self._pin(request)
        answers = self._api.run_query(
            request=messages.RunQueryRequest.wrap(request),
            metadata=self._client._rpc_metadata,
            retry=None,
        )
        try:
            for answer in answers:
                raw = messages.RunQueryResponse.pb(answer)
                if raw.HasField("document"):
                    yield self._snapshot(raw.document)
        finally:
            answers.cancel()


class FrozenFirestore(ReadOnly, FirestoreStore):
    """A database as it was at one moment, in microseconds since 1970."""

    def __init__(self, live: FirestoreStore, at: int) -> None:
        super().__init__(*live._named, live._client)
        self._at = at

    @property
    def moment(self) -> str:
        """Return the database and the microsecond."""
        return f"{self._database}@{self._at}"

    def _pin(self, request: Any) -> None:
        request.read_time.FromMicroseconds(self._at)


def _check(write: Write) -> int:
    return 0 if write.kind == "delete" else check_document(*write.ref, write.data)


def _guarded(writes: Sequence[Write]) -> tuple[Ref, ...]:
    return tuple(w.ref for w in writes if w.kind == "create" or w.token is not None)
