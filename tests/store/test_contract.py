"""What every store promises, on both stores: documents, tokens and commits."""

from datetime import UTC, datetime, timedelta, timezone
from pprint import pformat
from typing import Any

import pytest

from ratchet.kernel.errors import AlreadyExists, Conflict, InvalidInput, TooLarge
from ratchet.store.limits import MAX_COMMIT, MAX_DOCUMENT, MAX_VALUE, check_document
from ratchet.store.port import Ref, Store, Write

ONE, TWO = Ref("things", "one"), Ref("things", "two")
INT64_MAX = 2**63 - 1


def read(store: Store, ref: Ref) -> dict[str, Any]:
    found = store.get(ref)
    assert found is not None
    return found.data


def token(store: Store, ref: Ref) -> Any:
    found = store.get(ref)
    assert found is not None
    return found.token


def test_a_missing_document_is_none(store: Store) -> None:
    assert store.get(ONE) is None


def test_get_many_keeps_the_order_asked_for_with_gaps_and_repeats(store: Store) -> None:
    store.set(ONE, {"n": 1})
    store.set(TWO, {"n": 2})
    found = store.get_many([TWO, Ref("things", "none"), ONE, TWO])
    assert [f.data["n"] if f else None for f in found] == [2, None, 1, 2]
    assert [f.ref if f else None for f in found] == [TWO, None, ONE, TWO]
    assert store.get_many([]) == []


def test_get_many_reads_more_than_one_request_holds(store: Store) -> None:
    refs = [Ref("things", f"{i:04}") for i in range(1201)]
    store.commit([Write("set", ref, {"n": i}) for i, ref in enumerate(refs)])
    assert [f.data["n"] for f in store.get_many(refs) if f] == list(range(1201))


def test_create_refuses_a_document_that_is_there(store: Store) -> None:
    store.create(ONE, {"n": 1})
    with pytest.raises(AlreadyExists, match="things/one exists already"):
        store.create(ONE, {"n": 2})
    assert read(store, ONE) == {"n": 1}


def test_set_replaces_the_whole_document(store: Store) -> None:
    store.set(ONE, {"n": 1, "old": True})
    store.set(ONE, {"n": 2})
    assert read(store, ONE) == {"n": 2}


def test_replace_holds_only_for_the_token_that_was_read(store: Store) -> None:
    store.set(ONE, {"n": 1, "old": True})
    first = token(store, ONE)
    store.replace(ONE, {"n": 2}, first)
    assert read(store, ONE) == {"n": 2}
    with pytest.raises(Conflict, match="things/one was changed"):
        store.replace(ONE, {"n": 3}, first)
    assert read(store, ONE) == {"n": 2}


def test_replace_does_not_bring_back_a_removed_document(store: Store) -> None:
    store.set(ONE, {"n": 1})
    before = token(store, ONE)
    store.delete(ONE)
    with pytest.raises(Conflict):
        store.replace(ONE, {"n": 2}, before)
    assert store.get(ONE) is None


def test_a_document_made_again_has_another_token(store: Store) -> None:
    store.set(ONE, {"n": 1})
    before = token(store, ONE)
    store.delete(ONE)
    store.set(ONE, {"n": 1})
    with pytest.raises(Conflict):
        store.replace(ONE, {"n": 2}, before)


def test_a_write_that_changes_nothing_leaves_the_token(store: Store) -> None:
    store.set(ONE, {"n": 1, "at": datetime(2026, 1, 1, tzinfo=UTC)})
    before = store.get(ONE)
    assert before is not None
    store.set(ONE, before.data)
    store.replace(ONE, before.data, before.token)
    assert token(store, ONE) == before.token
    store.set(ONE, {"n": 2})
    assert token(store, ONE) != before.token


def test_delete_removes_and_a_missing_document_is_no_error(store: Store) -> None:
    store.set(ONE, {"n": 1})
    store.delete(ONE)
    store.delete(ONE)
    assert store.get(ONE) is None


def test_a_guarded_delete_holds_only_for_the_token_that_was_read(store: Store) -> None:
    store.set(ONE, {"n": 1})
    stale = token(store, ONE)
    store.set(ONE, {"n": 2})
    with pytest.raises(Conflict):
        store.commit([Write("delete", ONE, token=stale)])
    store.commit([Write("delete", ONE, token=token(store, ONE))])
    assert store.get(ONE) is None
    with pytest.raises(Conflict):
        store.commit([Write("delete", ONE, token=stale)])


@pytest.mark.parametrize("broken", ["create", "stale", "gone"])
def test_a_commit_does_all_writes_or_none(store: Store, broken: str) -> None:
    store.set(ONE, {"n": 1})
    stale = token(store, ONE)
    store.set(ONE, {"n": 2})
    last = {
        "create": Write("create", ONE, {"n": 3}),
        "stale": Write("set", ONE, {"n": 3}, stale),
        "gone": Write("set", Ref("things", "none"), {"n": 3}, stale),
    }[broken]
    store.set(TWO, {"n": 1})
    writes = [Write("set", Ref("things", "new"), {"n": 1}), Write("delete", TWO), last]
    with pytest.raises(AlreadyExists if broken == "create" else Conflict):
        store.commit(writes)
    assert store.get(Ref("things", "new")) is None
    assert read(store, ONE) == {"n": 2}
    assert read(store, TWO) == {"n": 1}


def test_a_conflict_names_the_document_in_a_batch_of_creations(store: Store) -> None:
    store.set(Ref("things", "item~1"), {})
    refs = [Ref("things", "item~10"), Ref("things", "item~1"), Ref("things", "item")]
    with pytest.raises(AlreadyExists, match="things/item~1 exists already"):
        store.commit([Write("create", ref, {}) for ref in refs])


def test_a_commit_of_nothing_does_nothing(store: Store) -> None:
    store.commit([])
    assert store.get(ONE) is None


def test_collections_do_not_mix(store: Store) -> None:
    store.set(Ref("things", "x"), {"n": 1})
    store.set(Ref("others", "x"), {"n": 2})
    assert read(store, Ref("things", "x")) == {"n": 1}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty text"),
        pytest.param("Grüße, 世界 🪛 \u0000\n\u2028", id="unicode"),
        pytest.param(INT64_MAX, id="largest integer"),
        pytest.param(-INT64_MAX - 1, id="smallest integer"),
        pytest.param(2**53 + 1, id="beyond a double"),
        pytest.param(0, id="zero"),
        pytest.param(1.0, id="whole float"),
        pytest.param(5e-324, id="smallest float"),
        pytest.param(True, id="true"),
        pytest.param(False, id="false"),
        pytest.param(None, id="null"),
        pytest.param(b"\x00\xff", id="bytes"),
        pytest.param(b"", id="no bytes"),
        pytest.param([], id="empty list"),
        pytest.param({}, id="empty map"),
        pytest.param([{"a": [1, {"b": None}]}, "x", 2.5, b"y"], id="nested"),
        pytest.param({"a.b": 1, "ü": 2, "two words": 3}, id="odd names"),
        pytest.param(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), id="instant"),
        pytest.param(datetime(1901, 1, 1, 0, 0, 0, 1, tzinfo=UTC), id="instant before 1970"),
        pytest.param([datetime(9999, 12, 31, tzinfo=UTC)], id="far instant"),
    ],
)
def test_a_value_comes_back_as_it_was(store: Store, value: Any) -> None:
    store.set(ONE, {"value": value, "inside": {"deeper": value}})
    found = read(store, ONE)
    assert found == {"value": value, "inside": {"deeper": value}}
    assert pformat(found["value"]) == pformat(value)  # types too: 1 is not 1.0, nor True


def test_an_instant_of_another_zone_comes_back_in_utc(store: Store) -> None:
    there = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=5)))
    store.set(ONE, {"at": there})
    found = read(store, ONE)["at"]
    assert found == there
    assert type(found) is datetime
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"n": float("nan")}, "n"),
        ({"n": float("inf")}, "n"),
        ({"n": 2**63}, "n"),
        ({"n": [[1]]}, "n"),
        ({"n": datetime(2026, 1, 1)}, "n"),  # noqa: DTZ001  # a naive instant is the point
        ({"n": {1, 2}}, "n"),
        ({"n": "\ud800"}, "n"),
        ({"__n__": 1}, "__n__"),
        ({"a": {"": 1}}, ""),
    ],
    ids=repr,
)
def test_what_firestore_cannot_hold_is_refused_by_field(
    store: Store, data: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        store.set(ONE, data)
    assert refused.value.field == field
    assert store.get(ONE) is None


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "__x__", "x" * 1501])
def test_an_id_that_firestore_refuses_is_refused(store: Store, key: str) -> None:
    for act in (store.get, store.delete, lambda ref: store.set(ref, {})):
        with pytest.raises(InvalidInput):
            act(Ref("things", key))


@pytest.mark.parametrize("name", ["", "a/b", "__x__", 'a"b', "1a"])
def test_a_collection_name_with_anything_odd_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InvalidInput):
        store.get(Ref(name, "x"))
    with pytest.raises(InvalidInput):
        store.set(Ref(name, "x"), {})


def test_the_last_byte_of_a_mebibyte_is_stored_and_one_more_is_not(store: Store) -> None:
    def sized(n: int) -> dict[str, Any]:
        mixed = [{"b": "x" * n, "ü": {}}, 1, 1.5, None, True, b"xy", datetime.now(UTC)]
        return {"a": "x" * 500_000, "mixed": mixed}

    fits = MAX_DOCUMENT - check_document(*ONE, sized(0))
    store.set(ONE, sized(fits))
    assert len(read(store, ONE)["mixed"][0]["b"]) == fits
    with pytest.raises(TooLarge):
        store.set(TWO, sized(fits + 1))
    assert store.get(TWO) is None


def test_a_single_value_has_a_limit_a_little_below_the_documents(store: Store) -> None:
    store.set(ONE, {"text": "x" * (MAX_VALUE - 1)})
    with pytest.raises(TooLarge, match="text has"):
        store.set(TWO, {"text": "x" * MAX_VALUE})


def test_a_commit_over_ten_mebibytes_is_refused_whole(store: Store) -> None:
    blob = b"x" * (MAX_DOCUMENT - 200)
    writes = [Write("set", Ref("things", str(i)), {"blob": blob}) for i in range(11)]
    assert sum(len(w.data["blob"]) for w in writes) > MAX_COMMIT
    with pytest.raises(TooLarge, match="a commit of"):
        store.commit(writes)
    assert store.get(Ref("things", "0")) is None
    store.commit(writes[:3])  # the emulator takes no more than 4 MiB at once, production 10
    assert store.get(Ref("things", "2")) is not None
