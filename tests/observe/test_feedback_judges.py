"""Judges and reviewers as sources: what a reward and a rollout's buckets say of them."""

import pytest
from pydantic.alias_generators import to_camel

from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import InvalidInput
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.grading import answer, ask, folded, grade, judge, scored
from tests.support.observing import reward_of
from tests.support.recount import check as check_buckets
from tests.support.rollout_recount import NEW, check, kept, only, running, served, watch

WATCHES = {"r1": watch()}
SUMS = ("judged_w", "judged_wx", "drawn", "drawn_w", "drawn_wx", "known_corrected")


def test_a_reward_says_which_judges_graded_it_and_with_what_weight(store: Store) -> None:
    at = scored(store)
    judge(at, "s1", 0.5)
    at.later()
    assert at.fold().corrected == 1
    reward = reward_of(store, "s1")
    assert (reward["quality"], reward["score"]) == (0.5, 0.55)
    said = {k: v for k, v in reward["feedback"]["judges"].items() if k != "ts"}
    assert said == {
        "grade": 0.5,
        "judges": [{"judge": "strict", "version": "2", "weight": 0.5, "score": 0.5}],
    }
    check_buckets(store)


def test_a_reviewer_replaces_the_judges_once(store: Store) -> None:
    at = scored(store)
    judge(at, "s1", 0.9)
    ask(at, "s1", 0.1)
    at.later()
    at.fold()
    assert reward_of(store, "s1")["quality"] == 0.9
    answer(at, "s1", 0.2)
    at.later()
    assert (at.fold().corrected, at.fold().corrected) == (1, 0)
    reward = reward_of(store, "s1")
    assert reward["quality"] == 0.2
    assert reward["feedback"]["review"]["propensity"] == 0.1  # the answer's, from the question
    assert "asked" not in reward["feedback"]["review"]
    check_buckets(store)


def test_to_ask_again_takes_back_no_answer(embedded: SqliteStore) -> None:
    at = scored(embedded)
    assert answer(at, "s1", 0.2, 0.5)
    at.later()
    assert not ask(at, "s1", 0.1)
    (kept_word,) = embedded.query(Query("ops_feedback"))
    assert (kept_word.data["grade"], kept_word.data["propensity"]) == (0.2, 0.5)


@pytest.mark.parametrize("source", ["judges", "review"])
def test_nobody_sends_the_word_of_judges_or_reviewers(embedded: SqliteStore, source: str) -> None:
    at = scored(embedded)
    with pytest.raises(InvalidInput, match="is reserved") as raised:
        at.feedback(grade("s1", 1.0, source))
    assert raised.value.field == "source"
    answered = at.feedback([grade("s1", 1.0, source), grade("s1", 0.5)])
    assert [(r.index, r.field) for r in answered.rejected] == [(0, "source")]


def test_a_rollout_counts_judges_the_drawn_and_the_asked_apart(store: Store) -> None:
    at = running(store)
    items = [served(unit=f"u{i}") for i in range(3)]
    at.batch("b1", [*items, served(rolloutArm=NEW, unit="u9", weight=2)])
    at.later()
    at.score()
    for i in range(4):
        judge(at, f"b1.{i}", 0.75)
    answer(at, "b1.0", 0.5, 0.25)
    ask(at, "b1.1", 0.25)
    answer(at, "b1.3", 1.0, 0.5)
    at.later()
    at.fold()
    control, new = only(store, "control").sums, only(store, NEW).sums
    told = {name: (getattr(control, name).total(), getattr(new, name).total()) for name in SUMS}
    assert told == {
        "judged_w": (3, 2),
        "judged_wx": (2_250_000, 1_500_000),
        "drawn": (1, 1),
        "drawn_w": (4_000_000, 4_000_000),
        "drawn_wx": (-1_000_000, 1_000_000),
        "known_corrected": (2 + 1 - 4, 2),  # the one that waits stands for 4
    }
    check(store, WATCHES)


def test_an_answer_past_the_window_corrects_the_reward_and_stays_a_question_in_the_rollout(
    embedded: SqliteStore,
) -> None:
    at = running(embedded)
    at.record({"id": "o1"} | served())
    at.later()
    at.score()
    judge(at, "o1", 0.75)
    ask(at, "o1", 0.25)
    at.later()
    at.fold()
    at.later(HOUR)
    answer(at, "o1", 0.0)
    at.later()
    assert at.fold().corrected == 1
    assert reward_of(embedded, "o1")["quality"] == 0.0
    sums = only(embedded, "control").sums
    assert (sums.judged_w.total(), sums.known_corrected.total()) == (1, 1 - 4)
    assert (sums.drawn.total(), sums.quality_wx.total()) == (0, 750_000)


def test_buckets_from_before_there_were_judges_are_added_to(embedded: SqliteStore) -> None:
    at = running(embedded)
    at.record({"id": "o1"} | served())
    at.later()
    at.score()
    for bucket in kept(embedded):
        old = bucket.to_map()
        old["sums"] = {k: v for k, v in old["sums"].items() if k not in map(to_camel, SUMS)}
        embedded.set(Ref(bucket.collection, bucket.key()), old)
    judge(at, "o1", 0.75)
    answer(at, "o1", 0.5, 0.25)
    assert folded(at, grade("o1", 0.0)) == 1
    assert reward_of(embedded, "o1")["quality"] == 0.25  # the mean of both people's
    check(embedded, WATCHES)
