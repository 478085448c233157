"""Weigh and grade: what judges said before their weights moved is graded by the new ones."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.labels import weigh_and_grade as weighing
from ratchet.labels.weigh import WeighReport
from ratchet.labels.weigh_and_grade import weigh_and_grade
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.judge_nights import TRUTH, label_all
from tests.support.judgements import AGENT, feedback_of, judged, judgement, send, weigh
from tests.support.observing import Worker

SCORE = {"good": 1.0, "bad": 0.0}


def proven(store: Store) -> Worker:
    """Return a worker whose one judge said something of s1, and is right of what is labelled."""
    at = judged(store)
    known = [judgement(f"s{i}", SCORE[said], repeat=1) for i, said in enumerate(TRUTH) if i != 1]
    send(at, judgement("s1", 0.75), *known)
    label_all(store)
    return at


def night(at: Worker, **fields: Any) -> WeighReport:
    return weigh_and_grade(at.store, at.reader, now=at.clock(), **fields)


def test_what_was_judged_before_the_first_weight_is_graded_once_there_is_one(store: Store) -> None:
    at = proven(store)
    assert feedback_of(store) is None
    at.clock.advance(timedelta(days=3))
    assert night(at, agent=AGENT).graded == 1
    found = feedback_of(store)
    assert found is not None
    assert found.grade == 0.75
    assert night(at).graded == 0


def test_by_a_weight_that_only_moved_the_last_day_is_graded_anew(embedded: SqliteStore) -> None:
    at = proven(embedded)
    weigh(embedded, strict=0.01)
    at.clock.advance(timedelta(hours=25))
    assert len(night(at).changed) == 1
    assert feedback_of(embedded) is None  # it was judged 25 hours ago
    weigh(embedded, strict=0.01)
    send(at, judgement("b1.0", 0.5))
    before = feedback_of(embedded, "b1.0")
    assert before is not None
    assert night(at).graded == 1
    after = feedback_of(embedded, "b1.0")
    assert after is not None
    assert [w.weight for w in before.judges or ()] == [0.01]
    assert [w.weight > 0.1 for w in after.judges or ()] == [True]


def test_of_very_much_what_was_judged_last_is_graded(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = proven(embedded)
    at.later()
    send(at, judgement("b1.0", 0.5), judgement("b1.1", 0.5))
    monkeypatch.setattr(weighing, "MOST", 2)
    assert night(at).graded == 2
    assert feedback_of(embedded) is None
