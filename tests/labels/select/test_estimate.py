"""The estimate of an agent: all candidates count, though the hard ones were asked about."""

import pytest

from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.labels.select.estimate import ReviewEstimate, estimate_share
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import Worker
from tests.support.reviewing import ADA, Desk
from tests.support.selecting import asking, draws, fill, next_day, numbered, queue


def answer_all(at: Worker, *, but: int = 0) -> None:
    """Let ada answer: what comes of a batch `easy` is good, the rest is bad."""
    desk = Desk(at.store, at.clock)
    for _ in range(sum(item.state == "open" for item in queue(at.store).values()) - but):
        item = desk.next(ADA)
        desk.label(ADA, item.key(), "good" if item.subject.startswith("easy") else "bad")


def estimated(at: Worker, days: float = 30) -> ReviewEstimate:
    return estimate_share(at.store, "router", days=days, now=at.clock())


def test_the_weighted_share_is_of_all_and_the_plain_one_of_those_asked(
    embedded: SqliteStore,
) -> None:
    at = asking(embedded, nightly=40, secondShare=0, uniformShare=0.5)
    numbered(at, "easy", 300, confidence=0.9)
    numbered(at, "hard", 100, confidence=0.1)
    fill(at)
    answer_all(at)
    found = estimated(at)
    assert (found.draws, found.candidates, found.drawn, found.answered) == (1, 400, 40, 40)
    # Half of 40 by score, all of it to the hard; half evenly: 3/4 of 20 are easy.
    assert found.plain == pytest.approx(15 / 40, abs=0.13)
    assert found.share == pytest.approx(0.75, abs=0.1)
    assert found.interval.holds(0.75)
    assert not found.plain_interval.holds(0.75)


def test_half_of_the_answers_estimate_the_same_less_surely(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=60, secondShare=0, uniformShare=0.5)
    numbered(at, "easy", 300, confidence=0.9)
    numbered(at, "hard", 100, confidence=0.1)
    fill(at)
    answer_all(at, but=30)
    found = estimated(at)
    assert (found.drawn, found.answered) == (60, 30)
    assert found.share == pytest.approx(0.75, abs=0.15)
    assert found.interval.holds(0.75)


def test_where_all_were_asked_and_answered_the_share_is_exact(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=10, secondShare=0)
    numbered(at, "easy", 3, weight=3)
    numbered(at, "hard", 1)
    fill(at)
    answer_all(at)
    found = estimated(at)
    assert (found.share, found.interval.low, found.interval.high, found.n) == (0.9, 0.9, 0.9, None)
    assert found.plain == 0.75


def test_what_is_not_answered_leaves_it_open(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=10, secondShare=0)
    numbered(at, "easy", 10)
    fill(at)
    answer_all(at, but=5)
    found = estimated(at)
    assert (found.drawn, found.answered) == (10, 5)
    assert found.interval.low < 0.9


def test_what_has_no_probability_of_its_own_is_left_out(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=3, secondShare=0)
    numbered(at, "easy", 6)
    fill(at)
    next_day(at)
    numbered(at, "hard", 1)
    fill(at)
    answer_all(at)
    assert sum(len(draw.drawn) for draw in draws(embedded)) == 6
    found = estimated(at)
    assert (found.draws, found.drawn, found.answered) == (2, 4, 4)
    assert found.share == pytest.approx(6 / 7)  # three of six stand for two each


def test_a_broken_item_counts_as_not_answered(embedded: SqliteStore) -> None:
    at = asking(embedded, nightly=3, secondShare=0)
    numbered(at, "easy", 3)
    fill(at)
    answer_all(at)
    found = embedded.get(Ref("ops_review_queue", "label~router~easy.1"))
    assert found is not None
    embedded.set(found.ref, found.data | {"state": "lost"})
    told: list[Exception] = []
    left = estimate_share(embedded, "router", days=1, now=at.clock(), tell=told.append)
    assert (left.drawn, left.answered, len(told)) == (3, 2, 1)


def test_without_draws_or_answers_or_time_there_is_no_estimate(embedded: SqliteStore) -> None:
    at = asking(embedded)
    with pytest.raises(NotFound) as missing:
        estimated(at)
    assert missing.value.mend == "ratchet review fill --agent router"
    numbered(at, "easy", 3)
    fill(at)
    with pytest.raises(InvalidInput) as unanswered:
        estimated(at)
    assert unanswered.value.mend == "ratchet review next"
    with pytest.raises(InvalidInput) as timeless:
        estimated(at, days=0)
    assert timeless.value.field == "days"
