"""The feed of feedback: people's words on observations, never those of judges."""

from functools import partial
from typing import Any

import pytest

from ratchet.kernel.clock import millis
from ratchet.labels.label import Label
from ratchet.labels.settings import JudgeSettings
from ratchet.observe.feedback import write_feedback
from ratchet.observe.fold import WAIT
from ratchet.observe.grade import Grade, JudgeWord
from ratchet.store.port import Query
from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import DAY, MINUTE, NIGHT, labels_in, loaded
from tests.support.observing import NOON, Worker, alerts, configure, observation, worker


@pytest.fixture
def at(embedded: SqliteStore) -> Worker:
    """A worker that has recorded an observation, and a batch of two."""
    found = worker(embedded)
    found.record({"id": "o1"} | observation(component="a"))
    found.batch("b1", [observation(component="b"), observation(outcome="no"), observation()])
    return found


def said(at: Worker, obs_id: str, source: str = "person", **fields: Any) -> None:
    """Send feedback on an observation."""
    at.feedback({"obsId": obs_id, "source": source} | fields)


def only(at: Worker) -> Label:
    """Return the one label there is."""
    (found,) = labels_in(at.store).values()
    return found


def test_a_grade_is_a_label_of_the_observation_by_its_source(at: Worker) -> None:
    said(at, "o1", grade=0.75, outcome="failure", ts=millis(NOON - MINUTE))
    loaded(at)
    found = only(at)
    assert (found.agent, found.subject, found.labeller) == ("a", "o1", "person")
    assert (found.label, found.value, found.confidence) == ("good", 0.75, 50.0)
    assert (found.ts, found.features_ref) == (NOON - MINUTE, "ops_observations/o1")


def test_an_outcome_alone_is_a_label_that_is_less_sure(at: Worker) -> None:
    said(at, "o1", outcome="timeout")
    loaded(at)
    assert (only(at).label, only(at).value, only(at).confidence) == ("bad", 0.0, 50.0)


def test_an_item_of_a_batch_is_found_by_its_own_id(at: Worker) -> None:
    said(at, "b1.2", grade=1.0)
    said(at, "b1.1", grade=1.0)  # that item was refused, so nobody did it
    report = loaded(at, NOON + MINUTE)
    assert (only(at).subject, only(at).agent) == ("b1.2", "router")
    assert report.feeds["feedback"].waiting == 1


def test_a_later_grade_of_the_same_source_replaces_the_label(at: Worker) -> None:
    said(at, "o1", grade=1.0)
    loaded(at)
    at.later(DAY)
    said(at, "o1", grade=0.0)
    assert loaded(at, NIGHT + DAY).labels == 1
    assert only(at).label == "bad"


def test_the_words_of_judges_and_of_reviewers_are_no_labels_of_this_feed(at: Worker) -> None:
    word = JudgeWord(judge="j", weight=0.5, score=0.9)
    for source in ("judges", "review"):
        grade = Grade(obs_id="o1", source=source, grade=0.9)
        told = partial(write_feedback, grade=grade, ingest=at.ingest, now=NOON, judges=[word])
        at.store.transact(told)
    assert len(at.store.query(Query("ops_feedback"))) == 2
    assert loaded(at).labels == 0


def test_what_a_listed_judge_sends_as_feedback_is_no_label_either(at: Worker) -> None:
    strict = {"judges": {"strict": {"family": "gpt"}}}
    configure(at.store, JudgeSettings.parse(strict))
    said(at, "o1", source="strict", grade=1.0)
    said(at, "o1", source="person", grade=0.0)
    loaded(at)
    assert only(at).labeller == "person"


def test_feedback_waits_for_its_observation_and_holds_nothing_up(at: Worker) -> None:
    said(at, "late", grade=1.0)
    at.later(3 * DAY / 24)
    said(at, "o1", grade=1.0)
    assert loaded(at, NOON + DAY / 2).feeds["feedback"].waiting == 1
    assert only(at).subject == "o1"
    at.record({"id": "late"} | observation(component="c"))
    assert loaded(at, NOON + DAY * 0.9).labels == 1
    assert sorted(labels_in(at.store)) == ["feedback~late%7Eperson", "feedback~o1%7Eperson"]


def test_feedback_whose_observation_never_comes_is_told_and_waited_for_no_more(
    at: Worker,
) -> None:
    said(at, "never", grade=1.0)
    loaded(at, NOON + WAIT - MINUTE)
    assert alerts(at.store) == []
    report = loaded(at, NOON + WAIT)
    assert (report.feeds["feedback"].waiting, report.feeds["feedback"].refused) == (0, 1)
    assert alerts(at.store) == ["labels-not-loaded"]
    assert loaded(at, NOON + 2 * WAIT).feeds["feedback"].waiting == 0
