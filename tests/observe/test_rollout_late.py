"""Late outcomes, late grades and sweeps: what counts before an hour is frozen, and after."""

from datetime import timedelta
from typing import Any

from ratchet.kernel.clock import HOUR
from ratchet.observe.read_until import keep_read_until
from ratchet.observe.reward import RewardConfig, Weights
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import (
    NOON,
    Worker,
    buckets_of,
    configure,
    put_raw,
    reward_of,
)
from tests.support.recount import check as check_buckets
from tests.support.rollout_recount import (
    NEW,
    check,
    kept,
    met,
    mixed,
    only,
    running,
    served,
    watch,
)

MINUTE = timedelta(minutes=1)
WATCHES = {"r1": watch()}


def test_a_timeout_that_came_too_late_counts_in_its_component_alone(store: Store) -> None:
    at = running(store)
    at.later(HOUR + MINUTE)
    at.record({"id": "late"} | served(outcome="timeout"))
    at.record({"id": "soon"} | served(at.clock(), outcome="timeout"))
    at.record({"id": "long"} | served(at.clock(), exposedAt=1_773_144_000_000))
    at.later()
    at.score()
    assert only(store, "control").sums.timeout.total() == 1
    assert sum(b.sums.total.n for b in buckets_of(store)) == 3
    check(store, WATCHES)


def test_grades_count_until_the_window_closes_and_then_correct_the_reward_alone(
    store: Store,
) -> None:
    at = running(store)
    at.batch("b1", [served(unit="u1"), served(unit="u2")])
    at.later()
    at.score()
    at.feedback({"obsId": "b1.0", "source": "a", "grade": 0.5})
    at.later(HOUR)
    at.feedback({"obsId": "b1.0", "source": "b", "grade": 0.1})
    at.feedback({"obsId": "b1.1", "source": "b", "outcome": "failure"})
    at.later()
    at.fold()
    assert reward_of(store, "b1.0")["quality"] == 0.3
    assert reward_of(store, "b1.1")["outcome"] == "failure"
    sums = only(store, "control").sums
    assert (sums.quality_wx.total(), sums.success.total(), sums.failure.total()) == (500_000, 2, 0)
    check(store, WATCHES)
    check_buckets(store)


def test_a_word_in_time_that_is_folded_after_a_late_one_counts_beside_the_first(
    store: Store,
) -> None:
    at = running(store)
    at.record({"id": "o1"} | served())
    at.later()
    at.score()
    at.feedback({"obsId": "o1", "source": "a", "grade": 0.8})
    at.later()
    at.fold()
    at.feedback({"obsId": "o1", "source": "c", "grade": 0.2})  # in time, but not folded yet
    at.later(HOUR)
    at.feedback({"obsId": "o1", "source": "a", "grade": 0.0})  # too late: 0.8 stays what counts
    at.later()
    at.fold()
    assert reward_of(store, "o1")["quality"] == 0.1
    assert only(store, "control").sums.quality_wx.total() == 500_000
    assert only(store, "control").sums.quality_w.total() == 1


def test_a_grade_moves_its_observation_from_success_to_failure_in_all_places(store: Store) -> None:
    at = running(store)
    at.record({"id": "o1"} | served(paired=[NEW], costUsd=0.5, weight=3))
    at.later()
    at.score()
    at.feedback({"obsId": "o1", "source": "a", "outcome": "failure", "grade": 0.25})
    at.later()
    at.fold()
    for arm in ("control", f"pair:{NEW}"):
        sums = only(store, arm).sums
        assert (sums.success.total(), sums.failure.total(), sums.n.total()) == (0, 3, 1)
        assert (sums.known_cost.total(), sums.cost_w.total()) == (0, 3)
    check(store, WATCHES)


def test_a_rescoring_leaves_rollout_buckets_alone(store: Store) -> None:
    at = running(store)
    at.batch("b1", mixed(10))
    at.later()
    at.score()
    before = kept(store)
    configure(store, RewardConfig(weights=Weights(baseline=0.1)))
    fresh = Worker(store, at.clock)
    assert fresh.rescore(since=NOON - HOUR).rescored == 10
    assert kept(store) == before
    assert fresh.batch("b2", [served(unit="u9")]).accepted == 1
    fresh.feedback({"obsId": "b1.1", "source": "a", "grade": 0.5})
    fresh.later()
    fresh.score()
    fresh.fold()
    assert reward_of(store, "b2.0")["score"] == 0.7
    check(store, WATCHES)  # by the rewards of the first epoch, to which the rollout is pinned


def frozen(store: Store) -> Worker:
    """Return a worker beside a rollout whose hour of noon is frozen, with one observation."""
    at = running(store)
    at.record({"id": "o1"} | served())
    at.later()
    at.read()
    at.later(2 * HOUR)
    at.read()
    return at


def test_a_sweep_after_the_freeze_scores_and_leaves_the_bucket(store: Store) -> None:
    at = frozen(store)
    before = kept(store)
    put_raw(store, "passed", NOON, served(unit="u7") | {"ts": NOON})
    assert at.sweep().missing == 1
    assert reward_of(store, "passed")["score"] == 0.85
    assert kept(store) == before


def test_a_sweep_before_the_freeze_counts_what_was_passed_by(store: Store) -> None:
    at = running(store)
    at.record({"id": "o1"} | served())
    at.later()
    at.read()
    put_raw(store, "passed", NOON, served(unit="u7") | {"ts": NOON})
    at.later(HOUR)
    assert at.sweep().missing == 1
    check(store, WATCHES)
    assert only(store, "control").sums.n.total() == 2


def test_a_grade_in_time_that_is_folded_after_the_freeze_corrects_the_reward_alone(
    embedded: SqliteStore,
) -> None:
    at = frozen(embedded)
    before = kept(embedded)
    grade = {"v": 1, "obsId": "o1", "source": "a", "grade": 0.5, "ts": NOON, "shard": 0}
    at.feedback({"obsId": "o1", "source": "other", "grade": 0.5})
    times = {"ingestedAt": NOON + MINUTE, "expireAt": NOON + 30 * 24 * HOUR}
    embedded.set(Ref("ops_feedback", "o1~a"), grade | times)  # it showed behind the cursor
    at.later(HOUR)
    assert at.fold().corrected == 1
    assert set(reward_of(embedded, "o1")["feedback"]) == {"a", "other"}
    assert kept(embedded) == before


def test_an_exposure_for_a_frozen_hour_counts_no_more(store: Store) -> None:
    at = frozen(store)
    before = kept(store)
    at.batch("late", [met(), met(at.clock())])
    at.later()
    at.score()
    assert [b for b in kept(store) if b.hour == NOON] == before
    assert [b.sums.exposures.total() for b in kept(store) if b.hour > NOON] == [1]


def test_a_freeze_between_a_folds_reads_and_its_commit_stops_the_fold(
    embedded: SqliteStore,
) -> None:
    at = running(embedded)
    at.record({"id": "o1"} | served())
    at.later()
    at.read()
    at.feedback({"obsId": "o1", "source": "a", "grade": 0.5})
    at.later()
    before = kept(embedded)
    other = Worker(embedded, at.clock)

    class Slow(CountingStore):
        """Lets an hour freeze before its first commit."""

        def commit(self, writes: Any) -> None:
            if at.clock() < NOON + HOUR:
                at.clock.advance(3 * HOUR)
                keep_read_until(embedded, other.clock())
            super().commit(writes)

    assert Worker(Slow(embedded), at.clock).fold().corrected == 1
    assert reward_of(embedded, "o1")["quality"] == 0.5
    assert kept(embedded) == before


def test_what_counts_is_remembered_after_a_late_word_has_replaced_it(
    embedded: SqliteStore,
) -> None:
    at = running(embedded)
    at.later(30 * MINUTE)
    at.record({"id": "o1"} | served(at.clock()))
    at.feedback({"obsId": "o1", "source": "a", "grade": 0.8})
    at.later()
    at.score()
    at.fold()
    at.later(HOUR + MINUTE)
    at.feedback({"obsId": "o1", "source": "a", "grade": 0.0})
    at.later()
    at.fold()
    # One that came in time shows behind the cursor; it is found when the hour is over.
    word = {"v": 1, "obsId": "o1", "source": "b", "grade": 0.4, "ts": NOON, "shard": 0}
    times = {"ingestedAt": NOON + HOUR + MINUTE, "expireAt": NOON + 720 * HOUR}
    embedded.set(Ref("ops_feedback", "o1~b"), word | times)
    at.later(HOUR)
    at.fold()
    assert reward_of(embedded, "o1")["quality"] == 0.2
    assert only(embedded, "control").sums.quality_wx.total() == 600_000
