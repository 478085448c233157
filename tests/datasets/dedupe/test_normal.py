"""The normal form: what is the same to a reader is the same to the hash, and nothing else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.dedupe.normal import normal_hash, normal_text, normalised
from ratchet.datasets.example import Content, Step


def content(text: str, output: str = "Done.", *steps: Step) -> Content:
    return Content(input=text, output=output, steps=steps)


@pytest.mark.parametrize(
    "same",
    [
        "  FLY\tto \n Rome ",
        "fly to\u00a0rome",
        "f\u200bl\u00ady \u202eto\u202c rome\ufeff",
        "\uff26\uff2c\uff39 to rome",
        "fly to r\u200d\u2060ome\x00",
    ],
)
def test_case_width_white_space_and_unseen_marks_make_no_other_example(same: str) -> None:
    assert normal_hash(content(same)) == normal_hash(content("fly to rome"))


def test_letters_are_composed_and_folded_as_unicode_says() -> None:
    assert normalised("Cafe\u0301 STRASSE") == normalised("caf\u00e9 stra\u00dfe") == "café strasse"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (content("seat 12A"), content("seat 12B")),
        (content("mail [EMAIL_1]"), content("mail [EMAIL_2]")),
        (content("ab", "c"), content("a", "bc")),
        (content("a", ""), content("", "a")),
        (content("fly", "yes"), content("fly", "no")),
        (
            content("fly", "ok", Step(kind="call", name="book", text="{}")),
            content("fly", "ok", Step(kind="call", name="cancel", text="{}")),
        ),
        (content("fly", "ok"), content("fly", "ok", Step(kind="message", role="user", text="hm"))),
    ],
)
def test_another_number_answer_step_or_tool_is_another_example(
    one: Content, other: Content
) -> None:
    assert normal_hash(one) != normal_hash(other)


def test_the_systems_message_is_no_part_of_what_makes_examples_the_same() -> None:
    rules = Step(kind="message", role="system", text="You are an agent. " * 500)
    assert normal_text(content("fly", "ok", rules)) == "fly\nok"


def test_the_hash_is_the_one_of_the_normal_form_and_takes_half_a_character() -> None:
    known = hashlib.sha256(b"fly to rome\ndone.").hexdigest()
    assert normal_hash(content("Fly to Rome")) == known
    assert normal_hash(content("\ud800")) != normal_hash(content("\ud801"))


@given(st.text())
def test_what_is_normal_stays_as_it_is(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
