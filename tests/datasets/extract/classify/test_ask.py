"""The ask: whether it wants a plan, and how many pieces of work it names."""

import pytest

from ratchet.datasets.example import Content, Step
from ratchet.datasets.extract.classify.ask import ask_of, parts_of, said_by_user, wants_plan


@pytest.mark.parametrize(
    ("ask", "plan"),
    [
        ("please plan my week", True),
        ("could you organise the move?", True),
        ("i need a training schedule", True),
        ("break the launch into weeks", True),
        ("cancel my data plan", False),
        ("the schedule is late again", False),
        ("what did the planners say?", False),
    ],
)
def test_a_plan_is_wanted_where_one_is_to_be_made(ask: str, plan: bool) -> None:
    assert wants_plan(ask) is plan


def test_pieces_of_work_are_counted_by_words_of_sequence_or_the_items_of_a_list() -> None:
    assert parts_of("translate it, then shorten it") == 1
    assert parts_of("first translate it, then shorten it") == 2
    assert parts_of("do this:\n1. wash\n2. dry\n- fold") == 3


def test_the_ask_is_the_beginning_of_the_input_and_the_user_may_add_to_it() -> None:
    said = [("user", "And QUICK."), ("assistant", "Yes."), ("user", "Thanks.")]
    steps = tuple(Step(kind="message", role=role, text=text) for role, text in said)
    content = Content(input="A" * 5000, output="", steps=steps)
    assert ask_of(content) == "a" * 4000
    assert said_by_user(content) == ["and quick.", "thanks."]
