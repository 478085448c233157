"""Pass on: what is skipped or escalated goes to others, what is doubted to one more."""

from collections.abc import Callable
from typing import Any

import pytest

from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import Forbidden, InvalidInput, NotFound, Refused
from ratchet.labels.review.enqueue import enqueue
from ratchet.labels.review.pass_on import drop_item, escalate_item, second_opinion, skip_item
from ratchet.labels.review_item import ReviewItem
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.reviewing import ADA, BOB, EVE, LEASE, NOON, desk, item

KEY = "label~router~s1"
Verb = Callable[[Store, Actor], ReviewItem]


def skip(store: Store, who: Actor) -> ReviewItem:
    return skip_item(store, who, KEY, now=NOON)


def escalate(store: Store, who: Actor) -> ReviewItem:
    return escalate_item(store, who, KEY, reason="two languages", now=NOON)


def second(store: Store, who: Actor) -> ReviewItem:
    return second_opinion(store, who, KEY, now=NOON)


def drop(store: Store, who: Actor) -> ReviewItem:
    return drop_item(store, who, KEY, reason="a test of ours", now=NOON)


EVERY = pytest.mark.parametrize("verb", [skip, escalate, second, drop])
IN_TURN = pytest.mark.parametrize("verb", [skip, escalate])


def test_each_verb_leaves_the_item_to_others_as_it_says(store: Store) -> None:
    at = desk(store, item(wanted=2))
    at.next(ADA)
    left = skip(store, ADA)
    assert (left.state, left.claim, left.skipped_by) == ("open", None, ("ada",))
    at.next(BOB)
    raised = escalate(store, BOB)
    assert (raised.state, raised.escalated_by, raised.escalated_reason) == (
        "escalated",
        "bob",
        "two languages",
    )
    assert at.answer(EVE).state == "escalated"  # and one more opinion is wanted
    closed = drop(store, EVE)
    assert (closed.state, closed.dropped_by, closed.closed_at) == ("dropped", "eve", NOON)
    assert at.get(KEY) == closed


@EVERY
def test_the_same_again_changes_nothing(embedded: SqliteStore, verb: Verb) -> None:
    desk(embedded, item()).next(ADA)
    assert verb(embedded, ADA) == verb(embedded, ADA)


@EVERY
def test_a_death_at_any_call_loses_no_item_and_no_word(verb: Verb) -> None:
    for place in range(1, 10):
        store = SqliteStore()
        at = desk(store, item())
        at.next(ADA)
        faulty = FaultyStore(store, place, "after")
        try:
            verb(faulty, ADA)
        except Died:
            verb(store, ADA)
        untouched = SqliteStore()
        desk(untouched, item()).next(ADA)
        assert at.get(KEY) == verb(untouched, ADA)
        store.close()
        untouched.close()
        if faulty.calls < place:
            return
    pytest.fail("it never came through")


@IN_TURN
def test_what_is_somebody_elses_is_not_passed_on(embedded: SqliteStore, verb: Verb) -> None:
    at = desk(embedded, item())
    with pytest.raises(Refused, match="has not claimed"):
        verb(embedded, BOB)
    held = at.next(ADA)
    with pytest.raises(Refused, match="somebody else's"):
        verb(embedded, BOB)
    assert at.get(KEY) == held


def test_a_dropped_item_may_be_asked_through_a_near_copy(embedded: SqliteStore) -> None:
    desk(embedded, item(fingerprint="f"))
    drop(embedded, BOB)
    assert enqueue(embedded, [item("s2", fingerprint="f")], now=NOON) == 1


def test_what_is_closed_is_not_dropped_and_what_is_dropped_not_doubted(
    embedded: SqliteStore,
) -> None:
    at = desk(embedded, item(), item("s2"))
    assert at.answer(ADA).key() == KEY
    with pytest.raises(Refused, match="is done"):
        drop(embedded, BOB)
    drop_item(embedded, BOB, "label~router~s2", reason="ours", now=NOON)
    with pytest.raises(Refused, match="is dropped"):
        second_opinion(embedded, BOB, "label~router~s2", now=NOON)


def test_doubt_keeps_what_somebody_holds_in_his_hands(embedded: SqliteStore) -> None:
    at = desk(embedded, item())
    at.next(ADA)
    assert second(embedded, BOB).state == "claimed"
    assert at.label(ADA, KEY).state == "open"
    at.later(LEASE)
    assert at.answer(EVE).state == "done"


@EVERY
def test_only_persons_of_the_role_pass_on_and_only_what_is_there(
    embedded: SqliteStore, verb: Verb
) -> None:
    with pytest.raises(Forbidden):
        verb(embedded, machine("judge"))
    with pytest.raises(NotFound, match="not in the queue"):
        verb(embedded, ADA)


@pytest.mark.parametrize("verb", [escalate_item, drop_item])
def test_an_escalation_and_a_drop_want_a_reason(embedded: SqliteStore, verb: Any) -> None:
    desk(embedded, item()).next(ADA)
    with pytest.raises(InvalidInput) as refused:
        verb(embedded, ADA, KEY, reason=" ", now=NOON)
    assert refused.value.field == "reason"
