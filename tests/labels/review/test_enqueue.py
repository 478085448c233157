"""Enqueue: an item is asked once, its near copies not at all, and its observation knows of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from ratchet.labels.review.enqueue import enqueue
from ratchet.observe.grade import Feedback
from ratchet.store.port import Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.grading import scored
from tests.support.observing import ids
from tests.support.reviewing import ADA, NOON, desk, item


def asked(store: Store, subject: str) -> Feedback | None:
    found = store.get(Ref(Feedback.collection, f"{subject}~review"))
    return Feedback.from_store(found.data) if found else None


def test_an_item_that_is_there_stays_as_it_is_whatever_its_state(store: Store) -> None:
    at = desk(store, item("s1"), item("s2", priority=0.5))
    at.answer(ADA)
    before = store.query(Query("ops_review_queue"))
    assert at.put(item("s1", priority=9), item("s2", priority=9), item("s3"), item("s3")) == 1
    assert [s for s in store.query(Query("ops_review_queue")) if s.ref.id[-1] != "3"] == before


def test_of_near_copies_the_first_is_asked_and_only_in_its_kind_and_agent(store: Store) -> None:
    at = desk(store, item("s1", fingerprint="f"), item("s2", fingerprint="f"), item("s3"))
    others = (item("s4", fingerprint="f", kind="study"), item("s5", fingerprint="f", agent="other"))
    assert at.put(item("s6", fingerprint="f"), *others) == 2
    subjects = sorted(key.rpartition("~")[2] for key in ids(store, "ops_review_queue"))
    assert subjects == ["s1", "s3", "s4", "s5"]


def test_more_items_than_a_query_takes_are_all_put_in(embedded: SqliteStore) -> None:
    items = [item(f"s{i}", fingerprint=f"f{i % 65}") for i in range(70)]
    assert desk(embedded).put(*items) == 65


class Overtaken(FaultyStore):
    """Lets another put in a near copy right before the first commit."""

    def commit(self, writes: Sequence[Write]) -> None:
        if "commit" not in self.log:
            desk(self.inner, item("s1", fingerprint="f"))
        super().commit(writes)


def test_two_who_put_in_near_copies_at_the_same_moment_ask_one(store: Store) -> None:
    assert enqueue(Overtaken(store), [item("s2", fingerprint="f")], now=NOON) == 0
    assert ids(store, "ops_review_queue") == ["label~router~s1"]


def test_a_drawn_observation_knows_that_people_are_asked_about_it(store: Store) -> None:
    scored(store)
    drawn = [item(s, propensity=0.25) for s in ("s1", "b1.1", "b1.7", "nowhere")]
    desk(store, *drawn, item("b1.0"))
    for subject in ("s1", "b1.1"):
        found = asked(store, subject)
        assert found is not None
        assert (found.asked, found.propensity, found.grade) == (True, 0.25, None)
    assert ids(store, Feedback.collection) == ["b1.1~review", "s1~review"]


@pytest.mark.parametrize(
    "other",
    [
        {"agent": "planner"},
        {"classes": ("keep", "drop")},
        {"kind": "dataset"},
        {"subject": "router@1.0.0"},
    ],
)
def test_what_is_no_question_about_the_quality_of_an_observation_leaves_it_alone(
    embedded: SqliteStore, other: dict[str, Any]
) -> None:
    scored(embedded)
    fields: dict[str, Any] = {"subject": "s1", "propensity": 0.5} | other
    assert desk(embedded).put(item(**fields)) == 1
    assert ids(embedded, Feedback.collection) == []


def test_a_grade_that_was_given_is_not_taken_back_by_asking_again(embedded: SqliteStore) -> None:
    scored(embedded)
    at = desk(embedded, item("s1", propensity=0.5))
    at.answer(ADA)
    embedded.delete(Ref("ops_review_queue", "label~router~s1"))  # as it does when it expires
    assert at.put(item("s1", propensity=0.1)) == 1
    found = asked(embedded, "s1")
    assert found is not None
    assert (found.grade, found.asked) == (1.0, None)


def test_a_death_at_any_call_leaves_each_item_with_its_observation_or_neither() -> None:
    items = [item(f"b1.{i}", propensity=0.5, fingerprint=f"f{i}") for i in range(3)]
    items += [item("s1", kind="label", propensity=0.5), item("s2", kind="study")]
    for place in range(1, 40):
        store = SqliteStore()
        scored(store)
        faulty = FaultyStore(store, place)
        try:
            enqueue(faulty, items, now=NOON)
        except Died:
            done = {key.rpartition("~")[2] for key in ids(store, "ops_review_queue")} - {"s2"}
            assert {key.partition("~")[0] for key in ids(store, Feedback.collection)} == done
            enqueue(store, items, now=NOON)
        assert len(ids(store, "ops_review_queue")) == 5
        assert len(ids(store, Feedback.collection)) == 4
        store.close()
        if faulty.calls < place:
            return
    pytest.fail("it never came through")
