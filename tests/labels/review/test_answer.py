"""Answers: item, label and feedback in one go, from whoever's turn it is, once."""

from contextlib import suppress
from typing import Any

import pytest

from ratchet.govern.roles import Actor, machine, person
from ratchet.kernel.errors import Forbidden, InvalidInput, Refused, Unavailable
from ratchet.labels.label_stats import LabelStats
from ratchet.labels.review.answer import label_item
from ratchet.labels.review.pass_on import drop_item, second_opinion
from ratchet.observe.grade import Feedback
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.grading import scored
from tests.support.life import When
from tests.support.observing import reward_of
from tests.support.reviewing import ADA, BOB, EVE, LEASE, MINUTE, NOON, Desk, desk, item

KEY = "label~router~s1"


def feedback_of(store: Store, subject: str = "s1") -> Feedback:
    found = store.get(Ref(Feedback.collection, f"{subject}~review"))
    assert found is not None
    return Feedback.from_store(found.data)


def test_an_answer_is_a_label_and_the_feedback_of_what_was_drawn(store: Store) -> None:
    worker = scored(store)
    made = item(propensity=0.25, features_ref="ops_observations/s1", wanted=1)
    at = desk(store, made)
    at.later()
    done = at.answer(ADA, "bad", value=0.25, confidence=80.0, note="made up")
    assert (done.state, done.decided, done.closed_at) == ("done", "bad", NOON + MINUTE)
    (label,) = at.labels()
    assert (label.agent, label.subject, label.label, label.value) == ("router", "s1", "bad", 0.25)
    assert (label.source, label.source_id, label.labeller) == ("review", f"{KEY}~ada", "ada")
    assert (label.confidence, label.propensity, label.ts) == (80.0, 0.25, NOON + MINUTE)
    assert label.features_ref == "ops_observations/s1"
    given = feedback_of(store)
    assert (given.grade, given.propensity, given.asked) == (0.25, 0.25, None)
    worker.later(2 * MINUTE)
    worker.fold()
    assert reward_of(store, "s1")["score"] == pytest.approx(0.25 + 0.6 * 0.25)


def test_an_item_that_was_not_drawn_grades_without_a_propensity(embedded: SqliteStore) -> None:
    scored(embedded)
    desk(embedded, item("b1.1")).answer(ADA)
    given = feedback_of(embedded, "b1.1")
    assert (given.grade, given.propensity) == (1.0, None)


def test_an_observation_is_graded_when_it_is_decided_by_those_who_prevail(store: Store) -> None:
    scored(store)
    at = desk(store, item(wanted=2, propensity=0.5))
    at.answer(ADA, value=0.8)
    assert feedback_of(store).asked is True
    assert at.answer(BOB, "bad").state == "open"
    assert feedback_of(store).asked is True
    done = at.answer(EVE)
    assert (done.decided, done.wanted, len(at.labels())) == ("good", 3, 3)
    assert feedback_of(store).grade == 0.9  # of 0.8 and 1


def test_a_second_opinion_decides_anew(embedded: SqliteStore) -> None:
    scored(embedded)
    at = desk(embedded, item())
    at.answer(ADA)
    second_opinion(embedded, EVE, KEY, now=at.clock())
    at.later()
    assert at.answer(BOB, "bad").state == "open"
    assert feedback_of(embedded).grade == 1.0
    assert at.answer(EVE, "bad").decided == "bad"
    assert feedback_of(embedded).grade == 0.0


@pytest.mark.parametrize(
    ("kind", "classes", "answer"),
    [("dataset", ("keep", "drop"), "drop"), ("study", ("yes", "no"), "yes")],
)
def test_other_parts_ask_with_their_kind_and_classes_and_grade_nothing(
    embedded: SqliteStore, kind: Any, classes: tuple[str, ...], answer: str
) -> None:
    scored(embedded)
    at = desk(embedded, item(kind=kind, classes=classes, question="?"))
    assert at.answer(ADA, answer).decided == answer
    assert [(label.label, label.value) for label in at.labels()] == [(answer, None)]
    assert embedded.count(Query(Feedback.collection)) == 0


def test_who_did_not_claim_it_cannot_answer_and_nothing_is_written(embedded: SqliteStore) -> None:
    at = desk(embedded, item())
    with pytest.raises(Refused, match="has not claimed") as refused:
        at.label(BOB, KEY)
    assert refused.value.mend == f"ratchet review next {KEY}"
    at.next(ADA)
    with pytest.raises(Refused, match="somebody else's"):
        at.label(BOB, KEY)
    assert at.labels() == []


def test_an_answer_after_the_lease_is_taken_unless_somebody_claimed_meanwhile(
    store: Store,
) -> None:
    at = desk(store, item("s1", priority=0.9), item("s2"))
    first, second = at.next(ADA), at.next(BOB)
    at.later(LEASE)
    assert at.label(BOB, second.key()).state == "done"
    assert at.next(EVE).key() == first.key()
    with pytest.raises(Refused, match="somebody else's") as refused:
        at.label(ADA, first.key())
    assert refused.value.mend.endswith(f"ratchet review label {first.key()} CLASS --second")
    beside = at.label(ADA, first.key(), second=True)
    assert (beside.state, beside.claim and beside.claim.by) == ("claimed", "eve")
    done = at.label(EVE, first.key())
    assert (done.state, [one.by for one in done.opinions]) == ("done", ["ada", "eve"])


def test_a_late_answer_is_taken_where_whoever_had_it_since_lost_it_too(
    embedded: SqliteStore,
) -> None:
    at = desk(embedded, item(wanted=2))
    for who in (ADA, BOB):
        at.next(who)
        at.later(LEASE)
    assert at.label(ADA, KEY).state == "open"
    with pytest.raises(Refused, match="eve has not claimed"):
        at.label(EVE, KEY)
    assert at.label(BOB, KEY).state == "done"


def test_a_late_answer_to_what_is_done_is_taken_as_a_second_opinion(embedded: SqliteStore) -> None:
    at = desk(embedded, item())
    at.next(ADA)
    at.later(LEASE)
    at.answer(BOB)
    with pytest.raises(Refused, match="is done: good") as refused:
        at.label(ADA, KEY, "bad")
    assert "--second" in refused.value.mend
    found = at.label(ADA, KEY, "bad", second=True)
    assert (found.state, found.wanted, len(at.labels())) == ("open", 3, 2)


def test_the_same_answer_again_is_answered_as_the_first_time(store: Store) -> None:
    at = desk(store, item(wanted=2))
    first = at.answer(ADA)
    at.later()
    assert at.label(ADA, KEY) == first
    at.answer(BOB)
    at.later(LEASE)
    assert at.label(ADA, KEY).state == "done"
    assert len(at.labels()) == 2
    with pytest.raises(Refused, match="ada has said good"):
        at.label(ADA, KEY, "bad")


def test_what_was_dropped_takes_no_answer_not_even_a_second_one(embedded: SqliteStore) -> None:
    at = desk(embedded, item())
    at.next(ADA)
    drop_item(embedded, BOB, KEY, reason="a test of ours", now=NOON)
    for second in (False, True):
        with pytest.raises(Refused, match="bob dropped it: a test of ours"):
            at.label(ADA, KEY, second=second)
    assert at.labels() == []


def test_beside_nine_opinions_there_is_room_for_no_other(embedded: SqliteStore) -> None:
    at = desk(embedded, item(wanted=8))
    for i in range(8):
        at.answer(person(f"p{i}"), "good" if i % 2 else "bad")
    at.next(ADA)
    with pytest.raises(Refused, match="no more opinions"):
        at.label(BOB, KEY, second=True)
    assert at.label(ADA, KEY).state == "done"
    with pytest.raises(Refused, match="no more opinions"):
        at.label(BOB, KEY, second=True)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"label": "fine"}, "label"),
        ({"label": "bad", "value": 0.9}, "value"),
        ({"value": 1.5}, "value"),
        ({"confidence": 101.0}, "confidence"),
        ({"note": "x" * 2001}, "note"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_by_its_field(
    embedded: SqliteStore, said: dict[str, Any], field: str
) -> None:
    at = desk(embedded, item())
    at.next(ADA)
    with pytest.raises(InvalidInput) as refused:
        at.label(ADA, KEY, **said)
    assert refused.value.field == field
    assert at.labels() == []


def test_a_machine_labels_nothing(embedded: SqliteStore) -> None:
    at = desk(embedded, item())
    at.next(ADA)
    for who in (machine("ada"), Actor(name="ada", kind="person", role="service")):
        with pytest.raises(Forbidden):
            at.label(who, KEY, second=True)


@pytest.mark.parametrize(
    ("when", "error"),
    [("before", None), ("after", None), ("before", LOST := Unavailable("lost")), ("after", LOST)],
)
def test_an_answer_that_dies_or_is_reported_lost_is_whole_or_not_there(
    when: When, error: Unavailable | None
) -> None:
    for place in range(1, 20):
        store = SqliteStore()
        scored(store)
        at = desk(store, item(propensity=0.5))
        at.next(ADA)
        faulty = FaultyStore(store, place, when, error)
        with suppress(Died, Unavailable):
            label_item(faulty, at.reader, ADA, KEY, "bad", now=NOON)
        _assert_whole(at)
        at.label(ADA, KEY, "bad")
        assert len(at.labels()) == 1
        _assert_whole(at)
        store.close()
        if faulty.calls < place:
            return
    pytest.fail("it never came through")


def _assert_whole(at: Desk) -> None:
    """Hold the item, the labels, their statistics and the feedback against each other."""
    given = len(at.get(KEY).opinions)
    counted = at.store.get(Ref(LabelStats.collection, "router"))
    assert len(at.labels()) == given
    assert (counted is not None) == bool(given)
    assert feedback_of(at.store).asked == (None if given else True)
    assert feedback_of(at.store).grade == (0.0 if given else None)
