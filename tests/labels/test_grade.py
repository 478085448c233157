"""Judges grade: the weighted mean of their scores is the feedback, and the reward says whose."""

from typing import Any

import pytest

from ratchet.labels.grade import grade_subjects
from ratchet.labels.judge_weight import JUDGE_WEIGHTS
from ratchet.labels.judgement import JUDGEMENTS
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.judgements import AGENT, feedback_of, judged, judgement, said, send, weigh
from tests.support.observing import reward_of
from tests.support.recount import check


def test_the_reward_says_which_judges_it_is_of_and_what_each_weighs(store: Store) -> None:
    at = judged(store)
    weigh(store, strict=0.6, kind=0.2)
    taken = send(at, judgement(score=1.0), judgement(score=0.2, judge="kind"))
    assert taken.graded == 1
    at.later()
    assert at.fold().corrected == 1
    reward = reward_of(store, "s1")
    assert reward["quality"] == pytest.approx(0.8)  # (0.6 x 1 + 0.2 x 0.2) / 0.8
    assert reward["feedback"]["judges"]["judges"] == [
        {"judge": "kind", "version": "1", "weight": 0.2, "score": 0.2},
        {"judge": "strict", "version": "1", "weight": 0.6, "score": 1.0},
    ]
    check(store)


def test_both_orders_and_all_repeats_of_a_judge_are_one_word(embedded: SqliteStore) -> None:
    at = judged(embedded)
    weigh(embedded, strict=0.5, kind=0.5)
    turns: list[dict[str, Any]] = [{"position": "ab"}, {"position": "ba"}, {"repeat": 1}]
    strict = [judgement(score=s, **t) for s, t in zip((1.0, 0.0, 0.5), turns, strict=True)]
    send(at, *strict, judgement(score=1.0, judge="kind"))
    found = feedback_of(embedded)
    assert found is not None
    assert found.grade == 0.75
    assert [w.score for w in found.judges or ()] == [1.0, 0.5]


def test_judges_without_a_weight_do_not_count_and_alone_give_no_feedback(
    embedded: SqliteStore,
) -> None:
    at = judged(embedded)
    weigh(embedded, strict=0.5, random=0.0)
    assert send(at, judgement(judge="random"), judgement(judge="unknown")).graded == 0
    assert feedback_of(embedded) is None
    send(at, judgement(score=0.25))
    found = feedback_of(embedded)
    assert found is not None
    assert (found.grade, [w.judge for w in found.judges or ()]) == (0.25, ["strict"])


def test_a_class_alone_is_worth_what_the_scale_says_and_another_class_is_no_grade(
    embedded: SqliteStore,
) -> None:
    at = judged(embedded)
    weigh(embedded, strict=0.5)
    bare: dict[str, Any] = {"score": None, "label": "bad"}
    send(at, judgement(**bare), judgement("b1.0", **bare | {"label": "off topic"}))
    found = feedback_of(embedded)
    assert found is not None
    assert found.grade == 0.0
    assert feedback_of(embedded, "b1.0") is None


def test_only_observations_of_the_agent_are_graded(embedded: SqliteStore) -> None:
    at = judged(embedded)
    weigh(embedded, strict=0.5)
    weigh(embedded, "planner", strict=0.5)
    others = [judgement(s) for s in ("gone", "b1.7", "router-core@1.0.1", "b1")]
    assert send(at, *others, judgement("s1", agent="planner")).graded == 0
    assert embedded.query(Query("ops_feedback")) == []
    assert send(at, judgement("b1.2")).graded == 1


def test_the_version_that_judged_last_speaks_for_its_judge(embedded: SqliteStore) -> None:
    at = judged(embedded)
    weigh(embedded, strict=0.5)
    send(at, judgement(score=0.0, judgeVersion="2"))
    at.later()
    send(at, judgement(score=0.75, judgeVersion="10"))
    found = feedback_of(embedded)
    assert found is not None
    assert (found.grade, [w.version for w in found.judges or ()]) == (0.75, ["10"])


def test_sending_again_grades_by_the_weights_of_today_and_otherwise_changes_nothing(
    store: Store,
) -> None:
    at = judged(store)
    items = [judgement(score=1.0), judgement(score=0.0, judge="kind")]
    assert send(at, *items).graded == 0  # nobody has a weight yet
    weigh(store, strict=0.5, kind=0.5)
    assert send(at, *items).graded == 1
    before = store.query(Query("ops_feedback"))
    at.later()
    assert send(at, *items).graded == 0
    assert store.query(Query("ops_feedback")) == before
    weigh(store, kind=0.0)
    assert send(at, *items).graded == 1
    found = feedback_of(store)
    assert found is not None
    assert found.grade == 1.0


def test_where_grade_is_off_judgements_are_kept_and_nothing_is_graded(
    embedded: SqliteStore,
) -> None:
    at = judged(embedded, grade=False)
    weigh(embedded, strict=0.5)
    assert send(at, judgement()).graded == 0
    assert len(said(embedded)) == 1
    assert feedback_of(embedded) is None


def test_what_was_spoilt_by_hand_keeps_no_other_word_from_counting(embedded: SqliteStore) -> None:
    at = judged(embedded)
    weigh(embedded, strict=0.5)
    embedded.set(Ref(JUDGE_WEIGHTS, "x~router"), {"agent": "router", "weight": "heavy"})
    embedded.set(Ref(JUDGEMENTS, "x"), {"agent": "router", "subject": "s1", "score": 0.0})
    send(at, judgement(score=0.5))
    found = feedback_of(embedded)
    assert found is not None
    assert found.grade == 0.5


def test_more_subjects_than_a_query_takes_are_all_graded(embedded: SqliteStore) -> None:
    at = judged(embedded)
    weigh(embedded, strict=0.5)
    at.batch("b2", [{"ts": 1773144000000, "component": "router", "outcome": "success"}] * 70)
    subjects = [f"b2.{i}" for i in range(70)]
    assert send(at, *(judgement(s, i / 70) for i, s in enumerate(subjects))).graded == 70
    found = feedback_of(embedded, "b2.35")
    assert found is not None
    assert found.grade == 0.5
    assert grade_subjects(embedded, at.reader, "router", subjects, now=at.clock()) == 0


def test_of_very_many_judges_the_weightiest_are_heard(embedded: SqliteStore) -> None:
    at = judged(embedded)
    weights = {f"j{i:02d}": 0.1 for i in range(20)} | {f"k{i}": 0.5 for i in range(8)}
    weigh(embedded, AGENT, **weights)
    send(at, *(judgement(judge=name, score=float(name[0] == "k")) for name in weights))
    found = feedback_of(embedded)
    assert found is not None
    assert found.judges is not None
    assert [word.judge for word in found.judges] == [f"k{i}" for i in range(8)]
    assert found.grade == 1.0
