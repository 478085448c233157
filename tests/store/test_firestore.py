"""FirestoreStore: the same bytes as Google's client, errors of our own, streams that go on."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client
from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.base_query import And, FieldFilter
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.types import document
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.errors import (
    AlreadyExists,
    Conflict,
    InvalidInput,
    Misconfigured,
    NotFound,
    RatchetError,
    Unavailable,
)
from ratchet.store.firestore import FirestoreStore
from ratchet.store.port import Filter, Query, Ref, Write
from ratchet.store.protobuf import Value, put, structured, take
from tests.emulator.server import PROJECT

google_errors: Any = exceptions  # its constructors carry no types
ONE = Ref("things", "one")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | INSTANTS
)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v) | st.dictionaries(st.text(), v))


def encoded(value: Any) -> Any:
    target = Value()
    put(target, value)
    return target


@given(VALUES)
def test_a_value_has_the_same_bytes_as_from_googles_encoder(value: Any) -> None:
    theirs = document.Value.pb(_helpers.encode_value(value))
    assert encoded(value).SerializeToString(deterministic=True) == theirs.SerializeToString(
        deterministic=True
    )


@given(VALUES)
def test_a_value_comes_back_from_its_bytes_as_it_was(value: Any) -> None:
    found = take(Value.FromString(encoded(value).SerializeToString()))
    assert found == value
    assert type(found) is type(value)


@given(VALUES)
def test_googles_decoder_reads_the_same(value: Any) -> None:
    read = _helpers.decode_value(document.Value.wrap(encoded(value)), None)
    assert read == value


def test_a_type_that_has_no_value_is_refused() -> None:
    with pytest.raises(TypeError, match="a set cannot be stored"):
        encoded({1})


@pytest.mark.parametrize("descending", [False, True])
def test_a_query_has_the_same_message_as_from_googles_builder(
    descending: bool,
) -> None:
    anonymous: Any = AnonymousCredentials  # untyped there
    client: Any = Client(project=PROJECT, credentials=anonymous())
    direction = "DESCENDING" if descending else "ASCENDING"
    things = client.collection("things")
    both = And([FieldFilter("kind", "in", ["a", "b"]), FieldFilter("box.at", ">=", NOON)])
    theirs = (
        things.where(filter=both)
        .order_by("box.at", direction=direction)
        .order_by(FieldPath.document_id(), direction=direction)
        .limit(9)
        .start_after({"box.at": NOON, "__name__": things.document("last")})
    )
    ours = Query(
        "things",
        (Filter("kind", "in", ("a", "b")), Filter("box.at", ">=", NOON)),
        ("-box.at" if descending else "box.at",),
        9,
        (NOON, "last"),
    )
    documents = f"projects/{PROJECT}/databases/(default)/documents"
    assert structured(ours, documents) == type(theirs._to_protobuf()).pb(theirs._to_protobuf())


class Api:
    """Stands in for the raw API, the outer edge: fails as told, and counts the calls."""

    def __init__(self, inner: Any, failures: list[Exception]) -> None:
        self.inner = inner
        self.failures = failures
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.calls.append(name)
            if self.failures:
                raise self.failures.pop(0)
            return getattr(self.inner, name)(**arguments)

        return call


class Door:
    """A client whose raw API is the one above."""

    def __init__(self, client: Any, failures: list[Exception]) -> None:
        self._client = client
        self._firestore_api = Api(client._firestore_api, failures)
        self._rpc_metadata = client._rpc_metadata


OFFLINE = SimpleNamespace(_firestore_api=None, _rpc_metadata=[])


@pytest.fixture(scope="module")
def client(emulator_host: str) -> Iterator[Client]:
    client = Client(project=PROJECT)
    yield client
    client._firestore_api.transport.close()


def failing(client: Any, *failures: Exception) -> tuple[FirestoreStore, list[str]]:
    door: Any = Door(client, list(failures))
    return FirestoreStore(PROJECT, client=door), door._firestore_api.calls


@pytest.mark.parametrize(
    "failure",
    [google_errors.ServiceUnavailable("gone"), google_errors.DeadlineExceeded("late")],
    ids=["unavailable", "deadline"],
)
def test_an_ambiguous_commit_is_reported_and_not_sent_again(failure: Exception) -> None:
    store, calls = failing(OFFLINE, failure)
    with pytest.raises(Unavailable):
        store.set(ONE, {"n": 1})
    assert calls == ["commit"]


@pytest.mark.emulator
def test_a_read_is_asked_again_after_a_transient_failure(client: Any) -> None:
    transient = [google_errors.ServiceUnavailable("gone"), google_errors.Aborted("contended")]
    store, calls = failing(client, *transient)
    assert store.get(Ref("nothing", "x")) is None
    assert store.count(Query("nothing")) == 0
    assert calls == ["batch_get_documents"] * 3 + ["run_aggregation_query"]


@pytest.mark.parametrize(
    ("failure", "guarded", "error"),
    [
        (google_errors.FailedPrecondition("stale"), True, Conflict),
        (google_errors.NotFound("no entity"), True, Conflict),
        (google_errors.Aborted("contended"), False, Conflict),
        (google_errors.AlreadyExists("there"), True, AlreadyExists),
        (google_errors.NotFound("no database"), False, NotFound),
        (google_errors.FailedPrecondition("needs an index"), False, Misconfigured),
        (google_errors.PermissionDenied("no role"), False, Misconfigured),
        (google_errors.InvalidArgument("bad"), True, InvalidInput),
        (google_errors.InternalServerError("oh"), True, Unavailable),
        (google_errors.Cancelled("stopped"), False, Unavailable),
    ],
)
def test_googles_errors_become_ours(
    failure: Exception, guarded: bool, error: type[RatchetError]
) -> None:
    store, _ = failing(OFFLINE, failure)
    with pytest.raises(error) as raised:
        store.commit([Write("set", ONE, {}, token=1 if guarded else None)])
    assert type(raised.value) is error


class Broken:
    """A stream of answers that breaks off after some."""

    def __init__(self, answers: Any, after: int) -> None:
        self._answers = answers
        self._after = after

    def __iter__(self) -> Iterator[Any]:
        for n, answer in enumerate(self._answers):
            if n == self._after:
                raise google_errors.ServiceUnavailable("the stream broke")
            yield answer

    def cancel(self) -> None:
        self._answers.cancel()


@pytest.mark.emulator
@pytest.mark.parametrize("limit", [None, 10])
def test_a_broken_stream_goes_on_behind_the_last_document(
    client: Any, monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    store, calls = failing(client)
    store.commit([Write("set", Ref("long", f"{i:02}"), {"n": i // 4}) for i in range(12)])
    api: Any = store._api
    whole = api.inner.run_query
    monkeypatch.setattr(api.inner, "run_query", lambda **asked: Broken(whole(**asked), 3))
    found = list(store.stream(Query("long", (Filter("n", ">=", 0),), ("-n",), limit)))
    assert [s.ref.id for s in found] == [f"{i:02}" for i in range(11, -1, -1)][:limit]
    assert calls.count("run_query") > 3


def test_a_stream_that_cannot_go_on_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ratchet.store.firestore.time.sleep", lambda _: None)
    store, calls = failing(OFFLINE, *[google_errors.ServiceUnavailable("gone")] * 99)
    with pytest.raises(Unavailable):
        store.query(Query("things"))
    assert calls == ["run_query"] * 9


@pytest.mark.emulator
def test_a_token_is_the_update_time(client: Any) -> None:
    store, _ = failing(client)
    store.set(ONE, {"n": datetime.now(UTC)})
    found = store.get(ONE)
    assert found is not None
    written = datetime.fromtimestamp(found.token / 1e9, UTC)
    assert abs(written - datetime.now(UTC)) < timedelta(minutes=1)


def test_firestore_leaves_expiry_to_its_own_service() -> None:
    store, calls = failing(OFFLINE)
    assert store.expire("things", NOON) == 0
    assert calls == []
