"""Feedback: folded in once, whenever it comes; the latest of a source wins."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.clock import millis
from ratchet.kernel.errors import InvalidBatch, InvalidInput
from ratchet.observe.observation import MAX_BATCH
from ratchet.observe.reward import RewardConfig, Weights
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.grading import folded, grade, scored
from tests.support.observing import (
    NOON,
    SECOND,
    Worker,
    buckets_of,
    configure,
    ids,
    observation,
    reward_of,
    worker,
)
from tests.support.recount import check

MINUTE = timedelta(minutes=1)


def test_a_late_grade_corrects_the_reward_and_its_bucket_once(store: Store) -> None:
    at = scored(store)
    assert reward_of(store, "s1")["score"] == 0.85
    assert folded(at, grade("s1", 0.5)) == 1
    reward = reward_of(store, "s1")
    assert (reward["score"], reward["quality"]) == (0.55, 0.5)
    assert reward["feedback"]["person"]["grade"] == 0.5
    check(store)
    assert at.fold().corrected == 0
    assert folded(at, grade("s1", 0.5, ts=millis(NOON))) == 0
    check(store)


def test_the_observation_itself_is_never_changed(embedded: SqliteStore) -> None:
    at = scored(embedded)
    before = embedded.query(Query("ops_observations"))
    folded(at, grade("s1", 0.1), {"obsId": "b1.0", "source": "x", "outcome": "failure"})
    assert embedded.query(Query("ops_observations")) == before


def test_a_later_outcome_corrects_the_reward_and_moves_the_counts(store: Store) -> None:
    at = scored(store)
    assert folded(at, {"obsId": "s1", "source": "tests", "outcome": "failure"}) == 1
    assert (reward_of(store, "s1")["score"], reward_of(store, "s1")["outcome"]) == (0.0, "failure")
    (bucket,) = buckets_of(store)
    assert {name: tally.n for name, tally in bucket.sums.outcomes.items()} == {
        "failure": 2,
        "success": 2,
    }
    check(store)


def test_the_latest_of_a_source_wins_in_whatever_order_they_arrive(store: Store) -> None:
    at = scored(store)
    folded(at, grade("s1", 0.2, ts=millis(NOON + 2 * SECOND)))
    assert folded(at, grade("s1", 0.9, ts=millis(NOON + SECOND))) == 0
    assert reward_of(store, "s1")["quality"] == 0.2
    assert folded(at, grade("s1", 0.4, ts=millis(NOON + 3 * SECOND))) == 1
    assert reward_of(store, "s1")["quality"] == 0.4
    check(store)


def test_an_older_word_that_overtakes_nothing_is_dropped_before_and_after_folding(
    embedded: SqliteStore,
) -> None:
    at = scored(embedded)
    at.feedback(grade("s1", 0.2, ts=millis(NOON + 2 * SECOND)))
    assert folded(at, grade("s1", 0.9, ts=millis(NOON))) == 1
    assert reward_of(embedded, "s1")["quality"] == 0.2
    embedded.delete(Ref("ops_feedback", "s1~person"))  # as it does when it expires
    assert folded(at, grade("s1", 0.9, ts=millis(NOON))) == 0
    assert reward_of(embedded, "s1")["quality"] == 0.2


def test_two_sources_count_with_their_mean(store: Store) -> None:
    at = scored(store)
    folded(at, grade("s1", 0.2, "person"), grade("s1", 0.6, "judge"))
    assert reward_of(store, "s1")["quality"] == pytest.approx(0.4)
    assert reward_of(store, "s1")["score"] == pytest.approx(0.25 + 0.6 * 0.4)
    folded(at, grade("s1", 1.0, "judge"))
    assert reward_of(store, "s1")["quality"] == pytest.approx(0.6)
    check(store)


def test_of_two_outcomes_the_one_stated_last_counts(embedded: SqliteStore) -> None:
    at = scored(embedded)
    stated = {"obsId": "s1", "source": "a", "outcome": "timeout", "ts": millis(NOON + 5 * SECOND)}
    folded(at, stated, stated | {"source": "b", "outcome": "failure", "ts": millis(NOON)})
    assert reward_of(embedded, "s1")["outcome"] == "timeout"
    check(embedded)


@pytest.mark.parametrize("between", [True, False])
def test_a_sources_last_word_replaces_its_former_whole_whether_folded_between_or_not(
    embedded: SqliteStore, between: bool
) -> None:
    at = scored(embedded)
    at.feedback(grade("b1.2", 0.1))
    at.later()
    if between:
        at.fold()
    folded(at, {"obsId": "b1.2", "source": "person", "outcome": "success"})
    reward = reward_of(embedded, "b1.2")
    assert reward["score"] == pytest.approx(0.25 + 0.6 * 0.5)  # its own quality again
    check(embedded)


def test_an_item_of_a_batch_is_corrected_by_its_own_id(store: Store) -> None:
    at = scored(store)
    assert folded(at, grade("b1.0", 0.0), grade("b1.2", 1.0)) == 2
    scores = [reward_of(store, f"b1.{i}")["score"] for i in range(3)]
    assert scores == [pytest.approx(0.25), 0.0, pytest.approx(0.85)]
    check(store)


def test_items_keep_their_ids_where_others_of_the_batch_were_refused(store: Store) -> None:
    at = worker(store)
    at.batch(
        "b2",
        [observation(outcome="no"), observation(), observation() | {"ts": None}, observation()],
    )
    at.scored_later()
    assert folded(at, grade("b2.3", 0.0)) == 1
    assert [reward_of(store, f"b2.{i}").get("quality") for i in (0, 1)] == [None, 0.0]


def test_folding_everything_once_more_changes_nothing(store: Store) -> None:
    at = scored(store)
    folded(at, grade("s1", 0.3), grade("b1.0", 0.4), grade("b1.2", 0.6))
    before = {name: store.query(Query(name)) for name in ("ops_rewards", "ops_buckets")}
    for cursor in ids(store, "ops_checkpoints"):
        if cursor.startswith("feedback"):
            store.delete(Ref("ops_checkpoints", cursor))
    at.later()
    assert at.fold().corrected == 0
    assert {name: store.query(Query(name)) for name in before} == before


def test_more_than_a_page_is_folded_in_one_tick(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.batch("b1", [observation() for _ in range(MAX_BATCH)])
    at.scored_later()
    assert folded(at, *(grade(f"b1.{i}", 0.5) for i in range(MAX_BATCH))) == MAX_BATCH
    check(embedded)


def test_grades_are_scored_under_the_epoch_of_their_reward(embedded: SqliteStore) -> None:
    at = scored(embedded)
    configure(embedded, RewardConfig(weights=Weights(success=0.1)))
    at = Worker(embedded, at.clock)
    at.score()
    assert folded(at, grade("s1", 0.5)) == 1
    assert (reward_of(embedded, "s1")["score"], reward_of(embedded, "s1")["rewardEpoch"]) == (
        0.55,
        1,
    )
    check(embedded)


def test_good_feedback_of_a_bad_list_is_taken_and_bad_items_come_back(store: Store) -> None:
    at = scored(store)
    answer = at.feedback({"feedback": [grade("s1", 0.5), grade("s1", 7), {"source": "x"}]})
    assert answer.accepted == 1
    assert [(r.index, r.field) for r in answer.rejected] == [(1, "grade"), (2, "obsId")]
    with pytest.raises(InvalidBatch) as raised:
        at.feedback([grade("s1", 7), grade("s1", -1)])
    assert [r.index for r in raised.value.rejected] == [0, 1]
    with pytest.raises(InvalidInput) as one:
        at.feedback(grade("s1", 7))
    assert one.value.field == "grade"


@pytest.mark.parametrize("payload", [[], None, "text", {"feedback": {}}, [grade("a", 1)] * 501])
def test_feedback_of_the_wrong_form_is_refused(embedded: SqliteStore, payload: Any) -> None:
    with pytest.raises(InvalidInput) as raised:
        worker(embedded).feedback(payload)
    assert raised.value.field == "feedback"
