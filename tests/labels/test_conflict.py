"""Conflict: one rule says which of several labels of a subject counts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.conflict import RANKS, resolved, resolved_subjects
from ratchet.labels.label import Label
from tests.support.labelled import MINUTE, label
from tests.support.observing import NOON

GONE: dict[str, Any] = {"withdrawn_at": NOON, "withdrawn_by": "eve", "withdrawn_reason": "wrong"}


def said(source: str, what: str, confidence: float = 100.0, minute: int = 0, **more: Any) -> Label:
    """Return the label of a source's own labeller."""
    told = {"source": source, "source_id": f"{source}{minute}{what}", "labeller": source}
    return label("s1", what, confidence=confidence, ts=NOON + minute * MINUTE, **(told | more))


@pytest.mark.parametrize(
    ("winner", "loser"),
    [("gold", "review"), ("review", "approvals"), ("approvals", "feedback"),
     ("feedback", "outcomes"), ("desk", "outcomes"), ("approvals", "desk")],
)  # fmt: skip
def test_the_source_of_the_better_rank_is_heard_alone_however_sure_or_late_others_are(
    winner: str, loser: str
) -> None:
    found = resolved([said(winner, "good", 1.0), said(loser, "bad", 100.0, minute=5)])
    assert (found.label, found.sources, found.disputed) == ("good", (winner,), True)
    assert found.keys == (f"{winner}~{winner}0good",)


def test_of_one_rank_the_class_with_more_confidence_wins() -> None:
    votes = [said("feedback", "good", 80.0), said("desk", "bad", 50.0), said("shop", "bad", 40.0)]
    found = resolved(votes)
    assert (found.label, found.value, found.disputed) == ("bad", 0.0, True)
    assert found.confidence == pytest.approx(45 * 90 / 170)  # their mean, times their share
    assert found.sources == ("desk", "feedback", "shop")
    assert found.ts == NOON


def test_a_tie_goes_to_the_class_that_was_said_last() -> None:
    votes = [said("desk", "bad", 60.0, minute=2), said("shop", "good", 60.0, minute=3)]
    assert resolved(votes).label == "good"
    assert resolved([*votes, said("web", "bad", 0.0, minute=4)]).label == "bad"


def test_of_one_labeller_only_the_last_word_is_heard() -> None:
    votes = [
        said("desk", "bad", minute=1, labeller="ada"),
        said("desk", "bad", minute=2, labeller="ada", source_id="again"),
        said("desk", "good", minute=3, labeller="ada"),
    ]
    found = resolved(votes)
    assert (found.label, found.confidence, len(found.keys)) == ("good", 100.0, 1)


def test_the_value_is_the_mean_of_the_winners_weighted_by_confidence() -> None:
    votes = [
        said("desk", "good", 80.0, value=0.9),
        said("shop", "good", 20.0, value=0.6),
        said("web", "bad", 50.0, value=0.25),
    ]
    assert resolved(votes).value == pytest.approx(0.84)
    assert resolved([said("desk", "spam", value=None)]).value is None


def test_labels_that_are_sure_of_nothing_still_say_something() -> None:
    votes = [said("desk", "good", 0.0, value=0.5), said("shop", "good", 0.0, value=0.7)]
    found = resolved(votes)
    assert (found.label, found.confidence) == ("good", 0.0)
    assert found.value == pytest.approx(0.6)


def test_features_are_those_of_the_last_label_that_has_some() -> None:
    votes = [
        said("gold", "good"),
        said("desk", "good", minute=1, features_ref="ops_observations/a"),
        said("shop", "good", minute=2),
    ]
    assert resolved(votes).features_ref == "ops_observations/a"


@pytest.mark.parametrize("labels", [[], [said("gold", "good", **GONE)]])
def test_without_a_label_that_stands_there_is_nothing_to_resolve(labels: list[Label]) -> None:
    with pytest.raises(InvalidInput) as raised:
        resolved(labels)
    assert raised.value.field == "labels"
    assert resolved_subjects(labels) == {}


def test_subjects_are_resolved_each_by_its_own_labels() -> None:
    found = resolved_subjects([label("a"), label("b", "bad"), label("b", "bad", source="gold")])
    assert {subject: one.label for subject, one in found.items()} == {"a": "good", "b": "bad"}
    assert found["b"].sources == ("gold",)


@st.composite
def votes(draw: st.DrawFn) -> list[Label]:
    """Draw labels of one subject, some of them withdrawn, with ties of every kind."""
    return [
        label(
            "s1",
            draw(st.sampled_from(["good", "bad", "spam"])),
            source=draw(st.sampled_from([*RANKS, "desk"])),
            source_id=str(number),
            labeller=draw(st.sampled_from(["ada", "bob"])),
            confidence=draw(st.sampled_from([0.0, 10.0, 33.3, 100.0])),
            ts=NOON + draw(st.integers(0, 2)) * MINUTE,
            **(GONE if draw(st.booleans()) else {}),
        )
        for number in range(draw(st.integers(1, 8)))
    ]


@given(votes(), st.randoms())
def test_neither_order_nor_withdrawn_labels_matter(given: list[Label], random: Any) -> None:
    standing = [one for one in given if one.stands]
    if not standing:
        return
    turned = list(given)
    random.shuffle(turned)
    found = resolved(standing)
    assert resolved(given) == resolved(turned) == found
    assert found.label in {one.label for one in standing}
    assert 0 <= found.confidence <= 100
    assert found.disputed == (len({one.label for one in standing}) > 1)


def test_the_propensity_is_that_of_the_labels_that_prevail() -> None:
    drawn = said("review", "good", propensity=0.25)
    other = said("review", "good", minute=1, labeller="eve", propensity=None)
    against = said("review", "bad", 40.0, minute=2, labeller="bob", propensity=0.5)
    assert resolved([drawn, other, against]).propensity == 0.25
    assert resolved([drawn, said("gold", "good")]).propensity is None  # labelled, drawn or not
    assert (
        resolved([said("desk", "good"), said("outcomes", "bad", propensity=0.1)]).propensity is None
    )
