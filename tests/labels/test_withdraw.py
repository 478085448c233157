"""Withdrawing a label: by a person with a reason, audited; what learned from it is marked."""

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from ratchet.govern.audit import CONFIG_STREAM, audit_log, verify_audit
from ratchet.govern.roles import Actor, person
from ratchet.kernel.errors import Forbidden, InvalidInput, NotFound, RatchetError
from ratchet.labels.judge_weight import JudgeWeight
from ratchet.labels.label import Label
from ratchet.labels.review.queue import get_item
from ratchet.labels.review_item import ReviewItem
from ratchet.labels.uses import record_use
from ratchet.labels.withdraw import withdraw_label
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.commanded import unknown
from tests.support.faults import Died, FaultyStore
from tests.support.governed import ROBOT
from tests.support.grading import scored
from tests.support.labelled import (
    MINUTE,
    NIGHT,
    assert_counted,
    feeding,
    label,
    labels_in,
    loaded,
    stats_of,
    wrote,
)
from tests.support.observing import KEYS, NOON, Worker, alerts, reward_of
from tests.support.reviewing import Desk, desk, item

ADA = person("ada")


def weight(judge: str, agent: str = "router") -> JudgeWeight:
    """Return the weight of a judge."""
    return JudgeWeight(
        judge=judge,
        agent=agent,
        weight=0.5,
        plain=0.6,
        agreement=0.8,
        chance_corrected=0.6,
        n=50,
        effective_n=20.0,
        ts=NOON,
    )


def used(store: Store) -> None:
    """Write labels, and what learned from them: two judges' weights, and a draft."""
    wrote(store, label("a"), label("b", "bad"))
    for one in (weight("j1"), weight("j2"), weight("j1", "planner")):
        store.set(Ref(one.collection, one.key()), one.to_map())
    record_use(store, "weights:router", "router", ["desk~a", "desk~b"], NOON)
    record_use(store, "version:p@1.0.1", "router", ["desk~a"], NOON)


def withdrawn(store: Store, key: str = "desk~a", now: datetime = NOON + MINUTE) -> Label:
    """Let ada withdraw a label."""
    return withdraw_label(store, KEYS, ADA, key, reason="a typo", now=now)


def test_a_withdrawn_label_stays_and_counts_no_more(store: Store) -> None:
    used(store)
    found = withdrawn(store)
    assert labels_in(store)["desk~a"] == found
    told = (found.withdrawn_by, found.withdrawn_reason, found.withdrawn_at)
    assert told == ("ada", "a typo", NOON + MINUTE)
    assert (stats_of(store).total, stats_of(store).withdrawn) == (1, 1)
    assert_counted(store)


def test_all_that_learned_from_it_is_marked_with_the_command_that_learns_anew(
    store: Store,
) -> None:
    used(store)
    withdrawn(store)
    marks = {s.ref.id: s.data.get("withdrawn") for s in store.query(Query("ops_judge_weights"))}
    assert marks == {"j1~router": ["desk~a"], "j2~router": ["desk~a"], "j1~planner": []}
    draft = store.get(Ref("ops_label_uses", "version:p@1.0.1~router"))
    assert draft is not None
    assert draft.data["withdrawn"] == ["desk~a"]
    told = {s.data["subject"]: s.data["command"] for s in store.query(Query("ops_alerts"))}
    assert told == {
        "weights:router": "ratchet judges weights --update --agent router",
        "version:p@1.0.1": "ratchet heuristics train router --draft --reason ...",
    }
    assert [unknown(command) for command in told.values()] == ["", ""]


def test_a_forged_weight_is_not_marked_into_the_place_of_a_real_one(embedded: SqliteStore) -> None:
    used(embedded)
    embedded.set(Ref("ops_judge_weights", "zz"), weight("j1").to_map() | {"weight": 1.0})
    withdrawn(embedded)
    found = embedded.get(Ref("ops_judge_weights", "j1~router"))
    assert found is not None
    assert (found.data["weight"], found.data["withdrawn"]) == (0.5, ["desk~a"])


def test_it_is_on_the_configurations_chain_once(embedded: SqliteStore) -> None:
    used(embedded)
    first = withdrawn(embedded)
    assert withdrawn(embedded, now=NOON + 5 * MINUTE) == first
    (entry,) = audit_log(embedded, CONFIG_STREAM)
    assert (entry.action, entry.id, entry.actor, entry.reason) == (
        "withdraw_label",
        "ops_labels/desk~a",
        "ada",
        "a typo",
    )
    assert verify_audit(embedded, KEYS, CONFIG_STREAM).valid
    assert stats_of(embedded).withdrawn == 1


def test_no_feed_brings_it_back(embedded: SqliteStore) -> None:
    at = feeding(embedded)
    loaded(at)
    key = "feedback~o2~person".replace("o2~", "o2%7E")
    withdrawn(embedded, key, NIGHT)
    at.later(timedelta(days=1))
    at.feedback({"obsId": "o2", "source": "person", "grade": 1.0})
    loaded(at, NIGHT + timedelta(days=1))
    assert not labels_in(embedded)[key].stands
    assert_counted(embedded)


@pytest.mark.parametrize(
    ("actor", "key", "reason", "error"),
    [
        (ADA, "desk~nothing", "why", NotFound),
        (ADA, "desk~a", " ", InvalidInput),
        (ROBOT, "desk~a", "why", Forbidden),
        (Actor(name="bob", kind="person", role="service"), "desk~a", "why", Forbidden),
    ],
)
def test_it_wants_a_label_an_admin_and_a_reason(
    embedded: SqliteStore, actor: Actor, key: str, reason: str, error: type[RatchetError]
) -> None:
    used(embedded)
    with pytest.raises(error):
        withdraw_label(embedded, KEYS, actor, key, reason=reason, now=NOON)
    assert all(one.stands for one in labels_in(embedded).values())


def test_a_death_before_any_call_leaves_all_of_it_or_nothing() -> None:
    whole = SqliteStore()
    used(whole)
    counting = FaultyStore(whole)
    withdrawn(counting)
    for n in range(1, counting.calls + 1):
        store = SqliteStore()
        used(store)
        with pytest.raises(Died):
            withdrawn(FaultyStore(store, n))
        assert labels_in(store)["desk~a"].stands
        assert alerts(store) == []
        withdrawn(store)
        for name in ("ops_labels", "ops_label_stats", "ops_judge_weights", "ops_audit"):
            told = [s.data for s in store.query(Query(name))]
            assert told == [s.data for s in whole.query(Query(name))]
        store.close()
    whole.close()


def reviewed(store: Store, *answers: tuple[Actor, str], drawn: float | None = 0.5) -> Worker:
    """Let reviewers answer an item about an observation, and fold what was decided."""
    worker = scored(store)
    at = desk(store, item(propensity=drawn, wanted=len(answers)))
    for who, said in answers:
        at.answer(who, said)
    worker.later(2 * MINUTE)
    worker.fold()
    return worker


def taken_back(worker: Worker, who: str, again: str = "") -> ReviewItem:
    """Withdraw a reviewer's label, fold, and return the item."""
    key = f"review~{quote('label~router~s1~' + who + again).replace('~', '%7E')}"
    assert labels_in(worker.store)[key].stands
    withdrawn(worker.store, key, worker.clock())
    worker.later(2 * MINUTE)
    worker.fold()
    return get_item(worker.store, "label~router~s1")


def test_a_withdrawn_answer_leaves_its_item_and_the_reward_and_can_be_given_anew(
    store: Store,
) -> None:
    worker = reviewed(store, (ADA, "bad"))
    assert reward_of(store, "s1")["feedback"]["review"]["grade"] == 0.0
    found = taken_back(worker, "ada")
    assert (found.state, found.opinions, found.decided, found.closed_at) == ("open", (), None, None)
    told = reward_of(store, "s1")["feedback"]["review"]
    assert (told.get("grade"), told["asked"], told["propensity"]) == (None, True, 0.5)
    Desk(store, worker.clock).answer(ADA, "good")
    worker.later(2 * MINUTE)
    worker.fold()
    assert reward_of(store, "s1")["feedback"]["review"]["grade"] == 1.0
    assert taken_back(worker, "ada", "~2").state == "open"
    assert_counted(store)


def test_a_withdrawn_answer_to_what_was_not_drawn_leaves_nothing_in_the_reward(
    embedded: SqliteStore,
) -> None:
    worker = reviewed(embedded, (ADA, "bad"), drawn=None)
    before = reward_of(scored(SqliteStore()).store, "s1")["score"]
    assert reward_of(embedded, "s1")["score"] < before
    taken_back(worker, "ada")
    assert reward_of(embedded, "s1")["score"] == before
    assert "feedback" not in reward_of(embedded, "s1")


def test_the_answers_that_are_left_decide_and_where_they_tie_one_more_is_asked(
    embedded: SqliteStore,
) -> None:
    worker = reviewed(embedded, (ADA, "bad"), (person("bob"), "good"), (person("eve"), "good"))
    assert get_item(embedded, "label~router~s1").decided == "good"
    tied = taken_back(worker, "bob")
    assert (tied.state, tied.wanted, len(tied.opinions)) == ("open", 3, 2)
    assert reward_of(embedded, "s1")["feedback"]["review"]["asked"] is True
    Desk(embedded, worker.clock).answer(person("kim"), "good")
    found = taken_back(worker, "eve")  # ada's bad and kim's good
    assert (found.state, found.decided) == ("open", None)
    Desk(embedded, worker.clock).answer(person("leo"), "bad")
    found = taken_back(worker, "kim")
    assert (found.state, found.decided, found.wanted) == ("done", "bad", 2)
    assert reward_of(embedded, "s1")["feedback"]["review"]["grade"] == 0.0
