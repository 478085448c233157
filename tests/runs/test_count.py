"""What runs count: where, how much, and once, whatever is told and observed when."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from ratchet.kernel.clock import DAY, HOUR
from ratchet.observe.settings import Ingest
from ratchet.runs import place
from ratchet.runs.recompute import recompute_runs
from ratchet.runs.settings import RunLossSettings
from ratchet.stats.run_sums import RunBucket, RunSums
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON, Worker, alerts, configure, observation, worker
from tests.support.told import a_run, check_runs, count, held, run_of, tell


@pytest.fixture
def at(embedded: SqliteStore) -> Worker:
    """A worker on the embedded store."""
    return worker(embedded)


def counted_later(at: Worker) -> None:
    """Let the safety lag pass; score, fold and count as a tick does."""
    at.later()
    at.score()
    at.fold()
    count(at)


def bucket_of(store: Store, version: str = "none", day: str = "20260310") -> RunBucket:
    found = store.get(Ref("ops_run_buckets", f"planner~{version}~{day}"))
    assert found is not None
    return RunBucket.from_store(found.data)


def sums_of(store: Store, version: str = "none") -> RunSums:
    return bucket_of(store, version).sums


FULL: dict[str, Any] = {
    "policyVersion": "p@1.0.0",
    "models": ["a", "b"],
    "costUsd": 0.25,
    "durationMs": 1500.5,
    "outcome": "failure",
    "errorCode": "429",
    "gates": {"tests": "failed", "lint": "failed", "review": "passed", "docs": "skipped"},
    "metrics": {"contradictions": 5},
}


def test_a_run_counts_what_it_told_in_its_component_version_and_day(store: Store) -> None:
    at = worker(store, shards=3)
    tell(at, a_run(**FULL))
    tell(at, a_run("r2", policyVersion="p@1.0.0", gates={}, metrics={}))
    counted_later(at)
    found = bucket_of(store, "p@1.0.0")
    sums = found.sums
    # (0.25 x 2/3 + 0.15 x 1) / 0.4 = 0.791667
    assert (sums.runs, sums.loss.n, sums.loss.wx) == (2, 1, 791_667)
    assert (sums.cost.wx, sums.duration.wx, sums.gates_seen) == (250_000_000, 1_500_500, 1)
    assert sums.terms["gatePassRate"].wx == 666_667
    assert (sums.outcomes, sums.errors) == ({"failure": 1}, {"429": 1})
    assert sums.gates == {"lint": 1, "tests": 1}
    assert {name: model.loss.wx for name, model in sums.models.items()} == {
        "a": 791_667,
        "b": 791_667,
    }
    assert sums.reward.n == 0
    assert (found.updated_at, found.expire_at - found.day) == (at.clock(), 400 * DAY)
    check_runs(store)


def test_what_was_observed_of_a_run_is_counted_where_the_run_did_not_tell_it(at: Worker) -> None:
    tell(at, a_run(models=["a", "c"], budget={"maxCostUsd": 0.5}))
    served: dict[str, Any] = {
        "runId": "r1",
        "component": "router",
        "costUsd": 0.4,
        "durationMs": 100.0,
    }
    at.batch("b1", [observation(arm="a", **served), observation(arm="b", quality=0.5, **served)])
    counted_later(at)
    sums = sums_of(at.store)
    assert sums.cost.wx == 800_000_000
    assert sums.terms["costOverBudget"].wx == 600_000  # 1.6 times the budget
    assert run_of(at.store).loss.terms["costOverBudget"].value == pytest.approx(1.6)
    rewards = {name: model.reward.wx for name, model in sums.models.items()}
    assert rewards["c"] == sums.reward.wx != rewards["a"]  # c served nothing: the run's mean
    check_runs(at.store)


def test_a_late_grade_changes_the_reward_of_the_run_and_nothing_else(at: Worker) -> None:
    tell(at, a_run())
    at.record({"id": "o1"} | observation(runId="r1", arm="a"))
    counted_later(at)
    before = sums_of(at.store)
    computed = run_of(at.store).loss
    at.feedback({"obsId": "o1", "source": "person", "grade": 0.1})
    at.later(DAY)
    counted_later(at)
    after = sums_of(at.store)
    assert after.reward.wx < before.reward.wx
    assert after.models["a"].reward == after.reward
    assert after.loss == before.loss
    assert run_of(at.store).loss == computed
    check_runs(at.store)


def test_a_revision_takes_back_what_the_last_one_counted(store: Store) -> None:
    at = worker(store)
    tell(at, a_run(**FULL))
    counted_later(at)
    moved = a_run(when=NOON - DAY, policyVersion="p@2.0.0")
    tell(at, moved)
    counted_later(at)
    assert sums_of(store, "p@1.0.0") == RunSums()
    assert list(held(store)) == ["planner/p@2.0.0/09"]
    check_runs(store)


def test_counting_again_writes_nothing_and_reads_the_last_seconds_alone(at: Worker) -> None:
    for n in range(3):
        tell(at, a_run(f"r{n}"))
    assert count(at).counted == 3
    at.later()
    before = at.store.query(Query("ops_run_buckets")), at.store.query(Query("ops_runs"))
    for read in (3, 0):  # what may have shown late is looked at once more
        again = count(at)
        assert (again.read, again.counted, again.changed) == (read, 0, 0)
        at.later(timedelta(minutes=1))
    at.later(2 * HOUR)  # so is what came in an hour, when it is over
    assert [count(at).read, count(at).read] == [3, 0]
    assert (at.store.query(Query("ops_run_buckets")), at.store.query(Query("ops_runs"))) == before
    check_runs(at.store)


EVENTS = ("first", "second", "seen", "graded")


@pytest.mark.parametrize("order", list(permutations(EVENTS)))
def test_whatever_comes_first_the_sums_are_the_same(at: Worker, order: tuple[str, ...]) -> None:
    events: dict[str, Any] = {
        "first": lambda: tell(at, a_run(revision=1, costUsd=3.0, budget={"maxCostUsd": 2.0})),
        "second": lambda: tell(at, a_run(revision=2, budget={"maxCostUsd": 0.02})),
        "seen": lambda: at.record({"id": "o1"} | observation(runId="r1", costUsd=0.025)),
        "graded": lambda: at.feedback({"obsId": "o1", "source": "x", "grade": 0.25}),
    }
    for name in order:
        events[name]()
        counted_later(at)
        check_runs(at.store)
    assert sums_of(at.store).terms["costOverBudget"].wx == 250_000
    assert sums_of(at.store).runs == 1
    assert sums_of(at.store).reward.n == 1


def test_changed_settings_leave_a_loss_alone_until_its_run_changes(at: Worker) -> None:
    tell(at, a_run(budget={"maxCostUsd": 1.0}))
    counted_later(at)
    before = run_of(at.store)
    assert before.loss.loss == pytest.approx(0.3875)
    weights = {"gatePassRate": 1.0} | {t: 0.0 for t in RunLossSettings().weights if t[0] != "g"}
    configure(at.store, RunLossSettings(weights=weights | {"grounding": 0.0}))
    at.later(2 * HOUR)
    counted_later(at)
    assert run_of(at.store).loss == before.loss
    at.record({"id": "o1"} | observation(runId="r1", costUsd=0.5))
    counted_later(at)
    after = run_of(at.store)
    assert (after.loss.loss, sums_of(at.store).loss.wx) == (0.5, 500_000)
    assert after.loss.settings != before.loss.settings
    assert after.revisions[0].loss == 0.5


def test_versions_over_the_cap_of_a_day_count_as_other(
    at: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "MAX_VERSIONS", 2)
    for n in range(4):
        tell(at, a_run(f"r{n}", policyVersion=f"p@1.0.{n}"))
    tell(at, a_run("r4", when=NOON - DAY, policyVersion="p@1.0.3"))
    counted_later(at)
    runs = {place: counts["runs"]["runs"] for place, counts in held(at.store).items()}
    assert runs == {
        "planner/p@1.0.0/10": 1,
        "planner/p@1.0.1/10": 1,
        "planner/other/10": 2,
        "planner/p@1.0.3/09": 1,
    }
    tell(at, a_run("r3", policyVersion="p@1.0.3", gates={}))
    tell(at, a_run("r5", policyVersion="p@1.0.0"))
    counted_later(at)
    runs = {place: counts["runs"]["runs"] for place, counts in held(at.store).items()}
    assert (runs["planner/other/10"], runs["planner/p@1.0.0/10"]) == (2, 2)


def test_components_over_the_cap_of_a_day_count_as_other(
    at: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "MAX_BUCKETS", 3)
    configure(at.store, Ingest(shards=1))
    tell(at, a_run("r0", component="agent-0"))
    at.later()
    count(at)
    for n in range(1, 6):
        tell(at, a_run(f"r{n}", component=f"agent-{n}", policyVersion=f"p@1.0.{n}"))
    tell(at, a_run("again", component="agent-0", policyVersion="p@1.0.9"))
    at.later()
    assert count(at).counted == 6
    assert {s.ref.id.rpartition("~")[0] for s in at.store.query(Query("ops_run_buckets"))} == {
        "agent-0~none",
        "agent-0~p@1.0.9",  # a component that is known
        "agent-1~p@1.0.1",
        "agent-2~p@1.0.2",
        "other~other",
    }
    other = at.store.get(Ref("ops_run_buckets", "other~other~20260310"))
    assert other is not None
    assert other.data["sums"]["runs"] == 3
    (told,) = at.store.query(Query("ops_alerts"))
    assert told.data["text"] == "3 runs of components over the cap of a day are counted as `other`"
    tell(at, a_run("r5", component="agent-5", outcome="failure"))  # another telling of it
    at.later()
    count(at)
    other = at.store.get(other.ref)
    assert other is not None
    assert (other.data["sums"]["runs"], other.data["sums"]["outcomes"]) == (3, {"failure": 1})


def test_totals_without_a_run_wait_for_it(at: Worker) -> None:
    at.record({"id": "o1"} | observation(runId="r1", costUsd=0.5))
    counted_later(at)
    assert held(at.store) == {}
    at.later(DAY)
    tell(at, a_run())
    counted_later(at)
    assert sums_of(at.store).cost.wx == 500_000_000


def test_a_run_that_cannot_be_read_keeps_no_other_from_being_counted(at: Worker) -> None:
    for n in range(3):
        tell(at, a_run(f"r{n}"))
    found = at.store.get(Ref("ops_runs", "r1"))
    assert found is not None
    at.store.set(found.ref, found.data | {"revision": "two"})
    at.later()
    report = count(at)
    assert (report.counted, report.unreadable) == (2, 1)
    assert sums_of(at.store).runs == 2
    (alert,) = at.store.query(Query("ops_alerts"))
    assert alerts(at.store) == ["run-unreadable"]
    assert "ops_runs/r1: run: revision" in alert.data["text"]


def test_a_bucket_that_cannot_be_read_keeps_no_other_run_from_being_counted(at: Worker) -> None:
    tell(at, a_run())
    counted_later(at)
    whole = bucket_of(at.store)
    ref = Ref(whole.collection, whole.key())
    at.store.set(ref, whole.to_map() | {"sums": "none"})
    tell(at, a_run("r2"))
    tell(at, a_run("r3", component="writer"))
    at.later()
    report = count(at)
    assert (report.counted, report.unreadable) == (1, 1)
    assert run_of(at.store, "r2").counted is None
    assert alerts(at.store) == ["run-unreadable"]
    at.store.set(ref, whole.to_map())  # as a backup has it
    assert recompute_runs(at.store, at.reader, now=at.clock()).changed == 1
    check_runs(at.store)


def test_a_run_whose_time_was_broken_by_hand_keeps_no_other_from_being_counted(at: Worker) -> None:
    for n in range(2):
        tell(at, a_run(f"r{n}"))
    found = at.store.get(Ref("ops_runs", "r1"))
    assert found is not None
    at.store.set(found.ref, found.data | {"changedAt": "soon"})
    at.later()
    assert (count(at).counted, sums_of(at.store).runs) == (1, 1)


def test_what_one_commit_does_not_hold_is_counted_in_smaller_parts(
    at: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(40):
        tell(at, a_run(f"r{n:02d}", traces=["t" * 1000]))
    at.later()
    monkeypatch.setattr("ratchet.store.sqlite.MAX_COMMIT", 20_000)
    report = count(at)
    assert (report.counted, report.behind) == (40, False)
    assert sums_of(at.store).runs == 40


def test_a_tick_reads_no_more_than_it_may_and_says_so(
    at: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratchet.runs.count.MAX_READ", 2)
    monkeypatch.setattr("ratchet.runs.count.PAGE", 2)
    for n in range(5):
        tell(at, a_run(f"r{n}"))
        at.later(timedelta(seconds=1))
    at.later()
    assert [(r.counted, r.behind) for r in (count(at), count(at), count(at))] == [
        (2, True),
        (2, True),
        (1, False),
    ]
    check_runs(at.store)
