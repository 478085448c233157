"""Every rule of aggregation answers alike of the same votes, in whatever order or names."""

import inspect
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from ratchet.labels import aggregate
from ratchet.labels.aggregate import AGGREGATES
from ratchet.labels.aggregate.votes import UNKNOWN, Aggregate, Aggregator, Votes
from tests.contracts.test_registries import modules
from tests.support.raters import voted

WHOLE, TRUTH = voted((0.95, 0.9, 0.9, 0.85), items=60, classes=3, labels=12)


Answers = Mapping[Aggregator, Aggregate]
every = pytest.mark.parametrize("rule", AGGREGATES.values(), ids=AGGREGATES.keys())


@pytest.fixture(scope="module")
def answers() -> Answers:
    """What each rule says of the whole."""
    return {rule: rule(WHOLE) for rule in AGGREGATES.values()}


def test_every_file_that_aggregates_is_registered_under_its_name() -> None:
    found = {
        name: module.aggregate
        for name, module in modules(aggregate).items()
        if hasattr(module, "aggregate")
    }
    assert dict(AGGREGATES) == found
    assert list(AGGREGATES) == sorted(AGGREGATES)


@every
def test_a_rule_takes_votes_and_gives_an_aggregate(rule: Aggregator) -> None:
    asked = inspect.signature(rule)
    assert [p.annotation for p in asked.parameters.values()] == [Votes]
    assert asked.return_annotation is Aggregate


@every
def test_chances_and_shares_are_distributions_and_known_items_are_settled(
    rule: Aggregator, answers: Answers
) -> None:
    found = answers[rule]
    assert found.chances.shape == (60, 3)
    assert found.chances.min() >= 0
    np.testing.assert_allclose(found.chances.sum(1), 1)
    assert found.shares.shape == (3,)
    assert found.shares.sum() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(found.labels()[:12], TRUTH[:12])
    np.testing.assert_array_equal(found.chances[:12].max(1), 1)
    assert (found.labels() == TRUTH).mean() > 0.8


@every
def test_an_interval_holds_its_share(rule: Aggregator, answers: Answers) -> None:
    found = answers[rule]
    assert (found.low is None) == (found.high is None)
    if found.low is not None and found.high is not None:
        assert (found.low <= found.shares).all()
        assert (found.shares <= found.high).all()


@every
def test_neither_the_order_of_votes_nor_the_names_of_raters_matter(
    rule: Aggregator, answers: Answers
) -> None:
    order = np.random.default_rng(2).permutation(len(WHOLE.item))
    names = np.array([2, 0, 3, 1])
    other = rule(
        replace(
            WHOLE,
            item=WHOLE.item[order],
            rater=names[WHOLE.rater][order],
            label=WHOLE.label[order],
        )
    )
    np.testing.assert_allclose(other.chances, answers[rule].chances, atol=1e-6)


@every
def test_other_names_of_classes_turn_the_answer(rule: Aggregator, answers: Answers) -> None:
    assert WHOLE.known is not None
    names = np.array([1, 2, 0])
    known = np.where(WHOLE.known == UNKNOWN, UNKNOWN, names[WHOLE.known])
    other = rule(replace(WHOLE, label=names[WHOLE.label], known=known))
    found = answers[rule]
    np.testing.assert_allclose(other.chances[:, names], found.chances, atol=1e-6)
    np.testing.assert_allclose(other.shares[names], found.shares, atol=1e-6)


@every
def test_an_item_without_a_vote_and_a_class_that_nobody_named_are_answered(
    rule: Aggregator,
) -> None:
    votes, _ = voted((0.9, 0.8), items=20, labels=10)
    assert votes.known is not None
    wider = replace(votes, items=21, classes=3, known=np.append(votes.known, UNKNOWN))
    found = rule(wider)
    assert found.chances.shape == (21, 3)
    np.testing.assert_allclose(found.chances.sum(1), 1)
