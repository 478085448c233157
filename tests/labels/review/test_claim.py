"""Claims: one item, one reviewer, until his lease ends; nothing is shown to two, nothing lost."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.govern.roles import Actor, machine, person
from ratchet.kernel.errors import Forbidden, NotFound, Refused, Unavailable
from ratchet.labels.review.claim import PAGE, claim_item, claim_next, release
from ratchet.labels.review.pass_on import escalate_item, skip_item
from ratchet.labels.review.turns import is_held, opinion_of
from ratchet.labels.review_item import ReviewItem
from ratchet.labels.settings import ReviewSettings
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.life import When
from tests.support.observing import configure
from tests.support.reviewing import ADA, BOB, EVE, LEASE, MINUTE, NOON, desk, item

PEOPLE = (ADA, BOB, EVE)


def test_the_most_important_comes_first_and_each_reviewer_gets_another(store: Store) -> None:
    at = desk(store, item("a", priority=0.1), item("b", priority=0.9), item("c", priority=0.5))
    assert [at.next(who).subject for who in PEOPLE] == ["b", "c", "a"]
    with pytest.raises(NotFound, match="nothing waits for dan"):
        at.next(person("dan"))


def test_of_equally_important_ones_the_oldest_comes_first(embedded: SqliteStore) -> None:
    at = desk(embedded, item("b"), item("c", enqueued_at=NOON - MINUTE), item("a"))
    assert at.next(ADA).subject == "c"
    at.later(LEASE)
    assert at.next(BOB).subject == "c"


def test_who_passed_on_the_first_pages_gets_the_item_behind_them(store: Store) -> None:
    passed = [item(f"s{i}", priority=1, skipped_by=("ada",)) for i in range(2 * PAGE)]
    at = desk(store, *passed, item("last"))
    assert at.next(ADA).subject == "last"
    assert at.next(BOB).subject == "s0"


def test_whoever_asks_again_gets_what_he_holds_with_a_new_lease(embedded: SqliteStore) -> None:
    at = desk(embedded, item("a"), item("b"))
    first = at.next()
    at.put(item("c", priority=9))
    at.later(20 * MINUTE)
    again = at.next()
    assert (again.key(), again.claim and again.claim.until) == (first.key(), NOON + 50 * MINUTE)


def test_an_item_whose_lease_ended_waits_for_anybody_at_its_place(store: Store) -> None:
    at = desk(store, item("a", priority=0.5), item("b", priority=0.9), item("c", priority=0.1))
    assert at.next(ADA).subject == "b"
    at.later(LEASE - timedelta(seconds=1))
    assert at.next(BOB).subject == "a"
    at.later(timedelta(seconds=1))
    assert at.next(EVE).subject == "b"
    assert at.next(ADA).subject == "c"


def test_a_lease_is_as_long_as_configured(embedded: SqliteStore) -> None:
    configure(embedded, ReviewSettings(lease_minutes=1.5))
    claimed = desk(embedded, item()).next().claim
    assert claimed is not None
    assert claimed.until == NOON + timedelta(seconds=90)


def test_the_next_may_be_of_one_agent_and_kind(store: Store) -> None:
    kinds = [item("k", kind="study"), item("k", kind="dataset", classes=("keep", "drop"))]
    at = desk(store, item("p", agent="planner", priority=0.1), item("r", priority=0.9), *kinds)
    assert at.next(ADA, agent="planner").subject == "p"
    assert at.next(BOB, kind="study").kind == "study"
    assert at.next(EVE, agent="router", kind="dataset").classes == ("keep", "drop")
    with pytest.raises(NotFound, match="of that agent and kind"):
        at.next(person("dan"), agent="planner")
    at.later(LEASE)
    assert at.next(BOB, agent="planner").subject == "p"


def test_what_somebody_skipped_or_escalated_goes_to_others(embedded: SqliteStore) -> None:
    at = desk(embedded, item("a", priority=0.9), item("b"))
    skip_item(embedded, ADA, at.next(ADA).key(), now=NOON)
    assert at.next(ADA).subject == "b"
    key = at.next(BOB).key()
    waits = escalate_item(embedded, BOB, key, reason="is this ours?", now=NOON)
    assert (waits.state, waits.claim, waits.escalated_by) == ("escalated", None, "bob")
    with pytest.raises(NotFound):
        at.next(BOB)
    assert at.next(EVE).escalated_reason == "is this ours?"
    assert release(embedded, EVE, key, now=NOON).state == "escalated"


def test_one_item_can_be_claimed_by_its_key_in_turn(embedded: SqliteStore) -> None:
    at = desk(embedded, item("a"), item("b"))

    def claim(who: Actor, subject: str) -> ReviewItem:
        return claim_item(embedded, at.reader, who, f"label~router~{subject}", now=at.clock())

    assert claim(ADA, "b").claim == claim(ADA, "b").claim
    with pytest.raises(Refused, match="somebody else's hands"):
        claim(BOB, "b")
    at.label(ADA, "label~router~b")
    with pytest.raises(Refused, match="is done"):
        claim(BOB, "b")
    with pytest.raises(NotFound, match="not in the queue"):
        claim(BOB, "x")


def test_who_is_asked_second_is_not_told_what_the_first_said(embedded: SqliteStore) -> None:
    at = desk(embedded, item(wanted=2))
    at.answer(ADA, "bad", note="it is made up")
    shown = at.next(BOB)
    assert shown.opinions == ()
    assert [one.by for one in at.get(shown.key()).opinions] == ["ada"]


def test_only_his_own_item_is_given_back(embedded: SqliteStore) -> None:
    at = desk(embedded, item("a"))
    held = at.next(ADA)
    assert release(embedded, BOB, held.key(), now=NOON) == held
    assert release(embedded, ADA, held.key(), now=NOON).state == "open"
    assert at.next(BOB).key() == held.key()


def test_a_machine_is_shown_nothing(embedded: SqliteStore) -> None:
    at = desk(embedded, item())
    for who in (machine("judge"), Actor(name="ci", kind="machine", role="admin")):
        with pytest.raises(Forbidden):
            at.next(who)
    with pytest.raises(Forbidden):
        at.next(Actor(name="router", kind="person", role="service"))


def test_an_item_that_cannot_be_read_keeps_nobody_from_the_next(embedded: SqliteStore) -> None:
    at = desk(embedded, item("a", priority=0.9), item("b"))
    found = embedded.get(Ref("ops_review_queue", "label~router~a"))
    assert found is not None
    embedded.set(found.ref, found.data | {"classes": 1})
    assert at.next().subject == "b"


def test_25_who_ask_at_once_get_25_items(store: Store) -> None:
    at = desk(store, *(item(f"s{i}", priority=i % 3) for i in range(25)))
    at.next()  # so that the configuration is read
    with ThreadPoolExecutor(25) as pool:
        given = list(pool.map(lambda i: at.next(person(f"p{i}")).key(), range(24)))
    assert len(set(given)) == 24
    assert {at.get(key).state for key in given} == {"claimed"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("error", [None, Unavailable("the answer was lost")])
def test_a_claim_that_dies_or_is_reported_lost_leaves_one_item_with_one_reviewer(
    when: When, error: Unavailable | None
) -> None:
    for place in range(1, 20):
        store = SqliteStore()
        at = desk(store, item("a"), item("b"))
        at.reader.read(ReviewSettings)
        faulty = FaultyStore(store, place, when, error)
        with suppress(Died, Unavailable):
            claim_next(faulty, at.reader, ADA, now=NOON)
        assert {at.next(ADA).subject, at.next(BOB).subject} == {"a", "b"}
        with pytest.raises(NotFound):
            at.next(EVE)
        store.close()
        if faulty.calls < place:
            return
    pytest.fail("it never came through")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(["next", "label", "skip", "escalate", "release", "wait"]),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_three_reviewers_do_nothing_is_held_by_two_or_lost(
    steps: list[tuple[Actor, str]],
) -> None:
    store = SqliteStore()
    at = desk(store, *(item(s, wanted=2 if s == "b" else 1) for s in "abc"))
    for who, step in steps:
        others = {i.key() for i in everything(store) if held_by(i, at.clock()) not in (None, who)}
        mine = [i.key() for i in everything(store) if i.claim and i.claim.by == who.name]
        if step == "wait":
            at.later(20 * MINUTE)
        elif step == "next":
            try:
                assert at.next(who).key() not in others
            except NotFound:
                assert all(had_his_say(i, who) for i in everything(store) if i.key() not in others)
        elif mine and step == "label":
            at.label(who, mine[0])
        elif mine and step == "release":
            release(store, who, mine[0], now=at.clock())
        elif mine and step == "skip":
            skip_item(store, who, mine[0], now=at.clock())
        elif mine:
            escalate_item(store, who, mine[0], reason="?", now=at.clock())
        assert len(at.labels()) == sum(len(i.opinions) for i in everything(store))
    store.close()


def everything(store: Store) -> list[ReviewItem]:
    return [ReviewItem.from_store(s.data) for s in store.query(Query("ops_review_queue"))]


def held_by(one: ReviewItem, now: datetime) -> Actor | None:
    return person(one.claim.by) if one.claim and is_held(one, now) else None


def had_his_say(one: ReviewItem, who: Actor) -> bool:
    told = opinion_of(one, who.name) is not None or who.name in one.skipped_by
    return told or one.state == "done"
