"""A name stands once in an object, at any depth, whoever reads it."""

import json

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.strict_json import names_once

LONG = "long" * 25


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"a": 1, "a": 1}', "a"),
        ('{"a": 1, "b": [{"c": 1, "d": 2, "c": 3}]}', "c"),
        ('{"a": 1, "\\u0061": 2}', "a"),
        ('{"": 1, "": 2}', ""),
        (f'{{"{LONG}": 1, "{LONG}": 2}}', LONG[:80]),
    ],
)
def test_a_name_that_stands_twice_is_named(text: str, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        json.loads(text, object_pairs_hook=names_once)
    assert caught.value.field == name
    assert caught.value.message == f"{name!r} stands twice in one object"


def test_the_same_name_in_two_objects_is_kept_in_its_order() -> None:
    text = '{"b": {"a": 1}, "a": [{"a": 2}, {}]}'
    found = json.loads(text, object_pairs_hook=names_once)
    assert json.dumps(found) == text
