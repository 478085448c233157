"""A vote weighs what its rater knows."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.labels.aggregate import weighted_vote
from ratchet.labels.aggregate.table import vote_table
from tests.support.raters import real_rows, rows, voted


def test_a_vote_multiplies_the_odds_by_what_its_rater_knows() -> None:
    votes = replace(rows((0, 0, 0), (1, 1, 1)), weights=np.array([0.5, 0.0]))
    found = weighted_vote.aggregate(votes)
    # Both classes have half of the votes. One that knows half the time makes its class
    # 1 + 0.5 / (0.5 * 0.5) = 3 times as likely; one that knows nothing changes nothing.
    np.testing.assert_allclose(found.chances, [[0.75, 0.25], [0.5, 0.5]])
    assert found.shares.tolist() == pytest.approx([0.625, 0.375])


def test_a_vote_for_a_rare_class_says_more() -> None:
    told = [(i, 0, 0) for i in range(9)] + [(9, 0, 1), (10, 0, 0), (10, 1, 1)]
    votes = replace(rows(*told), weights=np.array([0.5, 0.5]))
    chances = weighted_vote.aggregate(votes).chances[10]
    # Prior 10.5/13 to 2.5/13, times 1 + 1/share of each class.
    odds = (10.5 / 13 * (1 + 13 / 10.5)) / (2.5 / 13 * (1 + 13 / 2.5))
    assert chances[0] / chances[1] == pytest.approx(odds)


def test_a_rater_that_is_always_right_does_not_make_a_chance_certain() -> None:
    votes = replace(rows((0, 0, 0), (1, 0, 1)), weights=np.ones(1))
    assert weighted_vote.aggregate(votes).chances.max() < 1


def test_raters_are_weighed_by_agreement_where_nobody_is_known() -> None:
    votes, truth = voted((0.9, 0.9, 0.9, 0.5, 0.5, 0.5))
    weights = weighted_vote.raters_of(votes).weights
    assert weights[:3].min() > 0.6
    assert weights[3:].max() < 0.35
    assert (weighted_vote.aggregate(votes).labels() == truth).mean() > 0.96
    assert (votes.counts().argmax(1) == truth).mean() < 0.93


def test_with_50_labels_it_beats_the_majority_where_most_judges_are_worse_than_chance() -> None:
    poor = (0.8, 0.75, 0.7, 0.4, 0.35, 0.35, 0.3, 0.3, 0.25)
    for seed in range(5):
        votes, truth = voted(poor, items=400, labels=50, seed=seed)
        rest = ~votes.is_known
        majority = (votes.counts().argmax(1) == truth)[rest].mean()
        weighted = (weighted_vote.aggregate(votes).labels() == truth)[rest].mean()
        assert majority < 0.5
        assert weighted > 0.7


def test_a_rater_with_too_few_known_items_is_weighed_by_agreement() -> None:
    votes, _ = voted((0.9, 0.8, 0.7), labels=5)
    blind = replace(votes, known=None)
    found, wanted = weighted_vote.raters_of(votes), weighted_vote.raters_of(blind)
    np.testing.assert_array_equal(found.weights, wanted.weights)


def test_raters_that_never_meet_or_never_agree_leave_the_shares_of_votes() -> None:
    alone = weighted_vote.aggregate(rows((0, 0, 0), (1, 1, 1)))
    assert alone.labels().tolist() == [0, 1]
    against = weighted_vote.aggregate(rows((0, 0, 0), (0, 1, 1)))
    assert against.chances.tolist() == [[0.5, 0.5]]


def test_a_crowd_is_right_as_often_as_by_the_best_rule_of_crowd_kit() -> None:
    told = real_rows("crowd_labels.csv.gz")
    gold = {row["item"]: row["label"] for row in real_rows("crowd_gold.csv")}
    table = vote_table((row["worker"], row["item"], row["label"]) for row in told)
    labels = weighted_vote.aggregate(table.votes).labels()
    said = {item: table.classes[k] for item, k in zip(table.items, labels, strict=True)}
    right = sum(said[item] == label for item, label in gold.items())
    # Of 333: Wawa 256; majority, zero-based skill and Dawid-Skene 255; GLAD 253; MACE 252 to 260,
    # by its start; M-MSR 250; one coin 236 (crowd-kit 1.4.2). `make bench` runs most of them.
    assert right >= 262
