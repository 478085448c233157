"""The CloudEvents that Firestore's triggers get, case by case as their specification names them."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from google.events.cloud.firestore import (  # type: ignore[import-untyped]  # it ships no types
    ArrayValue,
    MapValue,
    Value,
)
from google.type.latlng_pb2 import LatLng  # type: ignore[import-untyped]  # generated

from ratchet.entry import triggers
from ratchet.entry.triggers import config_edited, edit_of, policy_edited
from ratchet.kernel.errors import Conflict, InvalidInput, Unavailable
from ratchet.policies.edit import Edit
from ratchet.store.port import Ref, Store
from tests.support.cloud_events import MODES, attributes, binary, document, text, told
from tests.support.functions import Functions
from tests.support.governed import POLICY, assert_agreement, entries, head_of, statuses, stored

PATH = "config/notes"
BEFORE, AFTER = document(PATH, a=text("was")), document(PATH, a=text("is"))
NOON = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
IN_EVERY_MODE = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.__name__)


def edit(before: Any = BEFORE, after: Any = AFTER, path: str = PATH, **changes: Any) -> Edit:
    return edit_of(binary(attributes(path, **changes), told(before, after)))


@IN_EVERY_MODE
@pytest.mark.parametrize(
    ("before", "after", "was", "is_now"),
    [
        pytest.param(None, AFTER, None, {"a": "is"}, id="created"),
        pytest.param(BEFORE, AFTER, {"a": "was"}, {"a": "is"}, id="updated"),
        pytest.param(BEFORE, None, {"a": "was"}, None, id="deleted"),
        pytest.param(None, document(PATH), None, {}, id="created without fields"),
    ],
)
def test_a_write_is_told_as_before_and_after(
    mode: Callable[..., CloudEvent], before: Any, after: Any, was: Any, is_now: Any
) -> None:
    found = edit_of(mode(attributes(PATH), told(before, after)))
    assert (found.before, found.after) == (was, is_now)
    assert (found.event_id, found.document_id) == ("b5f8a6d2-1", "notes")


@IN_EVERY_MODE
def test_every_kind_of_value_is_read_as_the_store_reads_it(mode: Callable[..., CloudEvent]) -> None:
    elsewhere = "projects/other/databases/(default)/documents/a/b"
    inner = MapValue(fields={"list": Value(array_value=ArrayValue(values=[text("x"), text("y")]))})
    fields = {
        "timestamp": Value(timestamp_value="2026-01-01T12:00:01.123456789Z"),
        "bytes": Value(bytes_value=b"\x00\xff"),
        "reference": Value(reference_value=elsewhere),
        "geo_point": Value(geo_point_value=LatLng(latitude=1.5, longitude=-2.0)),
        "null": Value(null_value=0),
        "map": Value(map_value=inner),
        "empty": Value(array_value=ArrayValue()),
        "int64": Value(integer_value=-(2**63)),
        "double": Value(double_value=1.0),
        "boolean": Value(boolean_value=False),
        "string": text("ü\0"),
    }
    found = edit_of(mode(attributes(PATH), told(None, document(PATH, **fields)))).after
    assert found == {
        "timestamp": datetime(2026, 1, 1, 12, 0, 1, 123456, tzinfo=UTC),
        "bytes": b"\x00\xff",
        "reference": "(reference_value)",
        "geo_point": "(geo_point_value)",
        "null": None,
        "map": {"list": ["x", "y"]},
        "empty": [],
        "int64": -9223372036854775808,
        "double": 1.0,
        "boolean": False,
        "string": "ü\0",
    }
    assert type(found["double"]) is float


@IN_EVERY_MODE
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_double_need_not_be_a_number(mode: Callable[..., CloudEvent], number: float) -> None:
    after = document(PATH, a=Value(double_value=number))
    found = edit_of(mode(attributes(PATH), told(None, after))).after
    assert found is not None
    assert repr(found["a"]) == repr(number)


@pytest.mark.parametrize(
    ("auth_type", "auth_id", "who"),
    [
        ("service_account", "a@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com"),
        ("service_account", None, ""),
        ("api_key", "key-1", "key-1"),
        ("api_key", None, ""),
        ("unknown", "ada@example.com", "ada@example.com"),
        ("unknown", None, ""),
        ("unknown", "fake-auth-id@gmail.com", ""),  # what the emulator says of every write
        ("system", "anything", ""),
        ("system", None, ""),
        ("unauthenticated", "anything", ""),
        ("unauthenticated", None, ""),
        (None, None, ""),
        (None, "ada@example.com", "ada@example.com"),
    ],
)
def test_every_auth_type_with_and_without_an_auth_id(
    auth_type: str | None, auth_id: str | None, who: str
) -> None:
    found = edit(authtype=auth_type, authid=auth_id)
    assert found.who == who
    assert found.actor.name == (who or "console")
    assert found.actor.kind == "console"


def test_the_time_of_an_edit_is_the_documents_own_to_the_microsecond() -> None:
    assert edit().at == datetime(2026, 1, 1, 12, 0, 1, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-01-01T12:00:00Z", NOON),
        ("2026-01-01T14:00:00+02:00", NOON),
        ("2026-01-01T12:00:00.5Z", NOON.replace(microsecond=500_000)),
        ("2026-01-01T12:00:00.123456789Z", NOON.replace(microsecond=123_456)),
    ],
)
def test_the_time_of_a_deletion_is_the_events(said: str, at: datetime) -> None:
    assert edit(after=None, time=said).at == at


def test_a_named_database_is_no_part_of_the_documents_id() -> None:
    after = document(PATH, database="tenant-a", a=text("is"))
    found = edit(None, after, database="tenant-a")
    assert (found.document_id, found.after) == ("notes", {"a": "is"})


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("router-core@1.0.0", "router-core%401.0.0"),
        ("a b", "a%20b"),
        ('ü"%', "%C3%BC%22%25"),
        ("documents", "documents"),
    ],
)
def test_a_document_path_that_is_escaped_in_the_header_names_the_same_document(
    name: str, escaped: str
) -> None:
    after = document(f"ops_policies/{name}", a=text("is"))
    found = edit(None, after, path=f"ops_policies/{escaped}")
    assert found.document_id == name


def status_event(store: Store, version: str, status: str, event_id: str) -> CloudEvent:
    """Set a version's status behind Ratchet's back; return the event of it."""
    path, was = f"ops_policies/{POLICY}@{version}", stored(store, version)
    store.set(Ref(*path.split("/")), was | {"status": status})
    name = {"status": text(status)}
    # The guard reads what is stored; the event's own account of it is held against that.
    return binary(attributes(path, id=event_id), told(None, document(path, **name)))


def test_an_event_is_carried_out_by_its_guard_with_who_wrote(
    governed: Store, functions: Functions
) -> None:
    policy_edited(status_event(governed, "1.0.3", "rejected", "e-1"))
    assert statuses(governed)["1.0.3"] == "rejected"
    last = entries(governed)[-1]
    assert (last.action, last.actor) == ("reject", "tuner@demo-ratchet.iam.gserviceaccount.com")
    assert_agreement(governed)


def test_a_duplicated_id_is_carried_out_once(governed: Store, functions: Functions) -> None:
    event = status_event(governed, "1.0.2", "aktiv", "e-1")
    policy_edited(event)
    count = len(entries(governed))
    again = status_event(governed, "1.0.2", "aktiv", "e-1")
    policy_edited(again)
    assert len(entries(governed)) == count
    policy_edited(status_event(governed, "1.0.2", "aktiv", "e-2"))
    assert len(entries(governed)) == count + 1
    assert head_of(governed).active == "1.0.2"


def test_a_document_that_is_none_of_ours_is_left_alone(
    governed: Store, functions: Functions
) -> None:
    config_edited(binary(attributes(PATH), told(BEFORE, AFTER)))
    assert [e.id for e in entries(governed, "config")] == ["config/flags"]


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Unavailable("x"), True),
        (Conflict("x"), True),
        (KeyError("x"), True),
        (InvalidInput("x"), False),
    ],
)
def test_what_may_pass_is_delivered_again_and_what_never_will_is_not(
    governed: Store,
    functions: Functions,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    again: bool,
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(triggers, "guard_config", failing)
    event = binary(attributes(PATH), told(BEFORE, AFTER))
    if again:
        with pytest.raises(type(error)):
            config_edited(event)
    else:
        config_edited(event)
