"""Retention: each day is kept as it was stored, before it expires, whatever dies or comes late."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from ratchet.datasets.retain.columns import KINDS
from ratchet.datasets.retain.read import list_retained, read_retained, verify_retained
from ratchet.datasets.retain.retain import RetainReport, retain_days
from ratchet.datasets.settings import DatasetSettings
from ratchet.kernel.errors import InvalidInput, NotFound, Unavailable
from ratchet.store.blobs import Blobs
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.no_blobs import NoBlobs
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.faulty_blobs import FaultyBlobs
from tests.support.observing import (
    NOON,
    Worker,
    alerts,
    configure,
    exposure,
    observation,
    put_raw,
    worker,
)

DAY = timedelta(days=1)
MIDNIGHT = NOON - timedelta(hours=12)
RICH: dict[str, Any] = {
    "quality": 0.5,
    "confidence": 1,
    "durationMs": 1234.5,
    "tokensIn": 10,
    "tokensOut": 20,
    "costUsd": 0.0125,
    "retries": 2,
    "errorCode": "E1",
    "policyVersion": "p@1.0.0",
    "weight": 3,
    "unit": "u1",
    "shadow": True,
    "runId": "r1",
    "meta": {"nested": {"list": [1, 2.5, None, "x"]}, "text": "ünïcode"},
}


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


def retain(w: Worker, blobs: Blobs, after: timedelta = timedelta(0)) -> RetainReport:
    w.clock.advance(after)
    return retain_days(w.store, blobs, w.reader, now=w.clock())


def busy(store: Store, now: datetime = NOON, **ingest: Any) -> Worker:
    """Return a worker that recorded and scored one observation, a batch, and an exposure."""
    w = worker(store, now, **ingest)
    w.record({"id": "single"} | observation(w.clock(), **RICH))
    w.batch("batch", [observation(w.clock(), outcome="failure"), observation(w.clock(), **RICH)])
    w.batch("mixed", [exposure(w.clock()), observation(w.clock()), {"bad": 1}])
    w.scored_later()
    return w


def rows(store: Store, blobs: Blobs, kind: str, day: str = "2026-03-10") -> list[dict[str, Any]]:
    return list(read_retained(store, blobs, kind, day))


def stored_items(store: Store, collection: str) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return the items of stored documents by document, list and place, read by hand."""
    out = {}
    for found in store.query(Query(collection)):
        lists = {"items": [found.data], "exposures": []} | {
            name: found.data[name] for name in ("items", "exposures") if name in found.data
        }
        for name, items in lists.items():
            for place, item in enumerate(items):
                out[found.ref.id, name, place] = item
    return out


def test_what_is_read_back_is_what_was_stored(store: Store, blobs: MemoryBlobs) -> None:
    w = busy(store)
    w.feedback({"obsId": "single", "source": "user", "grade": 0.25})
    w.later()
    w.fold()
    report = retain(w, blobs, 26 * DAY)
    assert (report.slots, report.documents, report.rows, report.failed) == (2, 6, 9, ())
    for kind, collection in KINDS.items():
        want = stored_items(store, collection)
        found = {
            (
                row["document"],
                "exposures" if row["kind"] == "exposure" else "items",
                row["position"],
            ): row
            for row in rows(store, blobs, kind)
        }
        assert found.keys() == want.keys()
        for key, item in want.items():
            assert {name: found[key][name] for name in item} == item
    ids = {row["id"] for row in rows(store, blobs, "observations") if "id" in row}
    assert ids == {"single", "batch.0", "batch.1", "mixed.1"}
    (single,) = [r for r in rows(store, blobs, "rewards") if r["document"] == "single"]
    assert (single["quality"], single["feedback"]["user"]["grade"]) == (0.25, 0.25)
    reward = store.get(Ref("ops_rewards", "batch"))
    assert reward
    (second,) = [
        r for r in rows(store, blobs, "rewards") if (r["document"], r["position"]) == ("batch", 1)
    ]
    of_document = {"obsId", "rewardEpoch", "shard", "ingestedAt", "expireAt", "v"}
    assert {n: second[n] for n in of_document} == {n: reward.data[n] for n in of_document}


def test_a_day_is_kept_from_day_25_and_then_stays_as_it_is(
    embedded: SqliteStore, blobs: MemoryBlobs
) -> None:
    w = busy(embedded, MIDNIGHT)
    assert retain(w, blobs, 25 * DAY - timedelta(minutes=1)).slots == 0
    assert retain(w, blobs, timedelta(minutes=1)).slots == 2
    first = list(list_retained(embedded))
    assert [held.key() for held in first] == ["observations~20260310~0", "rewards~20260310~0"]
    assert retain(w, blobs, timedelta(hours=1)) == RetainReport()
    assert list(list_retained(embedded)) == first
    assert [c.ok for c in verify_retained(embedded, blobs)] == [True, True]


def test_a_shorter_retention_is_kept_sooner(embedded: SqliteStore, blobs: MemoryBlobs) -> None:
    w = busy(embedded, MIDNIGHT, retention_days=6)
    assert retain(w, blobs, timedelta(days=4, hours=23)).slots == 0
    assert retain(w, blobs, timedelta(hours=2)).slots == 2


@pytest.mark.parametrize("days", [2, 3, 4, 5, 7, 30])
def test_however_short_it_is_the_daily_run_keeps_a_day_before_any_of_it_expires(
    embedded: SqliteStore, blobs: MemoryBlobs, days: int
) -> None:
    w = busy(embedded, MIDNIGHT, retention_days=days)
    first = MIDNIGHT + timedelta(days=days)
    at = MIDNIGHT + DAY + timedelta(hours=5)
    kept = []
    while at < first:
        if retain(w, blobs, at - w.clock()).slots:
            kept.append(at)
        at += DAY
    assert kept


def test_a_person_may_keep_days_sooner(embedded: SqliteStore, blobs: MemoryBlobs) -> None:
    w = busy(embedded, MIDNIGHT)
    configure(embedded, DatasetSettings(retain_from_day=3.0))
    assert retain(w, blobs, 3 * DAY).slots == 2


def test_documents_that_come_late_are_kept_too(embedded: SqliteStore, blobs: MemoryBlobs) -> None:
    w = busy(embedded)
    retain(w, blobs, 26 * DAY)
    put_raw(embedded, "late", NOON, {"component": "router", "outcome": "success"})
    assert retain(w, blobs).slots == 1
    assert "late" in {row["document"] for row in rows(embedded, blobs, "observations")}


def test_what_was_corrected_since_is_kept_on_the_last_day(
    embedded: SqliteStore, blobs: MemoryBlobs
) -> None:
    w = busy(embedded, MIDNIGHT)
    retain(w, blobs, 25 * DAY)
    w.feedback({"obsId": "batch.1", "source": "user", "grade": 0.75})
    w.later()
    w.fold()
    assert retain(w, blobs, DAY).slots == 0
    assert retain(w, blobs, 3 * DAY).slots == 2
    graded = [r["quality"] for r in rows(embedded, blobs, "rewards") if "quality" in r]
    assert graded == [0.75]
    assert retain(w, blobs, timedelta(hours=1)).slots == 0


def test_what_is_kept_outlives_what_expires(embedded: SqliteStore, blobs: MemoryBlobs) -> None:
    w = busy(embedded)
    retain(w, blobs, 26 * DAY)
    kept = rows(embedded, blobs, "observations")
    embedded.delete(Ref("ops_observations", "batch"))  # a TTL removes in no order
    assert retain(w, blobs, 4 * DAY + timedelta(hours=1)) == RetainReport()
    w.sweep()
    assert embedded.query(Query("ops_observations")) == []
    assert retain(w, blobs, DAY) == RetainReport()
    assert rows(embedded, blobs, "observations") == kept


def test_a_file_that_is_gone_is_found_and_made_again_while_the_day_is_there(
    embedded: SqliteStore, blobs: MemoryBlobs
) -> None:
    w = busy(embedded)
    retain(w, blobs, 26 * DAY)
    lost = next(list_retained(embedded, "rewards")).parts[0].sha256
    blobs.delete(lost)
    checked = {c.slot: (c.ok, lost in c.problem) for c in verify_retained(embedded, blobs)}
    assert checked == {
        "observations~20260310~0": (True, False),
        "rewards~20260310~0": (False, True),
    }
    assert retain(w, blobs).slots == 1
    assert all(c.ok for c in verify_retained(embedded, blobs))


def test_rows_that_are_not_those_that_were_written_are_found(
    embedded: SqliteStore, blobs: MemoryBlobs
) -> None:
    retain(busy(embedded), blobs, 26 * DAY)
    of = {held.kind: held for held in list_retained(embedded)}
    own = of["rewards"]
    swapped = own.model_copy(update={"parts": of["observations"].parts})
    embedded.set(Ref(own.collection, own.key()), swapped.to_map())
    (told,) = [c for c in verify_retained(embedded, blobs) if not c.ok]
    assert "4 rows" not in told.problem
    assert "are not the 4 written" in told.problem


def test_a_document_that_was_edited_by_hand_is_kept_whole(
    embedded: SqliteStore, blobs: MemoryBlobs
) -> None:
    w = worker(embedded)
    w.record({"id": "single"} | observation(w.clock()))
    put_raw(embedded, "odd", NOON, {"items": "no list", "x": [1, {"at": NOON}]})
    put_raw(embedded, "mistyped", NOON, {"costUsd": "much", "own": {"a": 1}, "quality": 1})
    assert retain(w, blobs, 26 * DAY).failed == ()
    found = {row["document"]: row for row in rows(embedded, blobs, "observations")}
    assert found["odd"]["kind"] == "unreadable"
    assert found["odd"]["data"]["x"] == [1, {"at": NOON}]
    assert found["mistyped"]["costUsd"] == "much"
    assert (found["mistyped"]["own"], found["mistyped"]["quality"]) == ({"a": 1}, 1)
    assert found["single"]["kind"] == "observation"


def test_every_shard_is_kept_and_read_as_one_day(embedded: SqliteStore, blobs: MemoryBlobs) -> None:
    w = worker(embedded, shards=4)
    for i in range(12):
        w.record({"id": f"o{i}"} | observation(w.clock()))
    w.scored_later()
    retain(w, blobs, 26 * DAY)
    assert len({held.shard for held in list_retained(embedded, "observations")}) > 1
    assert {row["document"] for row in rows(embedded, blobs, "observations")} == {
        f"o{i}" for i in range(12)
    }


def test_without_a_place_for_blobs_the_alert_comes_two_days_before_the_expiry(
    embedded: SqliteStore, blobs: MemoryBlobs
) -> None:
    w = busy(embedded, MIDNIGHT)
    early = retain(w, NoBlobs(), 25 * DAY)
    assert {(f.slot, "RATCHET_BLOBS" in f.mend) for f in early.failed} == {
        ("observations~20260310~0", True),
        ("rewards~20260310~0", True),
    }
    assert (early.late, "retain-late" in alerts(embedded)) == (0, False)
    assert retain(w, NoBlobs(), 3 * DAY).late == 2
    raised = embedded.get(Ref("ops_alerts", "retain-late~retain"))
    assert raised
    assert raised.data["severity"] == "critical"
    assert "RATCHET_BLOBS" in raised.data["command"]
    assert retain(w, blobs).late == 0
    over = embedded.get(raised.ref)
    assert over
    assert over.data["state"] == "resolved"


def test_one_day_that_fails_stops_no_other(embedded: SqliteStore, blobs: MemoryBlobs) -> None:
    w = busy(embedded)
    w.later(DAY)
    w.record({"id": "next"} | observation(w.clock()))
    faulty = FaultyBlobs(blobs, 1, error=Unavailable("no answer"))
    report = retain(w, faulty, 26 * DAY)
    assert [f.slot for f in report.failed] == ["observations~20260310~0"]
    assert report.slots == 2


def _die(where: str, at: int | None, when: Any) -> int:
    """Let one run die at a call, and hold what the next one makes of it; returns the calls."""
    embedded, blobs = SqliteStore(), MemoryBlobs()
    w = busy(embedded)
    w.clock.advance(26 * DAY)
    store = FaultyStore(embedded, at if where == "store" else None, when)
    held = FaultyBlobs(blobs, at if where == "blobs" else None, when)
    with suppress(Died):
        retain_days(store, held, w.reader, now=w.clock())
    assert all(c.ok for c in verify_retained(embedded, blobs))
    retain(w, blobs)
    assert [c.ok for c in verify_retained(embedded, blobs)] == [True, True]
    assert [len(rows(embedded, blobs, kind)) for kind in KINDS] == [5, 4]
    embedded.close()
    return (store if where == "store" else held).calls


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("where", ["store", "blobs"])
def test_a_death_anywhere_leaves_nothing_half_and_the_next_run_goes_on(
    where: str, when: Any
) -> None:
    calls = _die(where, None, when)
    assert calls >= 4
    for at in range(1, calls + 1):
        assert _die(where, at, when) == at


def test_what_is_not_kept_or_not_named_right_is_told(
    embedded: SqliteStore, blobs: MemoryBlobs
) -> None:
    retain(busy(embedded), blobs, 26 * DAY)
    with pytest.raises(NotFound, match="no rewards of 2026-03-11"):
        rows(embedded, blobs, "rewards", "2026-03-11")
    with pytest.raises(InvalidInput, match="is no day"):
        rows(embedded, blobs, "rewards", "yesterday")
    with pytest.raises(InvalidInput, match="observations, rewards"):
        rows(embedded, blobs, "feedback")


def test_a_record_that_was_broken_by_hand_hides_no_other(
    embedded: SqliteStore, blobs: MemoryBlobs
) -> None:
    retain(busy(embedded), blobs, 26 * DAY)
    embedded.set(Ref("ops_retained", "broken"), {"v": 1})
    told: list[Exception] = []
    assert len(list(list_retained(embedded, tell=told.append))) == 2
    assert "ops_retained/broken" in str(told[0])
