"""Pages: whole, in order, stable while items come in; cursors are good for their own list."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from ratchet.entry.http.v1.paging import Page, Paged, page_of_list, page_of_query
from ratchet.entry.http.v1.route import Ask
from ratchet.entry.wiring import wire
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.store.port import Query, Ref, Snapshot, Store
from tests.support.functions import ADMIN
from tests.support.governed import KEYS, NOON, SECOND

THINGS = "things"


class Thing(Model):
    id: str
    n: int


def ask(store: Store, path: str = "/v1/things", **query: str) -> Ask:
    return Ask(wire(store, KEYS, ManualClock(NOON)), ADMIN, NOON, query, path)


def load(found: Snapshot) -> Thing:
    return Thing.parse({"id": found.ref.id, "n": found.data["n"]})


def put(store: Store, key: str, n: Any, at: timedelta) -> None:
    store.set(Ref(THINGS, key), {"n": n, "at": NOON + at})


def walk(store: Store, limit: int, between: Any = None) -> list[list[str]]:
    """Return the ids of each page; something may happen after the first."""
    pages: list[list[str]] = []
    cursor = None
    while True:
        asked = Paged(limit=limit, cursor=cursor)
        page = page_of_query(ask(store), asked, Page[Thing], Query(THINGS, order_by=("-at",)), load)
        pages.append([thing.id for thing in page.items])
        if between and len(pages) == 1:
            between()
        if page.next is None:
            return pages
        cursor = page.next


def test_a_query_is_walked_through_page_by_page_to_its_end(store: Store) -> None:
    for i in range(5):
        put(store, f"t{i}", i, (i // 2) * SECOND)  # ties, too
    assert walk(store, 2) == [["t4", "t3"], ["t2", "t1"], ["t0"]]
    assert walk(store, 5) == [["t4", "t3", "t2", "t1", "t0"]]


def test_what_comes_in_or_goes_meanwhile_shifts_nothing(store: Store) -> None:
    for i in range(6):
        put(store, f"t{i}", i, i * SECOND)

    def meanwhile() -> None:
        put(store, "new", 9, 60 * SECOND)
        put(store, "amid", 9, 2.5 * SECOND)
        store.delete(Ref(THINGS, "t4"))

    assert walk(store, 2, meanwhile) == [["t5", "t4"], ["t3", "amid"], ["t2", "t1"], ["t0"]]


def test_an_empty_list_is_one_page_without_a_next(store: Store) -> None:
    assert walk(store, 3) == [[]]


def test_a_document_that_cannot_be_read_is_named_and_the_others_are_shown(store: Store) -> None:
    for key, n in (("a", 1), ("b", "two"), ("c", 3)):
        put(store, key, n, SECOND)
    page = page_of_query(ask(store), Paged(), Page[Thing], Query(THINGS, order_by=("at",)), load)
    assert [thing.id for thing in page.items] == ["a", "c"]
    assert len(page.broken) == 1
    assert "n:" in page.broken[0]


def test_a_list_is_walked_through_though_items_come_in(embedded: Store) -> None:
    things = [Thing(id=key, n=ord(key)) for key in "bdfh"]
    first = page_of_list(ask(embedded), Paged(limit=2), Page[Thing], things, lambda t: (t.id,))
    assert [t.id for t in first.items] == ["b", "d"]
    more = [*things, Thing(id="a", n=0), Thing(id="e", n=0)]
    second = page_of_list(
        ask(embedded), Paged(limit=3, cursor=first.next), Page[Thing], more, lambda t: (t.id,)
    )
    assert ([t.id for t in second.items], second.next) == (["e", "f", "h"], None)


@pytest.fixture
def cursor(embedded: Store) -> str:
    things = [Thing(id=key, n=0) for key in "abc"]
    asked = ask(embedded, state="open", limit="1")
    found = page_of_list(asked, Paged(limit=1), Page[Thing], things, lambda t: (t.id,)).next
    assert found is not None
    return found


def read(store: Store, cursor: str, **given: Any) -> list[str]:
    asked = ask(store, **({"state": "open", "limit": "2", "cursor": cursor} | given))
    things = [Thing(id=key, n=0) for key in "abc"]
    page = page_of_list(asked, Paged(cursor=cursor), Page[Thing], things, lambda t: (t.id,))
    return [thing.id for thing in page.items]


def test_a_cursor_is_good_for_the_same_question_with_any_limit(
    embedded: Store, cursor: str
) -> None:
    assert read(embedded, cursor) == ["b", "c"]
    assert read(embedded, cursor, path="/api/v1/things") == ["b", "c"]


def forged(cursor: str) -> list[str]:
    told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    values: list[Any] = [
        told | {"after": ["b"]},
        told | {"seal": 5},
        told | {"seal": "ä"},
        told | {"after": 2**70},
        {"after": ["a"]},
        [],
        "a",
    ]
    packed = [base64.urlsafe_b64encode(json.dumps(v).encode()).decode() for v in values]
    return [*packed, cursor[:-2], cursor[1:], "a", "_" * 40]


def test_a_cursor_that_is_none_of_ours_is_refused(embedded: Store, cursor: str) -> None:
    for other in forged(cursor):
        with pytest.raises(InvalidInput) as told:
            read(embedded, other.rstrip("="))
        assert told.value.field == "cursor"


@pytest.mark.parametrize("given", [{"state": "done"}, {"path": "/v1/others"}, {"agent": "x"}])
def test_a_cursor_of_another_question_is_refused(
    embedded: Store, cursor: str, given: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput):
        read(embedded, cursor, **given)
