"""Exposures beside observations: stored once, in a place of their own, and answered for alike."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.errors import Conflict, InvalidBatch, InvalidInput
from ratchet.observe.browse import Wanted, browse, show
from ratchet.observe.commit import chunks
from ratchet.observe.observation import MAX_BATCH
from ratchet.store.port import Query, Ref, Snapshot, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON, SECOND, Worker, exposure, ids, observation, worker
from tests.support.recount import check

BAD_EXPOSURE = exposure(step=100)
MIXED = [
    exposure(unit="u1"),
    observation(component="first"),
    observation(outcome="maybe"),
    exposure(unit="u2", rolloutArm="1.0.1"),
    BAD_EXPOSURE,
    observation(component="second", kind="observation"),
    observation(kind="metric"),
]


def stored(store: Store, document_id: str) -> dict[str, Any]:
    found = store.get(Ref("ops_observations", document_id))
    assert found is not None
    return found.data


def test_a_mixed_batch_is_stored_once_by_kind_and_answered_alike_when_sent_again(
    store: Store,
) -> None:
    at = worker(store)
    first = at.batch("b1", MIXED)
    assert (first.accepted, first.sampled, first.duplicate) == (4, 0, False)
    assert [(r.index, r.field) for r in first.rejected] == [
        (2, "outcome"),
        (4, "step"),
        (6, "kind"),
    ]
    at.later()
    assert at.batch("b1", MIXED) == first.model_copy(update={"duplicate": True})
    found = stored(store, "b1")
    assert [item["component"] for item in found["items"]] == ["first", "second"]
    assert found["indexes"] == [1, 5]
    assert [e["rolloutArm"] for e in found["exposures"]] == ["control", "1.0.1"]
    assert all(set(e) & {"kind", "component"} == set() for e in found["exposures"])
    assert store.count(Query("ops_observations")) == 1
    assert at.scored_later().scored == 2
    check(store)


def test_a_unit_has_the_same_pseudonym_in_its_exposure_and_in_its_outcome(
    embedded: SqliteStore,
) -> None:
    unit = "alice@example.com"
    worker(embedded).batch("b1", [exposure(unit=unit), observation(unit=unit)])
    found = stored(embedded, "b1")
    assert found["exposures"][0]["unit"] == found["items"][0]["unit"] != unit
    assert unit not in repr(embedded.query(Query("ops_observations")))


def test_one_exposure_by_itself_is_a_document_without_items(store: Store) -> None:
    at = worker(store)
    payload = {"id": "x1"} | exposure(intendedVersion="p@1.0.0")
    first = at.record(payload)
    assert (first.id, first.accepted, first.rejected, first.duplicate) == ("x1", 1, (), False)
    assert at.record(payload) == first.model_copy(update={"duplicate": True})
    found = stored(store, "x1")
    assert found["items"] == []
    (met,) = found["exposures"]
    assert len(met.pop("unit")) == 32
    assert met == {
        "ts": NOON,
        "rolloutId": "r1",
        "step": 0,
        "rolloutArm": "control",
        "propensity": 0.9,
        "intendedVersion": "p@1.0.0",
    }
    assert (found["ingestedAt"], found["expireAt"]) == (NOON, NOON + timedelta(days=30))
    with pytest.raises(Conflict, match="other content"):
        at.record(payload | {"step": 1})


def test_one_bad_exposure_is_an_error_that_names_the_field(embedded: SqliteStore) -> None:
    with pytest.raises(InvalidInput, match="exposure: step: ") as raised:
        worker(embedded).record(BAD_EXPOSURE)
    assert raised.value.field == "step"
    with pytest.raises(InvalidBatch, match="step"):
        worker(embedded).batch("b1", [BAD_EXPOSURE])
    assert ids(embedded, "ops_observations") == []


def test_exposures_are_never_sampled_out_and_keep_a_batch_whose_successes_all_are(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded, sample_successes=1000)
    items = [observation(unit="u1"), exposure(), observation(outcome="great"), exposure(unit="u2")]
    first = at.batch("b1", items)
    assert (first.accepted, first.sampled, len(first.rejected)) == (2, 1, 1)
    assert at.batch("b1", items) == first.model_copy(update={"duplicate": True})
    found = stored(embedded, "b1")
    assert (found["items"], len(found["exposures"])) == ([], 2)


def test_a_retry_is_judged_by_the_clock_of_the_first_time(embedded: SqliteStore) -> None:
    # At noon the second is ahead of the clock, and the third is as old as may be. By the retry
    # the second would be taken and the third refused, had they not been judged already.
    at = worker(embedded)
    items = [
        exposure(),
        exposure(NOON + timedelta(minutes=11)),
        exposure(NOON - timedelta(days=30)),
        observation(NOON + timedelta(minutes=11)),
        observation(NOON - timedelta(days=30)),
    ]
    first = at.batch("b1", items)
    assert (first.accepted, [r.index for r in first.rejected]) == (3, [1, 3])
    at.later(timedelta(minutes=5))
    assert at.batch("b1", items) == first.model_copy(update={"duplicate": True})


def test_what_holds_exposures_alone_is_read_by_every_reader_of_observations(store: Store) -> None:
    at = worker(store)
    at.record({"id": "x1"} | exposure())
    at.batch("x2", [exposure(), exposure(unit="u2")])
    at.batch("b1", [exposure(), observation()])
    report = at.scored_later()
    assert (report.scored, report.documents) == (1, 3)
    assert ids(store, "ops_rewards") == ["b1", "x1", "x2"]
    assert (at.score().documents, at.sweep().missing) == (0, 0)
    store.delete(Ref("ops_rewards", "x1"))
    assert at.sweep().missing == 0  # there was no observation in it
    assert ids(store, "ops_rewards") == ["b1", "x1", "x2"]
    assert [o["id"] for o in browse(store, at.reader, Wanted(), limit=9)] == ["b1.1"]
    assert list(show(store, "x1")) == list(show(store, "b1.0")) == []
    assert at.rescore(since=NOON - SECOND).rescored == 0
    check(store)


def test_a_grade_for_an_exposure_is_a_grade_for_nothing(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.record({"id": "x1"} | exposure())
    at.batch("b1", [exposure(), observation()])
    at.scored_later()
    for name in ("x1", "x1.0", "b1.0", "b1.1"):
        at.feedback({"obsId": name, "source": "person", "grade": 0.5})
    at.later()
    folded = at.fold()
    assert (folded.corrected, folded.waiting, folded.dead) == (1, 3, 0)
    at.later(timedelta(hours=25))
    assert at.fold().dead == 3
    check(embedded)


def test_history_of_exposures_alone_is_rescored_without_a_fault(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.record({"id": "x1"} | exposure())
    at.batch("b1", [exposure(), observation()])
    at.scored_later()
    weights = {"baseline": 0.5, "success": 0.5, "latency": 0, "cost": 0, "error": 0.5}
    embedded.set(Ref("config", "reward_config"), {"v": 1, "version": "2", "weights": weights})
    later = Worker(embedded, at.clock)
    assert later.rescore(since=NOON - SECOND).rescored == 1
    check(embedded)


def test_exposures_fill_a_chunk_as_observations_do() -> None:
    met: dict[str, Any] = {"items": [], "exposures": [{}] * 4}
    documents = [Snapshot(Ref("ops_observations", f"x{i}"), dict(met), None) for i in range(5)]
    assert [len(chunk) for chunk in chunks(iter(documents), 10)] == [2, 2, 1]
    rewards = [Snapshot(Ref("ops_rewards", f"x{i}"), {"items": []}, None) for i in range(5)]
    assert [len(chunk) for chunk in chunks(iter(rewards), 2)] == [2, 2, 1]


# What is sent, and what should become of it.
ITEMS = st.one_of(
    st.builds(lambda u: (exposure(unit=f"u{u}"), "exposure"), st.integers(0, 9)),
    st.builds(lambda s: (exposure(step=s), "bad"), st.sampled_from([-1, 100, "0"])),
    st.builds(lambda u: (observation(unit=f"u{u}"), "observation"), st.integers(0, 99)),
    st.builds(lambda o: (observation(outcome=o), "observation"), st.just("failure")),
    st.builds(lambda k: (observation(kind=k), "bad"), st.sampled_from(["metric", "exposure", 7])),
    st.builds(lambda raw: (raw, "bad"), st.sampled_from([None, 5, "text", [], {}])),
)


@given(st.lists(ITEMS, min_size=1, max_size=40), st.sampled_from([1, 3]))
def test_every_item_is_accepted_sampled_or_refused_and_every_good_exposure_is_stored(
    sent: list[tuple[Any, str]], sample: int
) -> None:
    store = SqliteStore()
    at = worker(store, sample_successes=sample)
    fates = [fate for _, fate in sent]
    raw = [item for item, _ in sent]
    bad = [i for i, fate in enumerate(fates) if fate == "bad"]
    if len(bad) == len(sent):
        with pytest.raises(InvalidBatch) as raised:
            at.batch("b1", raw)
        assert [r.index for r in raised.value.rejected] == bad
        store.close()
        return
    answer = at.batch("b1", raw)
    assert answer.accepted + answer.sampled + len(answer.rejected) == len(sent)
    assert [r.index for r in answer.rejected] == bad
    found = store.get(Ref("ops_observations", "b1"))
    data = found.data if found else {"items": []}
    assert len(data.get("exposures", [])) == fates.count("exposure")
    assert len(data["items"]) + answer.sampled == fates.count("observation")
    assert answer.accepted == len(data["items"]) + len(data.get("exposures", []))
    again = at.batch("b1", raw)
    assert again == answer.model_copy(update={"duplicate": found is not None})
    assert at.scored_later().scored == len(data["items"])
    check(store)
    store.close()


def test_five_hundred_exposures_fit_one_document_and_are_one_chunk_of_scoring(
    store: Store,
) -> None:
    at = worker(store)
    long: dict[str, Any] = {
        "rolloutId": "r" * 120,
        "rolloutArm": "a" * 120,
        "intendedVersion": "v" * 120,
    }
    items = [exposure(unit="ü" * 200 + str(i), **long) for i in range(MAX_BATCH)]
    assert at.batch("b" * 120, items).accepted == MAX_BATCH
    assert at.scored_later().documents == 1
    check(store)
