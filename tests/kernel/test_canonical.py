"""Canonical JSON against the RFC's own examples and against another implementation."""

import json
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.canonical import canonical, content_hash, pseudonym, sign, signed_by
from ratchet.kernel.errors import InvalidInput

SAFE = 2**53 - 1
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-SAFE, SAFE)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
JSON = st.recursive(SCALARS, lambda v: st.lists(v) | st.dictionaries(st.text(), v))

# RFC 8785, appendix B: the bits of a double and its text.
APPENDIX_B = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


def double(bits: str) -> float:
    value: float = struct.unpack(">d", bytes.fromhex(bits))[0]
    return value


@pytest.mark.parametrize(("bits", "text"), APPENDIX_B.items())
def test_the_rfcs_numbers_are_written_as_it_says(bits: str, text: str) -> None:
    assert canonical(double(bits)).decode() == text


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_the_rfcs_numbers_without_a_form_are_refused(bits: str) -> None:
    with pytest.raises(InvalidInput):
        canonical({"n": [double(bits)]})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_agrees_with_another_implementation(value: float) -> None:
    assert canonical(value) == rfc8785.dumps(value)
    assert float(canonical(value)) == value


@given(JSON)
def test_every_json_value_agrees_with_another_implementation(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(JSON)
def test_the_canonical_form_is_a_fixed_point(value: Any) -> None:
    read = json.loads(canonical(value), parse_int=float)  # as ECMAScript reads a number
    assert canonical(read) == canonical(value)


def test_names_are_sorted_by_utf16_units_as_in_the_rfc() -> None:
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    found = list(json.loads(canonical(dict.fromkeys(names, 0))))
    assert found == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_text_is_escaped_only_where_it_must_be() -> None:
    assert canonical('\u20ac$\x0f\n\x7fA\'B"\\"/') == '"€$\\u000f\\n\x7fA\'B\\"\\\\\\"/"'.encode()


@pytest.mark.parametrize("value", [SAFE + 1, -SAFE - 1, "\ud800", {"\ud800": 1}, b"x", {1}])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput):
        canonical({"value": value})


def test_an_instant_counts_the_same_in_every_zone() -> None:
    noon = datetime(2026, 1, 1, 12, 0, 0, 5, tzinfo=UTC)
    assert canonical(noon) == b'"2026-01-01T12:00:00.000005Z"'
    assert canonical(noon.astimezone(timezone(timedelta(hours=-7)))) == canonical(noon)


def test_a_hash_depends_on_content_and_not_on_order_or_number_type() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2.0, "a": 1.0})
    assert content_hash({"a": 1}) != content_hash({"a": "1"})
    # SHA-256 of the two bytes `{}`.
    empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert content_hash({}) == empty


def test_a_signature_holds_for_its_key_and_its_value_only() -> None:
    signature = sign(b"key", {"a": 1})
    assert signed_by(b"key", {"a": 1.0}, signature)
    assert not signed_by(b"other", {"a": 1}, signature)
    assert not signed_by(b"key", {"a": 2}, signature)
    assert not signed_by(b"key", {"a": 1}, signature[:-1])


def test_a_pseudonym_hides_the_unit_and_differs_by_key() -> None:
    assert pseudonym(b"k", "user-1") == pseudonym(b"k", "user-1")
    assert len({pseudonym(key, unit) for key in (b"k", b"j") for unit in ("a", "b")}) == 4
    assert "user-1" not in pseudonym(b"k", "user-1")
