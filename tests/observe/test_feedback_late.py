"""Feedback that comes too early, too late, out of order, in numbers, or for nothing."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import TooLarge
from ratchet.observe.fold import PAGE, WAIT
from ratchet.store.port import Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import FaultyStore
from tests.support.grading import folded, grade, scored
from tests.support.observing import (
    NOON,
    Worker,
    alerts,
    ids,
    observation,
    reward_of,
    worker,
)
from tests.support.recount import check

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("obs_id", ["never", "b1.7", "b1", "s1.0"])
def test_an_unknown_id_waits_24_hours_then_is_a_dead_letter_with_an_alert(
    store: Store, obs_id: str
) -> None:
    at = scored(store)
    # A grade for a neighbour in the same tick must not hide that this one found nothing.
    at.feedback([grade(obs_id, 0.5), grade("b1.0", 0.5), grade("s1", 0.5)])
    at.later()
    first = at.fold()
    assert (first.corrected, first.waiting, first.dead) == (2, 1, 0)
    at.later(WAIT - MINUTE)
    assert at.fold().waiting == 1
    at.later(2 * MINUTE)
    assert (at.fold().dead, at.fold().dead) == (1, 0)
    (letter,) = store.query(Query("ops_dead_letters"))
    assert (letter.data["obsId"], letter.data["code"]) == (obs_id, "RATCHET-2001")
    assert letter.data["grade"] == 0.5
    assert ids(store, "ops_feedback") == ["b1.0~person", "s1~person"]
    assert alerts(store) == ["feedback-dead"]
    check(store)


def test_feedback_that_comes_before_its_observation_is_folded_in_when_it_is_scored(
    store: Store,
) -> None:
    at = worker(store)
    at.feedback(grade("late", 0.0))
    at.later()
    assert at.fold().waiting == 1
    at.record({"id": "late"} | observation())
    at.scored_later()
    assert at.fold().corrected == 1
    assert reward_of(store, "late")["score"] == 0.25
    assert store.count(Query("ops_feedback", limit=5)) == 1
    assert (at.fold().waiting, at.fold().corrected) == (0, 0)
    check(store)


def test_feedback_for_what_the_scorer_has_not_reached_in_24_hours_goes_on_waiting(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded)
    at.record({"id": "s1"} | observation())
    at.feedback(grade("s1", 0.5))
    at.later()
    at.fold()
    at.later(WAIT + HOUR)
    assert (at.fold().waiting, at.fold().dead) == (1, 0)
    at.score()
    assert at.fold().corrected == 1


def test_what_waits_in_numbers_does_not_keep_the_rest_from_being_tried(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded)
    for start in range(0, PAGE + 50, 250):
        at.feedback([grade(f"never{i}", 0.5) for i in range(start, start + 250)])
    at.feedback(grade("zz-known", 0.5))
    at.later()
    at.fold()
    at.record({"id": "zz-known"} | observation())
    at.scored_later()
    assert sum(at.fold().corrected for _ in range(2)) == 1
    check(embedded)


def test_what_became_visible_behind_the_cursor_is_folded_in_within_the_next_hour(
    embedded: SqliteStore,
) -> None:
    at = scored(embedded)
    at.later(MINUTE)
    at.feedback(grade("s1", 0.5))
    taken = embedded.get(Ref("ops_feedback", "s1~person"))
    assert taken is not None
    embedded.delete(taken.ref)
    at.later()
    folded(at, grade("b1.0", 0.5))
    embedded.set(taken.ref, taken.data)  # its commit shows only now
    assert at.fold().corrected == 0
    at.later(HOUR)
    assert at.fold().corrected == 1
    check(embedded)


def test_feedback_after_a_clock_was_set_back_is_folded_in(embedded: SqliteStore) -> None:
    at = scored(embedded)
    at.later(HOUR)
    folded(at, grade("s1", 0.5))
    at.clock.now = NOON + MINUTE
    assert folded(at, grade("b1.0", 0.5)) == 1
    at.clock.now = NOON + 3 * MINUTE
    assert folded(at, grade("b1.2", 0.1)) == 1
    check(embedded)


class FullStore(FaultyStore):
    """Takes no more into one reward document."""

    def commit(self, writes: Sequence[Write]) -> None:
        if any(write.ref == Ref("ops_rewards", "b1") for write in writes):
            raise TooLarge("ops_rewards/b1 has 1048577 bytes")
        super().commit(writes)


def test_a_reward_document_that_is_full_does_not_stop_the_others(embedded: SqliteStore) -> None:
    at = scored(embedded)
    full = Worker(FullStore(embedded), at.clock)
    full.feedback([grade("b1.0", 0.5), grade("s1", 0.5)])
    at.later()
    report = full.fold()
    assert (report.corrected, report.dead) == (1, 1)
    (letter,) = embedded.query(Query("ops_dead_letters"))
    assert (letter.data["obsId"], letter.data["code"]) == ("b1.0", "RATCHET-1003")
    check(embedded)


def test_an_observation_is_corrected_as_long_as_it_is_kept(embedded: SqliteStore) -> None:
    # Taken 29 days late, graded 25 days after that, with the sweeps that remove what expired.
    at = worker(embedded)
    at.record({"id": "old"} | observation(NOON - timedelta(days=29)))
    at.record({"id": "s1"} | observation())
    at.scored_later()
    for _ in range(25):
        at.later(timedelta(days=1))
        at.sweep()
    assert folded(at, grade("old", 0.5), grade("s1", 0.5)) == 2
    check(embedded)
