import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.protect.nodes import Node, node_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def leaves(text: str) -> list[tuple[str, str]]:
    return [(leaf.lead, leaf.text) for leaf in node_of(text).leaves()]


def test_strings_keys_and_long_numbers_of_json_are_looked_at_with_the_key_they_stand_under() -> (
    None
):
    assert leaves('{"phone": ["a\\u0040b.com", 12345678], "n": 12, "s": "x"}') == [
        ("", "phone"),
        ("phone: ", "a@b.com"),
        ("phone: ", "12345678"),
        ("", "n"),
        ("", "s"),
    ]


def test_json_in_a_string_of_json_is_looked_into() -> None:
    assert leaves('{"x": "{\\"card\\": 4111111}"}') == [
        ("", "x"),
        ("", "card"),
        ("card: ", "4111111"),
    ]


@pytest.mark.parametrize("text", ["", "[EMAIL_1]", "{'a': 1}", "4111111111111111", "[" * 100_000])
def test_other_texts_are_one_leaf(text: str) -> None:
    assert leaves(text) == [("", text)]


@given(value=json_values, indent=st.none() | st.just(2), escaped=st.booleans())
def test_what_is_left_as_it_is_comes_back_letter_by_letter(
    value: object, indent: int | None, escaped: bool
) -> None:
    text = json.dumps([value], indent=indent, ensure_ascii=escaped)
    assert node_of(text).render(lambda leaf: leaf.text) == text


@given(value=json_values, escaped=st.booleans())
def test_whatever_is_put_into_leaves_json_stays_json(value: object, escaped: bool) -> None:
    text = json.dumps([value], ensure_ascii=escaped)
    told = node_of(text).render(lambda leaf: leaf.text + '"\\[X_1]')
    json.loads(told)


def test_a_number_becomes_a_string_and_letters_stay_letters() -> None:
    def told(leaf: Node) -> str:
        return "é1" if leaf.text == "12345678" else leaf.text

    assert node_of('{"é": 12345678}').render(told) == '{"é": "é1"}'
    assert node_of('{"e": 12345678}').render(told) == '{"e": "\\u00e91"}'
