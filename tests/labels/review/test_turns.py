"""Turns: when an item is done, what was decided, and when another opinion is wanted."""

from collections.abc import Sequence

import pytest

from ratchet.kernel.errors import Refused
from ratchet.labels.review.turns import answered, doubted, majority, state_at, taken
from ratchet.labels.review_item import Opinion, ReviewItem
from tests.support.reviewing import LEASE, MINUTE, NOON, item


def opinion(by: str, label: str) -> Opinion:
    return Opinion(by=by, label=label, at=NOON)


def after(start: ReviewItem, labels: Sequence[str]) -> ReviewItem:
    """Return an item that reviewers p0, p1 ... answered one after the other."""
    for i, label in enumerate(labels):
        start = answered(taken(start, f"p{i}", NOON + LEASE), opinion(f"p{i}", label), NOON)
    return start


@pytest.mark.parametrize(
    ("wanted", "labels", "state", "decided", "more"),
    [
        (1, "a", "done", "a", 0),
        (2, "a", "open", None, 1),
        (2, "aa", "done", "a", 0),
        (2, "ab", "open", None, 1),  # they disagree: a third is wanted
        (2, "aba", "done", "a", 0),
        (3, "aa", "open", None, 1),
        (3, "abc", "open", None, 1),
        (3, "abcb", "done", "b", 0),
        (3, "abab", "open", None, 1),
        (2, "abcdefghi", "done", None, 0),  # nine are as many as there may be
    ],
)
def test_it_is_done_when_all_that_are_wanted_are_in_and_one_class_leads(
    wanted: int, labels: str, state: str, decided: str | None, more: int
) -> None:
    found = after(item(classes=tuple("abcdefghi"), wanted=wanted), labels)
    assert (found.state, found.decided, found.claim) == (state, decided, None)
    assert found.wanted - len(found.opinions) == more
    assert (found.closed_at == NOON) is (state == "done")
    assert ReviewItem.from_store(found.to_map()) == found


def test_a_majority_names_one_class_most_often() -> None:
    assert majority([opinion("p", "x")]) == "x"
    assert majority([opinion(p, c) for p, c in ("ax", "by", "cy", "dz")]) == "y"
    assert majority([opinion(p, c) for p, c in ("ax", "by")]) is None


def test_an_item_whose_lease_ended_is_open_or_escalated_as_before() -> None:
    held = taken(item(), "ada", NOON + LEASE)
    assert state_at(held, NOON + LEASE - MINUTE) == "claimed"
    assert state_at(held, NOON + LEASE) == "open"
    raised = taken(item(escalated_by="bob"), "ada", NOON)
    assert state_at(raised, NOON) == "escalated"


def test_a_lease_longer_than_any_keeps_nobody_from_an_item() -> None:
    day = 1440 * MINUTE
    assert state_at(taken(item(), "ada", NOON + day), NOON) == "claimed"
    # The clock of whoever claimed it ran a year ahead.
    assert state_at(taken(item(), "ada", NOON + 365 * day), NOON) == "open"


def test_doubt_wants_one_opinion_more_than_there_will_be_and_asked_again_no_more() -> None:
    done = after(item(), "a")
    again = doubted(done, "eve", NOON)
    assert (again.state, again.wanted, again.decided, again.closed_at) == ("open", 2, None, None)
    assert doubted(again, "eve", NOON) == again
    held = taken(item(), "ada", NOON + LEASE)
    assert doubted(held, "ada", NOON).wanted == 2  # his own, and one more
    assert doubted(held, "eve", NOON).wanted == 2
    assert doubted(held, "eve", NOON + LEASE).wanted == 1


def test_nobody_may_want_a_tenth_opinion() -> None:
    full = after(item(classes=tuple("abcdefghi"), wanted=9), "aaaaabbbb")
    with pytest.raises(Refused, match="9 opinions"):
        doubted(full, "eve", NOON)
