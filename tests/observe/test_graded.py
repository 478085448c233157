"""What the words on one observation come to."""

from typing import Any

from ratchet.observe.graded import graded, judged
from tests.support.observing import NOON, SECOND

JUDGES = {"grade": 0.9, "ts": NOON}


def test_a_reviewers_grade_replaces_the_judges_and_counts_beside_other_sources() -> None:
    given: dict[str, Any] = {"judges": JUDGES, "thumbs": {"grade": 1.0, "ts": NOON}}
    assert graded({}, given)["quality"] == 0.95
    assert graded({}, given | {"review": {"grade": 0.0, "ts": NOON}})["quality"] == 0.5
    assert graded({}, {"judges": JUDGES, "review": {"grade": 0.2, "ts": NOON}})["quality"] == 0.2


def test_who_is_asked_has_said_nothing_yet() -> None:
    asked = {"asked": True, "propensity": 0.1, "ts": NOON}
    assert graded({}, {"judges": JUDGES, "review": asked})["quality"] == 0.9
    assert judged({"judges": JUDGES, "review": asked}) == {
        "judged": 0.9,
        "drawn": 0.1,
        "asked": True,
    }


def test_without_a_grade_or_an_outcome_the_observations_own_count() -> None:
    stated = {"outcome": "failure", "ts": NOON + SECOND}
    assert graded({"quality": 0.3, "outcome": "timeout", "score": 1.0}, {}) == {"score": 1.0}
    assert graded({}, {"a": stated, "b": {"outcome": "success", "ts": NOON}}) == {
        "outcome": "failure"
    }


def test_a_person_who_was_not_drawn_corrects_no_judges() -> None:
    given = {"judges": JUDGES, "review": {"grade": 0.5, "ts": NOON}}
    assert judged(given) == {"judged": 0.9, "person": 0.5}
    assert judged({"thumbs": {"grade": 0.5, "ts": NOON}}) == {}
