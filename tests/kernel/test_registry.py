import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.registry import pick


def test_a_member_is_picked_by_name() -> None:
    assert pick({"a": 1, "b": 2}, "b", field="tuner") == 2


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"tuner 'c' is not known \(one of a, b\)") as raised:
        pick({"a": 1, "b": 2}, "c", field="tuner")
    assert raised.value.field == "tuner"
