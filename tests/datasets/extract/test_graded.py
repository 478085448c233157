"""What labels say of an example: where people spoke, their word is its quality."""

from ratchet.datasets.extract.graded import graded
from tests.support.labelled import label
from tests.support.observing import NOON


def test_peoples_mean_is_the_quality_and_judges_count_where_no_person_spoke() -> None:
    judge = label("r", "bad", source="judge:strict", source_id="j", confidence=40.0)
    ada = label("r", "good", source_id="a", value=0.8, confidence=90.0)
    bob = label("r", "good", source_id="b", value=0.6, confidence=70.0)
    both = graded([bob, judge, ada])
    assert (both.quality, both.confidence) == (70.0, 0.8)
    assert both.vouched == ("judge:strict", "person")
    assert [grade.value for grade in both.grades] == [0.8, 0.6, 0.0]
    alone = graded([judge])
    assert (alone.quality, alone.confidence, alone.vouched) == (0.0, 0.4, ("judge:strict",))


def test_good_and_bad_have_a_worth_by_themselves_and_other_classes_none() -> None:
    assert graded([label("r", "good", value=None)]).quality == 100.0
    spam = graded([label("r", "spam", value=None)])
    assert (spam.quality, spam.confidence, len(spam.grades)) == (None, None, 1)


def test_withdrawn_labels_say_nothing() -> None:
    assert graded([label("r", withdrawn_at=NOON)]) == ((), (), None, None)
