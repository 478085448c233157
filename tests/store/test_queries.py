"""What every store promises, on both stores: queries, streams and counts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.store.port import Filter, Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def fill(store: Store, documents: Mapping[str, dict[str, Any]]) -> None:
    store.commit([Write("set", Ref("things", key), data) for key, data in documents.items()])


def ids(store: Store, **wanted: Any) -> list[str]:
    """Run a query as a list, as a stream and as a count, which must agree."""
    query = Query("things", **wanted)
    found = [snapshot.ref.id for snapshot in store.query(query)]
    assert [snapshot.ref.id for snapshot in store.stream(query)] == found
    assert store.count(query) == len(found)
    return found


@pytest.fixture
def shop(store: Store) -> Store:
    fill(
        store,
        {
            "a": {"kind": "nut", "size": 3, "at": NOON, "box": {"row": 1}, "new": True},
            "b": {"kind": "bolt", "size": 1, "at": NOON + timedelta(microseconds=1)},
            "c": {"kind": "nut", "size": 2.5, "at": NOON, "box": {"row": 2}, "new": False},
            "d": {"kind": "nut", "size": 3, "at": NOON - timedelta(days=9)},
            "e": {"kind": "washer", "size": "large"},
            "f": {"kind": "nut"},
        },
    )
    return store


def test_a_query_without_conditions_runs_by_document_id(shop: Store) -> None:
    assert ids(shop) == ["a", "b", "c", "d", "e", "f"]
    assert ids(shop, limit=2) == ["a", "b"]
    assert ids(shop, start_after=("d",)) == ["e", "f"]


def test_a_query_delivers_data_and_a_token_that_guards(shop: Store) -> None:
    (found,) = shop.query(Query("things", (Filter("kind", "==", "bolt"),)))
    assert found.data == {"kind": "bolt", "size": 1, "at": NOON + timedelta(microseconds=1)}
    shop.replace(found.ref, {"kind": "screw"}, found.token)
    assert ids(shop, where=(Filter("kind", "==", "screw"),)) == ["b"]


def test_an_empty_collection_delivers_nothing(store: Store) -> None:
    assert ids(store) == []
    assert ids(store, where=(Filter("n", ">", 1),), order_by=("n",)) == []


def test_equalities_hold_together(shop: Store) -> None:
    where = (Filter("kind", "==", "nut"), Filter("size", "==", 3))
    assert ids(shop, where=where) == ["a", "d"]
    assert ids(shop, where=(Filter("new", "==", True),)) == ["a"]
    assert ids(shop, where=(Filter("at", "==", NOON),)) == ["a", "c"]
    assert ids(shop, where=(Filter("box.row", "==", 2),)) == ["c"]


def test_order_runs_up_or_down_and_leaves_out_documents_without_the_field(shop: Store) -> None:
    numbers = (Filter("size", ">", 0),)
    assert ids(shop, where=numbers, order_by=("size",)) == ["b", "c", "a", "d"]
    assert ids(shop, where=numbers, order_by=("-size",)) == ["d", "a", "c", "b"]
    assert ids(shop, order_by=("-at",)) == ["b", "c", "a", "d"]
    assert ids(shop, order_by=("box.row",)) == ["a", "c"]


def test_order_by_two_fields_and_ties_follow_the_last(shop: Store) -> None:
    assert ids(shop, order_by=("kind", "-at")) == ["b", "c", "a", "d"]
    assert ids(shop, order_by=("-kind", "at")) == ["d", "a", "c", "b"]


def test_a_range_holds_only_for_values_of_its_own_type(shop: Store) -> None:
    assert ids(shop, where=(Filter("size", ">=", 3),)) == ["a", "d"]
    assert ids(shop, where=(Filter("size", "<=", "z"),)) == ["e"]
    assert ids(shop, where=(Filter("at", "<", NOON),)) == ["d"]
    assert ids(shop, where=(Filter("at", ">", NOON),)) == ["b"]


def test_a_range_without_an_order_runs_by_its_field(shop: Store) -> None:
    assert ids(shop, where=(Filter("size", "<", 100),)) == ["b", "c", "a", "d"]
    between = (Filter("at", ">=", NOON), Filter("at", "<", NOON + timedelta(seconds=1)))
    assert ids(shop, where=between) == ["a", "c", "b"]
    assert ids(shop, where=(Filter("size", "<", 9),), start_after=(2.5, "c")) == ["a", "d"]


def test_a_range_beside_an_order_on_another_field(shop: Store) -> None:
    where = (Filter("size", "<", 9),)
    assert ids(shop, where=where, order_by=("-kind",)) == ["d", "a", "c", "b"]


def test_in_takes_any_of_its_values(shop: Store) -> None:
    some = Filter("kind", "in", ("bolt", "washer", "none"))
    assert ids(shop, where=(some,)) == ["b", "e"]
    where = (Filter("kind", "in", ["bolt", "nut"]), Filter("at", ">=", NOON))
    assert ids(shop, where=where, order_by=("-at",)) == ["b", "c", "a"]


def test_start_after_goes_on_inside_a_tie(shop: Store) -> None:
    where = (Filter("kind", "==", "nut"), Filter("size", ">", 0))
    assert ids(shop, where=where, order_by=("size",), start_after=(3, "a")) == ["d"]
    assert ids(shop, where=where, order_by=("-size",), start_after=(3, "d")) == ["a", "c"]
    assert ids(shop, order_by=("-at",), start_after=(NOON, "c"), limit=1) == ["a"]


def test_start_after_an_empty_id_is_before_every_document_of_a_tie(shop: Store) -> None:
    assert ids(shop, order_by=("at",), start_after=(NOON, "")) == ["a", "c", "b"]
    assert ids(shop, order_by=("-at",), start_after=(NOON, "")) == ["d"]
    assert ids(shop, start_after=("",), limit=2) == ["a", "b"]


def test_start_after_an_id_that_is_not_there_goes_on_where_it_would_be(shop: Store) -> None:
    assert ids(shop, start_after=("d~",)) == ["e", "f"]
    assert ids(shop, order_by=("at",), start_after=(NOON, "b")) == ["c", "b"]


def test_pages_join_to_the_whole_in_every_order(store: Store) -> None:
    fill(store, {f"{i:02}": {"n": i % 3, "m": i % 2} for i in range(23)})
    for order_by in (("n",), ("-n",), ("n", "-m"), ("-m", "n")):
        query = Query("things", order_by=order_by)
        whole = [s.ref.id for s in store.query(query)]
        paged: list[str] = []
        page = store.query(query.after(store.query(query)[0], 4))
        paged.append(whole[0])
        while page:
            paged += [s.ref.id for s in page]
            page = store.query(query.after(page[-1], 4))
        assert paged == whole
        assert len(whole) == 23


def test_a_stream_runs_over_many_pages_in_order(store: Store) -> None:
    fill(store, {f"{i:04}": {"n": i // 10} for i in range(1234)})
    query = Query("things", (Filter("n", ">=", 1),), ("n",))
    assert [s.ref.id for s in store.stream(query)] == [f"{i:04}" for i in range(10, 1234)]
    some = Query("things", (Filter("n", ">=", 1),), ("-n",), limit=777)
    assert [s.ref.id for s in store.stream(some)] == [f"{i:04}" for i in range(1233, 456, -1)]
    assert store.count(some) == 777


def test_a_bound_holds_for_a_page_that_starts_before_it_or_at_it(shop: Store) -> None:
    above, least = Filter("size", ">", 1), Filter("size", ">=", 3)
    assert ids(shop, where=(above,), order_by=("size",), start_after=(1, "")) == ["c", "a", "d"]
    assert ids(shop, where=(least,), order_by=("size",), start_after=(1, "")) == ["a", "d"]
    below, most = Filter("size", "<", 3), Filter("size", "<=", 2)
    assert ids(shop, where=(below,), order_by=("-size",), start_after=(3, "z")) == ["c", "b"]
    assert ids(shop, where=(most,), order_by=("-size",), start_after=(3, "")) == ["b"]


def test_no_page_reads_again_what_earlier_ones_read(embedded: SqliteStore) -> None:
    fill(embedded, {f"{i:04}": {"n": i} for i in range(2000)})
    steps: list[None] = []
    embedded._db.set_progress_handler(lambda: steps.append(None), 1000)

    def cost(bound: Filter, order: str, seen: int) -> int:
        query = Query("things", (bound,), (order,), limit=10, start_after=(seen, ""))
        steps.clear()
        assert len(embedded.query(query)) == 10
        return len(steps)

    for bound, order, near, far in (
        (Filter("n", ">=", 0), "n", 0, 1900),
        (Filter("n", "<=", 1999), "-n", 1999, 100),
    ):
        cost(bound, order, near)  # makes the index
        assert cost(bound, order, far) <= cost(bound, order, near) + 1


def test_a_stream_may_be_left_early_and_written_to_underway(store: Store) -> None:
    fill(store, {f"{i:03}": {"n": 1} for i in range(600)})
    for found in store.stream(Query("things")):
        store.set(found.ref, {"n": 2})
        if found.ref.id == "550":
            break
    assert store.count(Query("things", (Filter("n", "==", 2),))) == 551


@pytest.mark.parametrize(
    "wanted",
    [
        {"where": (Filter("n", "in", ()),)},
        {"where": (Filter("n", "in", tuple(range(31))),)},
        {"where": (Filter("n", "==", (1, 2)),)},
        {"where": (Filter("n", "==", None),)},
        {"where": (Filter("n", "==", {"a": 1}),)},
        {"where": (Filter("n", "!=", 1),)},  # type: ignore[arg-type]  # a wrong one is the point
        {"where": (Filter("n m", "==", 1),)},
        {"order_by": ("n'",)},
        {"order_by": ("n",), "start_after": ("id",)},
        {"limit": -1},
    ],
    ids=repr,
)
def test_a_query_that_firestore_refuses_cannot_be_built(wanted: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Query("things", **wanted)


def test_a_limit_of_nothing_delivers_nothing(shop: Store) -> None:
    assert ids(shop, limit=0) == []


def test_the_embedded_store_removes_what_expired(embedded: Store) -> None:
    fill(embedded, {"a": {"expireAt": NOON}, "b": {"expireAt": NOON + timedelta(1)}, "c": {}})
    assert embedded.expire("things", NOON) == 1
    assert ids(embedded) == ["b", "c"]
