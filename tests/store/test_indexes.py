"""Which index a query needs, and the watch that holds queries against firestore.indexes.json."""

import json
from typing import Any

import pytest

from ratchet.store.port import Filter, Query
from ratchet.store.sqlite import SqliteStore
from tests.support import recording
from tests.support.indexes import Shape, brief, index_of, missing, serves, shape_of, unused

TTL = (
    "alerts",
    "buckets",
    "dead_letters",
    "dead_traces",
    "examples",
    "feedback",
    "idempotency",
    "judge_weight_nights",
    "judgements",
    "observations",
    "operations",
    "review_draws",
    "review_queue",
    "rewards",
    "rollout_buckets",
    "run_buckets",
    "run_revisions",
    "run_totals",
    "runs",
    "traces",
)


def asked(*where: tuple[str, str], order_by: tuple[str, ...] = ()) -> Shape:
    filters = tuple(
        Filter(field, op, [1] if op == "in" else 1)  # type: ignore[arg-type]  # any operator
        for field, op in where
    )
    return shape_of(Query("things", filters, order_by))


@pytest.mark.parametrize(
    "shape",
    [
        asked(),
        asked(("a", "==")),
        asked(("a", "in")),
        asked(("a", "=="), ("b", "=="), ("c", "in")),
        asked(order_by=("-a",)),
        asked(("a", ">"), ("a", "<")),
        asked(("a", ">"), order_by=("-a",)),
        asked(("a", "=="), order_by=("a",)),
    ],
)
def test_single_field_indexes_are_enough_alone_or_merged(shape: Shape) -> None:
    assert not shape.is_composite


@pytest.mark.parametrize(
    ("shape", "index"),
    [
        (asked(("a", "=="), order_by=("b",)), "things(a, b)"),
        (asked(("b", "=="), ("a", "=="), order_by=("-c",)), "things(a, b, -c)"),
        (asked(("a", "=="), ("b", ">")), "things(a, b)"),
        (asked(("a", "in"), order_by=("-b",)), "things(a, -b)"),
        (asked(order_by=("a", "-b")), "things(a, -b)"),
        (asked(("a", ">"), ("b", ">")), "things(a, b)"),
        (asked(("b", ">"), order_by=("-a",)), "things(-a, -b)"),
        (asked(("a", "=="), ("a", ">"), order_by=("b",)), "things(a, b)"),
        (asked(("a", "in"), order_by=("a", "b")), "things(a, b)"),
    ],
)
def test_a_composite_index_has_equal_fields_and_then_ordered_ones(shape: Shape, index: str) -> None:
    assert shape.is_composite
    assert brief(index_of(shape)) == index
    assert serves(index_of(shape), shape)


def composite(*fields: str) -> dict[str, Any]:
    keys = tuple((name.removeprefix("-"), name.startswith("-")) for name in fields)
    return index_of(Shape("things", frozenset(), keys))


def test_equal_fields_may_stand_in_any_order_and_ordered_ones_may_not() -> None:
    shape = asked(("a", "=="), ("b", "=="), order_by=("c", "-d"))
    assert serves(composite("b", "a", "c", "-d"), shape)
    for other in (("a", "b", "-d", "c"), ("a", "b", "c", "d"), ("a", "c", "-d"), ("a", "c", "b")):
        assert not serves(composite(*other), shape)


def declared(*indexes: dict[str, Any], exempt: str = "") -> dict[str, Any]:
    bare = {"collectionGroup": "things", "fieldPath": exempt, "indexes": []}
    return {"indexes": list(indexes), "fieldOverrides": [bare] if exempt else []}


def test_a_query_without_its_index_is_found() -> None:
    shape = asked(("a", "=="), order_by=("-b",))
    assert missing([shape], declared(composite("a", "-b"))) == []
    assert missing([shape], declared(composite("a", "b"))) == [(shape, "has no composite index")]


def test_a_query_on_an_exempted_field_alone_is_found() -> None:
    for shape in (asked(("ts", ">")), asked(order_by=("ts",)), asked(("a", "=="), ("ts", "=="))):
        ((_, reason),) = missing([shape], declared(exempt="ts"))
        assert reason == "needs the exempted single-field index of ts"
    behind = asked(("shard", "=="), order_by=("ts",))
    assert missing([behind], declared(composite("shard", "ts"), exempt="ts")) == []


def test_an_index_that_nobody_asked_for_is_found() -> None:
    indexes = composite("a", "b"), composite("a", "c")
    shapes = [asked(("a", "=="), order_by=("b",)), asked(("a", "=="), ("c", "=="))]
    assert unused(shapes, declared(*indexes)) == [indexes[1]]


def test_an_idle_index_fails_only_a_whole_session_and_a_missing_one_any() -> None:
    shape = shape_of(Query("ops_x", (Filter("a", "==", 1),), ("b",)))
    for whole in (True, False):
        failures, warnings = recording.judge({shape: "ops_x"}, whole=whole)
        assert '"collectionGroup": "ops_x"' in failures[0]
        idle = (failures[1:], warnings)[not whole]
        assert len(idle) == 1
        assert "no query used" in idle[0]


def test_every_way_to_ask_a_store_is_recorded_and_only_for_our_collections(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[Shape, str] = {}
    monkeypatch.setattr(recording, "SEEN", seen)
    embedded.query(Query("things", order_by=("a",)))
    embedded.query(Query("ops_a", order_by=("a",)))
    list(embedded.stream(Query("ops_b", order_by=("-b",))))
    embedded.count(Query("config", (Filter("c", "==", 1),)))
    assert {shape.collection for shape in seen} == {"ops_a", "ops_b", "config"}


def test_what_one_process_recorded_another_takes_over_in_plain_values() -> None:
    seen = {asked(("b", "=="), ("a", "in"), order_by=("-c", "d")): "why", asked(): ""}
    sent = json.loads(json.dumps(recording.packed(seen)))
    assert recording.unpacked(sent) == seen


def test_the_declared_indexes_are_firebases_format_without_repeats() -> None:
    file = json.loads(recording.INDEXES.read_text())
    assert set(file) == {"indexes", "fieldOverrides"}
    assert len({brief(index) for index in file["indexes"]}) == len(file["indexes"])
    for index in file["indexes"]:
        assert index["queryScope"] == "COLLECTION"
        assert all(f["order"] in ("ASCENDING", "DESCENDING") for f in index["fields"])
    overrides = {(o["collectionGroup"], o["fieldPath"]): o for o in file["fieldOverrides"]}
    assert len(overrides) == len(file["fieldOverrides"])
    expiring = [c for (c, f), o in overrides.items() if f == "expireAt" and o["ttl"]]
    assert sorted(expiring) == [f"ops_{name}" for name in TTL]
    kept = {place: o["indexes"] for place, o in overrides.items() if o["indexes"]}
    assert {c for c, _ in kept} <= {"ops_gold", "ops_labels", "ops_review_queue"}
    for (index,) in kept.values():  # the one order that a query asks for
        assert index["queryScope"] == "COLLECTION"
        assert index["order"] in ("ASCENDING", "DESCENDING")
