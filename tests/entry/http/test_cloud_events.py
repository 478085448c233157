"""CloudEvents come in through the door in each of their modes, as their own package writes them."""

import gzip
import json
from typing import Any

import pytest
from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent

import main
from ratchet.datasets.collecting.trace import Trace
from ratchet.entry.http import events
from ratchet.entry.http.body import MAX_BODY
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.collecting import event
from tests.support.doors import clock, functions
from tests.support.functions import SERVICE, Answer, Functions

__all__ = ["clock", "functions"]
BATCH = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"


@pytest.fixture
def store(embedded: SqliteStore) -> Store:
    return embedded


@pytest.fixture(autouse=True)
def _served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "events", events, raising=False)


def post(functions: Functions, data: Any, media: str = STRUCTURED, **headers: str) -> Answer:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    told = {"Content-Type": media} | {k.replace("_", "-"): v for k, v in headers.items()}
    return functions.send("events", actor=SERVICE, data=body, headers=told)


def sources(store: Store) -> set[str]:
    return {found.data["sourceId"] for found in store.query(Query(Trace.collection))}


def library() -> CloudEvent:
    attributes = {key: value for key, value in event("e1").items() if key != "data"}
    return CloudEvent(attributes, event("e1")["data"])


def test_binary_structured_and_batch_are_the_same_event(functions: Functions, store: Store) -> None:
    for n, (headers, body) in enumerate((to_binary(library()), to_structured(library()))):
        media = headers.pop("content-type", "application/json")
        answer = post(functions, body, media, **headers)
        assert (answer.status, answer.body["accepted"], answer.body["known"]) == (200, 1 - n, n)
    for data, media in (([event("e1")], BATCH), (event("e1"), "application/json")):
        answer = post(functions, data, media)
        assert (answer.status, answer.body) == (200, {"accepted": 0, "known": 1, "rejected": []})
    (stored,) = store.query(Query(Trace.collection))
    assert (stored.data["sourceId"], stored.data["revision"]) == ("%2Ftests~e1", 1)
    assert stored.data["receivedBy"] == "router-uid"


def test_attributes_in_headers_are_decoded_and_a_time_is_not_made_up(
    functions: Functions, store: Store
) -> None:
    headers = {"ce-id": "Euro%20%E2%82%AC", "ce-source": "/s", "ce-specversion": "1.0"}
    headers["ce-type"] = "planning.completed"
    for known in (0, 1):
        answer = post(functions, event()["data"], "application/json", **headers)
        assert answer.body["known"] == known
    assert sources(store) == {"%2Fs~Euro%20%E2%82%AC"}


def test_refused_events_are_told_by_their_place_and_the_good_ones_are_kept(
    functions: Functions, store: Store
) -> None:
    unknown = event("e2") | {"type": "execution.began"}
    nameless = {key: value for key, value in event("e3").items() if key != "id"}
    answer = post(functions, [event("e1"), unknown, nameless, 7, event("e4")], BATCH)
    assert answer.status == 200
    told = [(one["index"], one["field"]) for one in answer.body["rejected"]]
    assert told == [(1, "type"), (2, "id"), (3, "(whole)")]
    assert sources(store) == {"%2Ftests~e1", "%2Ftests~e4"}
    alone = post(functions, [nameless], BATCH)
    assert (alone.status, alone.error["code"]) == (400, "RATCHET-1002")
    assert [one["field"] for one in alone.error["rejected"]] == ["id"]


@pytest.mark.parametrize(
    ("data", "media", "headers", "status", "field"),
    [
        (event(), "text/plain", {}, 415, "Content-Type"),
        (event(), BATCH, {}, 400, "events"),
        ([event()], STRUCTURED, {}, 400, "events"),
        ([], BATCH, {}, 400, "events"),
        ([event()] * 501, BATCH, {}, 400, "events"),
        (b'{"id": NaN}', STRUCTURED, {}, 400, "(body)"),
        (b'{"id": "a", "id": "b"}', STRUCTURED, {}, 400, "id"),
        (b'{"data": ' + b"[" * 50_000, STRUCTURED, {}, 400, "(body)"),
        (b"\xff\xfe", STRUCTURED, {}, 400, "(body)"),
        (event()["data"], "application/json", {"ce-id": "e1"}, 400, "ce-specversion"),
        (b'"' + b"x" * MAX_BODY + b'"', STRUCTURED, {}, 413, "(body)"),
        (gzip.compress(b" " * (MAX_BODY + 1)), BATCH, {"Content-Encoding": "gzip"}, 413, "(body)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_batch_of_events_is_answered_and_nothing_is_kept(
    functions: Functions,
    store: Store,
    data: Any,
    media: str,
    headers: dict[str, str],
    status: int,
    field: str,
) -> None:
    answer = post(functions, data, media, **headers)
    assert (answer.status, answer.error["field"]) == (status, field)
    assert sources(store) == set()


def test_only_a_service_may_send_events(functions: Functions) -> None:
    assert functions.send("events", json=event()).status == 401
    assert functions.send("events", method="GET", actor=SERVICE).status == 405


def test_half_a_character_goes_through_the_door_to_become_a_dead_letter(
    functions: Functions, store: Store
) -> None:
    assert post(functions, event("e1", input="half \ud800")).status == 200
    assert sources(store) == {"%2Ftests~e1"}
    answer = post(functions, event("half \ud800"))
    assert (answer.status, answer.error["rejected"][0]["field"]) == (400, "id")
