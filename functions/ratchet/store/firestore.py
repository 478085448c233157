"""FirestoreStore: production and the emulator, over the raw GAPIC client."""

import random
import re
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
    AlreadyExists,
    Conflict,
    InvalidInput,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
)
from ratchet.store.by_commit import ByCommit
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

_TRANSIENT = (
    google_errors.Aborted,
    google_errors.DeadlineExceeded,
    google_errors.InternalServerError,
    google_errors.ResourceExhausted,
    google_errors.ServiceUnavailable,
)
_READ_AGAIN = Retry(if_exception_type(*_TRANSIENT), initial=0.05, maximum=5.0, timeout=60.0)
_COMMIT_TIMEOUT = 60.0
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
        with _translated(_guarded(writes)):
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
                with _translated(()):
                    for last in self._run(rest):
                        left, failures = None if left is None else left - 1, 0
                        yield last
                return
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
        return self._read_again(self._count, messages.RunAggregationQueryRequest.wrap(request))

    def expire(self, collection: str, before: datetime) -> int:
        """Remove nothing: Firestore's own TTL does (see firestore.indexes.json)."""
        return 0

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
        with _translated(()):
            answer: T = _READ_AGAIN(call)(asked)
            return answer

    def _batch_get(self, names: list[str]) -> dict[str, Snapshot]:
        request = _BatchGetRequest(database=self._database, documents=names)
        answers = self._api.batch_get_documents(
            request=messages.BatchGetDocumentsRequest.wrap(request),
            metadata=self._client._rpc_metadata,
            retry=None,
        )
        raw = (messages.BatchGetDocumentsResponse.pb(answer) for answer in answers)
        return {r.found.name: self._snapshot(r.found) for r in raw if r.HasField("found")}

    def _count(self, request: Any) -> int:
        answers = self._api.run_aggregation_query(
            request=request, metadata=self._client._rpc_metadata, retry=None
        )
        raw = [messages.RunAggregationQueryResponse.pb(answer) for answer in answers]
        return sum(int(r.result.aggregate_fields["n"].integer_value) for r in raw)

    def _run(self, query: Query) -> Iterator[Snapshot]:
        request = _RunQueryRequest(parent=self._documents)
        request.structured_query.CopyFrom(structured(query, self._documents))
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


def _check(write: Write) -> int:
    return 0 if write.kind == "delete" else check_document(*write.ref, write.data)


def _guarded(writes: Sequence[Write]) -> tuple[Ref, ...]:
    return tuple(w.ref for w in writes if w.kind == "create" or w.token is not None)


@contextmanager
def _translated(guarded: Sequence[Ref]) -> Iterator[None]:
    """Turn Google's errors into ours; only a guarded commit can be in conflict."""
    try:
        yield
    except google_errors.AlreadyExists as error:
        raise AlreadyExists(f"{_named(guarded, error)} exists already", field="id") from error
    except (google_errors.FailedPrecondition, google_errors.NotFound) as error:
        if guarded:
            message = f"{_named(guarded, error)} was changed by somebody else"
            raise Conflict(message, mend="read it again") from error
        if isinstance(error, google_errors.NotFound):
            raise NotFound(error.message, field="database", mend="create the database") from error
        raise Refused(error.message, mend="deploy firestore.indexes.json") from error
    except google_errors.Aborted as error:
        raise Conflict(error.message, mend="try again") from error
    except google_errors.InvalidArgument as error:
        raise InvalidInput(error.message) from error
    except (google_errors.PermissionDenied, google_errors.Unauthenticated) as error:
        raise Refused(error.message, mend="give the service account access") from error
    except (google_errors.GoogleAPIError, GoogleAuthError) as error:
        raise Unavailable(f"Firestore: {error}", mend="try again") from error


def _named(guarded: Sequence[Ref], error: google_errors.GoogleAPICallError) -> str:
    """Return the document that a guard failed for; the service names it only at times."""
    named = [r for r in guarded if re.search(rf"{re.escape(str(r))}(?![\w~@:.+%-])", error.message)]
    return str(named[0] if named else guarded[0] if len(guarded) == 1 else "a document")
