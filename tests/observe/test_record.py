"""Recording: once by id, good items of a bad batch kept, and nothing dropped in silence."""

import json
from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.errors import Conflict, InvalidBatch, InvalidInput
from ratchet.observe.observation import MAX_BATCH, MAX_ITEM_BYTES
from ratchet.observe.record import record
from ratchet.observe.settings import Ingest
from ratchet.store.counting import CountingStore
from ratchet.store.limits import MAX_DOCUMENT, check_document
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import KEYS, NOON, ids, observation, worker

GOOD = observation(component="router", durationMs=5.0)
BAD = observation(outcome="maybe")


def stored(store: Store, document_id: str) -> dict[str, Any]:
    found = store.get(Ref("ops_observations", document_id))
    assert found is not None
    return found.data


def test_one_observation_is_a_document_under_its_id(store: Store) -> None:
    answer = worker(store).record({"id": "s1"} | GOOD)
    assert (answer.id, answer.accepted, answer.rejected, answer.duplicate) == ("s1", 1, (), False)
    found = stored(store, "s1")
    assert (found["component"], found["durationMs"], found["ts"]) == ("router", 5.0, NOON)
    assert (found["shard"], found["ingestedAt"]) == (0, NOON)
    assert found["expireAt"] == NOON + timedelta(days=30)


def test_a_list_and_a_batch_are_one_document_each(embedded: SqliteStore) -> None:
    at = worker(embedded)
    listed = at.record([GOOD, GOOD, GOOD])
    batched = at.batch("b1", [GOOD, GOOD])
    assert (listed.accepted, batched.accepted) == (3, 2)
    assert len(stored(embedded, listed.id)["items"]) == 3
    assert ids(embedded, "ops_observations") == sorted([listed.id, "b1"])


def test_what_comes_without_an_id_gets_one(embedded: SqliteStore) -> None:
    at = worker(embedded)
    assert at.record(GOOD).id != at.record(GOOD).id
    assert embedded.count(Query("ops_observations")) == 2


def test_good_items_of_a_bad_batch_are_stored_once_and_bad_ones_come_back(store: Store) -> None:
    at = worker(store)
    items = [GOOD, BAD, GOOD | {"component": "planner"}, GOOD | {"costUsd": -1}]
    for duplicate in (False, True):
        answer = at.batch("b1", items)
        assert (answer.accepted, answer.duplicate) == (2, duplicate)
        assert [(r.index, r.field) for r in answer.rejected] == [(1, "outcome"), (3, "costUsd")]
    found = stored(store, "b1")
    assert [item["component"] for item in found["items"]] == ["router", "planner"]
    assert found["indexes"] == [0, 2]
    assert store.count(Query("ops_observations")) == 1


def test_a_batch_that_is_all_bad_is_an_error_that_lists_every_item(embedded: SqliteStore) -> None:
    with pytest.raises(InvalidBatch, match="outcome") as raised:
        worker(embedded).batch("b1", [BAD, BAD | {"outcome": "success", "quality": 2}])
    shown = raised.value.as_dict()["rejected"]
    assert [(item["index"], item["field"]) for item in shown] == [(0, "outcome"), (1, "quality")]
    assert ids(embedded, "ops_observations") == []


def test_one_bad_observation_is_an_error_that_names_the_field(embedded: SqliteStore) -> None:
    with pytest.raises(InvalidInput, match="outcome") as raised:
        worker(embedded).record(BAD)
    assert raised.value.field == "outcome"


@pytest.mark.parametrize("payload", [{"id": "x"} | GOOD, {"id": "x", "observations": [GOOD, GOOD]}])
def test_the_same_content_under_the_same_id_is_a_success_and_other_content_a_conflict(
    store: Store, payload: dict[str, Any]
) -> None:
    at = worker(store)
    first = at.record(payload)
    at.later()
    again = at.record(json.loads(json.dumps(payload)))
    assert again == first.model_copy(update={"duplicate": True})
    assert stored(store, "x")["ingestedAt"] == NOON
    other = {"id": "x"} | GOOD | {"durationMs": 6.0}
    with pytest.raises(Conflict, match="other content") as raised:
        at.record(other)
    assert raised.value.field == "id"


def test_a_retry_after_the_clock_moved_reports_as_the_first_time(embedded: SqliteStore) -> None:
    # The second item is eleven minutes ahead: refused at noon. By the retry the clock has
    # caught up, but it was not stored, and must not pass for stored or sampled.
    at = worker(embedded)
    items = [GOOD, observation(NOON + timedelta(minutes=11))]
    assert [r.index for r in at.batch("b1", items).rejected] == [1]
    at.later(timedelta(minutes=5))
    again = at.batch("b1", items)
    assert (again.accepted, again.sampled, [r.index for r in again.rejected]) == (1, 0, [1])


def test_a_unit_is_stored_only_as_its_hmac(embedded: SqliteStore) -> None:
    at = worker(embedded)
    unit = "alice@example.com"
    at.record({"id": "s1"} | GOOD | {"unit": unit})
    at.batch("b1", [GOOD | {"unit": unit}, GOOD | {"unit": "bob"}])
    assert unit not in repr(embedded.query(Query("ops_observations")))
    single, (first, second) = stored(embedded, "s1"), stored(embedded, "b1")["items"]
    assert single["unit"] == first["unit"] != second["unit"]
    assert len(single["unit"]) == 32


def largest(i: int) -> dict[str, Any]:
    """Return an observation that is as large as one may be."""
    raw = observation(component="c" * 120, unit="u", errorCode=f"{i:064d}")
    raw["meta"] = {"m": ""}
    size = check_document("ops_observations", "item", raw)
    raw["meta"] = {"m": "x" * (MAX_ITEM_BYTES - size)}
    return raw


def test_five_hundred_observations_of_the_largest_legal_size_fit_one_document(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded, sample_successes=1)
    items = [largest(i) for i in range(MAX_BATCH)]
    assert at.batch("b" * 120, items).accepted == MAX_BATCH
    size = check_document("ops_observations", "b" * 120, stored(embedded, "b" * 120))
    assert 0.9 * MAX_DOCUMENT < size <= MAX_DOCUMENT
    assert at.scored_later().scored == MAX_BATCH
    items[0]["meta"]["m"] += "x"
    (refused,) = at.batch("c", items).rejected
    assert (refused.index, refused.field) == (0, "meta")
    assert str(MAX_ITEM_BYTES) in refused.reason


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([], "observations"),
        ([GOOD] * (MAX_BATCH + 1), "observations"),
        ({"observations": {}}, "observations"),
        ({"observations": "text"}, "observations"),
        ("text", "observations"),
        (None, "observations"),
        ({"observations": [GOOD], "extra": 1}, "extra"),
        ({"id": "a/b", "observations": [GOOD]}, "id"),
        ({"id": "", "observations": [GOOD]}, "id"),
        ({"id": 5, "observations": [GOOD]}, "id"),
        ({"id": "a.b"} | GOOD, "id"),
        ({"id": "x" * 121} | GOOD, "id"),
    ],
)
def test_a_payload_of_the_wrong_form_is_refused_by_the_name_of_what_is_wrong(
    embedded: SqliteStore, payload: Any, field: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        worker(embedded).record(payload)
    assert raised.value.field == field


def test_an_item_has_no_id_of_its_own(embedded: SqliteStore) -> None:
    (refused,) = worker(embedded).batch("b1", [GOOD, GOOD | {"id": "mine"}]).rejected
    assert (refused.index, refused.field) == (1, "id")


def test_sampled_out_items_are_counted_and_answered_alike_when_sent_again(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded, sample_successes=10)
    items = [GOOD | {"unit": f"u{i}"} for i in range(200)] + [BAD]
    first = at.batch("b1", items)
    assert first.accepted + first.sampled == 200
    assert 0 < first.accepted < 60
    assert len(first.rejected) == 1
    assert len(stored(embedded, "b1")["items"]) == first.accepted
    assert at.batch("b1", items) == first.model_copy(update={"duplicate": True})


def test_a_batch_that_is_sampled_out_whole_stores_nothing_and_says_so(
    embedded: SqliteStore,
) -> None:
    answer = worker(embedded, sample_successes=1000).batch("b1", [GOOD | {"unit": "u1"}] * 3)
    assert (answer.accepted, answer.sampled) == (0, 3)
    assert ids(embedded, "ops_observations") == []


def test_what_a_library_records_over_more_shards_than_the_store_had_is_scored_too(
    store: Store,
) -> None:
    at = worker(CountingStore(store))  # one that this process does not know yet
    wide = Ingest(shards=8)
    for i in range(20):
        payload = {"id": f"b{i}", "observations": [observation(at.clock())]}
        record(at.store, KEYS, payload, ingest=wide, now=at.clock())
    at.clock.advance(timedelta(seconds=30))
    assert at.score().scored == 20
