"""Names become places, and back."""

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.aggregate.table import vote_table


def test_names_are_numbered_as_they_appear() -> None:
    found = vote_table([("ann", "i2", "yes"), ("bob", "i2", "no"), ("ann", "i1", "no")])
    assert (found.raters, found.items, found.classes) == (
        ("ann", "bob"),
        ("i2", "i1"),
        ("yes", "no"),
    )
    assert found.votes.rater.tolist() == [0, 1, 0]
    assert found.votes.item.tolist() == [0, 0, 1]
    assert found.votes.label.tolist() == [0, 1, 1]
    assert not found.votes.is_known.any()


def test_gold_makes_items_known_though_nobody_voted_for_its_class() -> None:
    found = vote_table([("ann", "i1", "yes"), ("ann", "i2", "no")], {"i2": "maybe"})
    assert (found.classes, found.unvoted) == (("yes", "no", "maybe"), ("maybe",))
    assert found.votes.known is not None
    assert found.votes.known.tolist() == [-1, 2]


def test_a_rater_has_one_vote_on_an_item_which_is_the_last() -> None:
    rows = [("ann", "i1", "yes"), ("bob", "i1", "yes"), ("ann", "i1", "no"), ("bob", "i1", "yes")]
    found = vote_table(rows)
    assert (found.votes.rater.tolist(), found.revised) == ([0, 1], 1)
    assert [found.classes[k] for k in found.votes.label] == ["no", "yes"]


def test_no_votes_and_gold_of_items_without_votes_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no vote"):
        vote_table([])
    with pytest.raises(InvalidInput, match="nobody voted about i9"):
        vote_table([("ann", "i1", "yes")], {"i9": "yes"})
