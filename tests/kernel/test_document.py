"""Documents: camelCase outside, exact through the store, milliseconds on the wire."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ratchet.kernel.document import INT64_MAX, Document, ExactInt, Instant, Model
from ratchet.kernel.errors import InvalidInput, UnknownSchema
from ratchet.kernel.upcast import UPCASTERS, upcast
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Part(Model):
    started_at: Instant


class Thing(Document):
    collection: ClassVar[str] = "things"
    schema_version: ClassVar[int] = 3

    thing_id: str
    created_at: Instant = NOON
    square_sum: ExactInt = 0
    parts: tuple[Part, ...] = ()
    note: str | None = None
    v: int = 3

    def key(self) -> str:
        return self.thing_id


def through(store: Store, thing: Thing) -> Thing:
    store.set(Ref("things", "x"), thing.to_map())
    found = store.get(Ref("things", "x"))
    assert found is not None
    return Thing.from_store(found.data)


def test_a_document_comes_back_from_either_store_equal(store: Store) -> None:
    thing = Thing(thing_id="t", square_sum=-(10**40), parts=(Part(started_at=NOON),), note="ü")
    assert through(store, thing) == thing
    assert through(store, thing).to_map() == thing.to_map()


@given(st.integers(-(10**60), 10**60) | st.sampled_from([INT64_MAX, INT64_MAX + 1, -INT64_MAX - 1]))
def test_an_exact_integer_of_any_width_survives_the_store(n: int) -> None:
    store = SqliteStore()
    assert through(store, Thing(thing_id="t", square_sum=n)).square_sum == n
    store.close()


def test_a_stored_map_is_camel_case_and_absent_instead_of_null() -> None:
    stored = Thing(thing_id="t").to_map()
    assert stored == {"v": 3, "thingId": "t", "createdAt": NOON, "squareSum": 0, "parts": ()}


def test_instants_are_milliseconds_on_the_wire_at_any_depth() -> None:
    wire = Thing(thing_id="t", parts=(Part(started_at=NOON),)).to_wire()
    ms = 1767268800123
    assert wire["createdAt"] == ms
    assert wire["parts"] == [{"startedAt": ms}]
    assert Thing.parse(wire).created_at == NOON - timedelta(microseconds=456)


def test_an_instant_is_taken_to_plain_utc_and_a_naive_one_is_refused() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=-8)))
    assert repr(Part(started_at=there).started_at) == repr(NOON)
    for wrong in (NOON.replace(tzinfo=None), 10**18, -(10**30), True):
        with pytest.raises(InvalidInput) as raised:
            Part.parse({"startedAt": wrong})
        assert raised.value.field == "startedAt"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "thingId"),
        ({"thingId": "t", "other": 1}, "other"),
        ({"thingId": "t", "parts": [{"startedAt": 0}, {"startedAt": "soon"}]}, "parts.1.startedAt"),
        ({"thingId": "t", "squareSum": 0.5}, "squareSum"),
        ([], "(whole)"),
    ],
)
def test_wrong_data_are_refused_by_field(data: Any, field: str) -> None:
    with pytest.raises(InvalidInput, match="thing") as raised:
        Thing.parse(data)
    assert raised.value.field == field


def test_a_document_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Thing(thing_id="t").note = "x"  # type: ignore[misc]  # the assignment is the point


def to_two(data: dict[str, Any]) -> dict[str, Any]:
    return {("thingId" if key == "name" else key): value for key, value in data.items()}


def to_three(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"note": f"once {data.get('v', 1)}"}


STEPS = {("things", 1): to_two, ("things", 2): to_three}


@pytest.mark.parametrize("old", [{"name": "t"}, {"name": "t", "v": 1}, {"thingId": "t", "v": 2}])
def test_old_documents_are_read_step_by_step(
    old: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, step in STEPS.items():
        monkeypatch.setitem(UPCASTERS, key, step)
    before = dict(old)
    read = Thing.from_store(old)
    assert (read.thing_id, read.v) == ("t", 3)
    assert read.note is not None
    assert read.note.startswith("once")
    assert old == before


def test_a_missing_step_and_a_newer_document_are_refused() -> None:
    with pytest.raises(UnknownSchema, match="no upcaster for things from version 1"):
        upcast("things", {}, to=3, upcasters={("things", 2): to_three})
    for version in (4, "3", None):
        with pytest.raises(UnknownSchema, match="up to 3") as raised:
            upcast("things", {"v": version}, to=3, upcasters=STEPS)
        assert raised.value.field == "v"
