"""Bounded questions: a store that hangs holds nobody up for long, and is asked once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ratchet.entry.serve.bounded import Bounded
from ratchet.kernel.errors import NotFound, Unavailable

WAIT = 10.0


def test_an_answer_that_comes_is_given_and_the_next_question_is_asked_anew() -> None:
    answers = iter([1, 2])
    asked = Bounded(lambda: next(answers))
    assert (asked.answer(), asked.answer()) == (1, 2)


def test_what_the_question_raises_is_raised() -> None:
    def ask() -> None:
        raise NotFound("not there")

    with pytest.raises(NotFound, match="not there"):
        Bounded(ask).answer()


def test_a_question_that_hangs_is_given_up_and_not_asked_again_meanwhile() -> None:
    let_go, begun = threading.Event(), []

    def ask() -> str:
        begun.append(1)
        assert let_go.wait(WAIT)
        return "late"

    asked = Bounded(ask, seconds=0.05)
    for _ in range(3):
        with pytest.raises(Unavailable):
            asked.answer()
    assert len(begun) == 1
    let_go.set()
    patient = Bounded(ask, seconds=WAIT)
    assert patient.answer() == "late"


def test_all_who_ask_meanwhile_share_one_answer() -> None:
    let_go, begun = threading.Event(), []

    def ask() -> str:
        begun.append(1)
        assert let_go.wait(WAIT)
        return "shared"

    asked = Bounded(ask, seconds=WAIT)
    everybody = threading.Barrier(5)

    def one() -> str:
        everybody.wait(WAIT)
        return asked.answer()

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(one) for _ in range(4)]
        everybody.wait(WAIT)
        hurried = Bounded(lambda: asked.answer(), seconds=0.2)
        with pytest.raises(Unavailable):
            hurried.answer()
        assert len(begun) == 1
        let_go.set()
        assert {w.result(WAIT) for w in waiting} == {"shared"}
