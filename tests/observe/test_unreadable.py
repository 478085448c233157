"""Sums that cannot be read: an alert names them, they stay, and everything else goes on."""

from typing import Any

import pytest

from ratchet.govern.alerts import Alert
from ratchet.kernel.errors import UnknownSchema
from ratchet.store.port import Query, Ref, Store
from tests.support.observing import Worker, observation, reward_of, worker
from tests.support.run_recount import totals_of


@pytest.fixture
def at(embedded: Store) -> Worker:
    """A worker on the embedded store."""
    return worker(embedded)


def told(at: Worker) -> list[tuple[str, str, int]]:
    """Return the alerts: about what, how often seen, in order."""
    found = [Alert.from_store(s.data) for s in at.store.query(Query(Alert.collection))]
    return sorted((alert.what, alert.subject, alert.count) for alert in found)


def broken(at: Worker, collection: str, **fields: Any) -> Ref:
    """Break the one document of a collection that there is by hand."""
    (found,) = at.store.query(Query(collection))
    at.store.set(found.ref, found.data | fields)
    return found.ref


def test_totals_that_cannot_be_read_keep_nothing_from_being_scored(at: Worker) -> None:
    at.record({"id": "o1"} | observation(runId="run-1"))
    at.scored_later()
    ref = broken(at, "ops_run_totals", sums="none")
    before = at.store.get(ref)
    for name in ("run-1", "run-2"):
        at.record({"id": f"o-{name}"} | observation(runId=name, quality=1.0))
    at.scored_later()
    assert reward_of(at.store, "o-run-1")["score"] == reward_of(at.store, "o-run-2")["score"]
    assert at.store.get(ref) == before
    found = at.store.get(Ref("ops_run_totals", "run-2"))
    assert found is not None
    assert found.data["sums"]["n"] == 1
    assert told(at) == [("sums-unreadable", "ops_run_totals", 1)]
    (alert,) = at.store.query(Query(Alert.collection))
    assert "ops_run_totals/run-1: run totals: sums" in alert.data["text"]


def test_a_late_grade_takes_nothing_from_totals_that_never_had_it(at: Worker) -> None:
    at.record({"id": "o1"} | observation(runId="run-1", quality=1.0))
    at.scored_later()
    mended = at.store.get(Ref("ops_run_totals", "run-1"))
    assert mended is not None
    broken(at, "ops_run_totals", sums="none")
    at.record({"id": "o2"} | observation(runId="run-1", quality=1.0))
    at.scored_later()
    for name in ("o1", "o2"):  # while they are broken
        at.feedback({"obsId": name, "source": "a", "grade": 0.5})
    at.later()
    assert at.fold().corrected == 2
    at.store.set(mended.ref, mended.data)
    at.feedback({"obsId": "o2", "source": "b", "grade": 0.1})
    at.later()
    assert at.fold().corrected == 1
    assert totals_of(at.store)["run-1"].sums.reward.wx == 850_000  # of o1, as it was


def test_a_bucket_that_cannot_be_read_keeps_no_other_component_from_its_sums(at: Worker) -> None:
    at.record(observation(component="a"))
    at.scored_later()
    ref = broken(at, "ops_buckets", sums="none")
    at.batch("b", [observation(component=name) for name in ("a", "b", "b")])
    at.scored_later()
    held = {s.ref: s.data for s in at.store.query(Query("ops_buckets"))}
    assert held.pop(ref)["sums"] == "none"
    (other,) = held.values()
    assert (other["component"], other["sums"]["reward"]["n"]) == ("b", 2)
    at.batch("c", [observation(component="a")])
    at.scored_later()
    assert told(at) == [("sums-unreadable", "ops_buckets", 1)]  # within the hour, once


def test_what_a_newer_program_wrote_is_not_passed_by(at: Worker) -> None:
    at.record(observation(runId="run-1"))
    at.scored_later()
    broken(at, "ops_run_totals", v=99)
    at.record({"id": "next"} | observation(runId="run-1"))
    at.later()
    with pytest.raises(UnknownSchema):
        at.score()
    assert at.store.get(Ref("ops_rewards", "next")) is None
