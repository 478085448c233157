import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.example import Content, Step
from ratchet.datasets.protect.detect.detector import Span
from ratchet.datasets.protect.redact import REDACTION, joined, redact
from tests.support.private import POSITIVE, own_texts

CLEAR = [
    "the order 10045678901 of 2024-05-20",
    '{"a": [1, 2.5, null], "b": "x"}',
    "",
    "[EMAIL_7] wrote",
    "\ud83d\ude00 \u0000 \ud800"[:-1],
]
HARD = ["a", "1 ", "@", "a@", "4111 ", "123 456 789 ", "password=", "?token=", "://a:", "::", "1."]
HARD += ["-----BEGIN PRIVATE KEY-----", "GB29 ", "eyJaaaaaaaa.", '{"', "\u200b", "call 1234567 "]
HARD += ["curl -u ", "cookie: a", " --password ", '"@', "(at)", "@a%2E1", "ssn ", "1111/", "a%2B"]
pieces = st.sampled_from(
    [one.text for one in own_texts()]
    + ["@", ".com", "4111 1111 ", "+1 ", "[EMAIL_1]", "\u200b", '"', "{", "\\", "://", ":", "\x00"]
)


def content(*texts: str) -> Content:
    *steps, output = texts[1:]
    return Content(
        input=texts[0],
        output=output,
        steps=tuple(Step(kind="message", role="user", text=text) for text in steps),
    )


def test_a_value_has_one_number_in_input_steps_and_output_whatever_its_case_and_separators() -> (
    None
):
    found = redact(
        content("jane@x.com or 4242 4242 4242 4242", "Jane@X.com", "bob@x.com, 4242424242424242")
    )
    assert found.content.texts() == ("[EMAIL_1] or [CARD_1]", "[EMAIL_1]", "[EMAIL_2], [CARD_1]")
    assert found.counts == {"CARD": 2, "EMAIL": 3}


def test_who_spoke_and_what_was_called_are_searched_too() -> None:
    step = Step(kind="message", role="jane@x.com", name="bob@x.com", text="I am Jane@x.com")
    found = redact(Content(input="x", output="y", steps=(step,)))
    assert found.content.steps == (
        Step(kind="message", role="[EMAIL_1]", name="[EMAIL_2]", text="I am [EMAIL_1]"),
    )
    assert found.counts == {"EMAIL": 3}


def test_a_forged_placeholder_does_not_take_numbers_beyond_those_that_are_read_back() -> None:
    found = redact(content("[EMAIL_999999999] a@b.com", "x"))
    assert found.content.input == "[EMAIL_999999999] [EMAIL_1]"


def test_a_step_keeps_all_but_its_text() -> None:
    step = Step(kind="call", role="assistant", name="book", text='{"to": "a@b.com"}', ok=True)
    found = redact(Content(input="x", output="y", steps=(step,))).content.steps
    assert found == (step.model_copy(update={"text": '{"to": "[EMAIL_1]"}'}),)


@pytest.mark.parametrize("text", CLEAR)
def test_what_has_nothing_private_is_the_same_content(text: str) -> None:
    given = content(text, text)
    assert redact(given) == (given, {})


def test_placeholders_that_came_with_a_text_are_left_uncounted_and_keep_their_numbers() -> None:
    found = redact(content("[EMAIL_3], [PHONE_999999999999] a@b.com", "[CARD_1]"))
    assert found.content.input == "[EMAIL_3], [PHONE_999999999999] [EMAIL_4]"
    assert found.counts == {"EMAIL": 1}


def test_json_stays_json_down_to_json_in_its_strings() -> None:
    inner = {"card": 4242424242424242, "password": "hunter2-X", "to": ["a@b.com"]}
    text = json.dumps({"a@b.com": json.dumps(inner), "n": 3, "ssn": 531217351}, indent=1)
    found = redact(content("x", text)).content.output
    outer = json.loads(found)
    assert set(outer) == {"[EMAIL_1]", "n", "ssn"}
    assert (outer["n"], outer["ssn"]) == (3, "[SSN_1]")
    assert json.loads(outer["[EMAIL_1]"]) == {
        "card": "[CARD_1]",
        "password": "[SECRET_1]",
        "to": ["[EMAIL_1]"],
    }
    assert found.count("\n") == text.count("\n")


def test_what_hides_behind_invisible_letters_goes_with_them() -> None:
    found = redact(content("to a\u200b@\u202eb\uff0ecom, \uff14" + "1" * 15, "x"))
    assert found.content.input == "to [EMAIL_1], [CARD_1]"


@given(texts=st.lists(st.lists(pieces, max_size=6).map("".join), min_size=2, max_size=4))
def test_redacting_again_changes_nothing(texts: list[str]) -> None:
    once = redact(content(*texts)).content
    assert redact(once) == (once, {})


def test_overlapping_finds_are_one_named_by_the_longest_then_by_the_first() -> None:
    assert joined([Span(0, 4, "IP"), Span(2, 9, "CARD"), Span(9, 11, "SSN")]) == [
        Span(0, 9, "CARD"),
        Span(9, 11, "SSN"),
    ]
    assert joined([Span(0, 4, "IP"), Span(0, 4, "CARD")]) == [Span(0, 4, "IP")]


def test_no_value_is_left_in_what_is_kept_of_a_redaction() -> None:
    private = [one for one in own_texts() if one.spans]
    values = [one.text[s.start : s.end] for one in private for s in one.spans]
    found = redact(content(*(one.text for one in private)))
    kept = repr(found)
    assert [value for value in values if value in kept] == []
    assert sum(found.counts.values()) == POSITIVE.count("|")


def test_the_version_names_all_that_finds() -> None:
    code, phones, names = REDACTION.split("+", 2)
    assert (code, phones.partition("-")[0], names.partition("-")[2]) == (
        "1",
        "phonenumbers",
        "names",
    )


@pytest.mark.slow
@pytest.mark.parametrize("piece", HARD)
def test_time_grows_with_the_length_of_what_is_made_to_take_long(piece: str) -> None:
    def seconds(letters: int) -> float:
        text = piece * (letters // len(piece))
        began = time.process_time()
        redact(content(text, ""))
        return time.process_time() - began

    # Sixteen times as long: linear time is 16 times as much, quadratic time 256 times. The best of
    # two, since collecting the garbage of other tests may fall into one.
    longer = min(seconds(400_000) for _ in range(2))
    assert longer < 64 * max(seconds(25_000), 0.01)
