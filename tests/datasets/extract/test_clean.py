"""What arrives: JSON that ends, numbers that are kept exactly, and text that is text."""

import math
from typing import Any

import pytest

from ratchet.datasets.extract.clean import MAX_RAW, check_payload, read_raw
from ratchet.kernel.errors import Malformed, Poisoned


def code_of(raised: pytest.ExceptionInfo[Malformed]) -> tuple[str, str]:
    return raised.value.code, raised.value.field


@pytest.mark.parametrize(
    ("raw", "kind", "told"),
    [
        (b"\xff\xfe{}", Poisoned, "byte 0 is no UTF-8"),
        (b"[" * 200_000, Poisoned, "nested deeper than 100"),
        (b'{"a": 1, "a": 2}', Malformed, "'a' stands twice"),
        (b'{"\\ud800": 1, "\\ud800": 2}', Malformed, "stands twice"),
        (b'{"a": NaN}', Malformed, "NaN is no JSON number"),
        (b'{"a": -Infinity}', Malformed, "-Infinity is no JSON number"),
        (b'{"a": ' + b"9" * 5000 + b"}", Malformed, "no JSON"),
        (b"", Malformed, "no JSON"),
        (b"{} {}", Malformed, "no JSON"),
        (b" " * (MAX_RAW + 1), Malformed, "8388609 bytes, a trace has at most 8388608"),
    ],
)
def test_bytes_that_are_no_trace_are_refused_with_a_code(
    raw: bytes, kind: type[Malformed], told: str
) -> None:
    with pytest.raises(Malformed, match=told) as raised:
        read_raw(raw)
    assert type(raised.value) is kind
    assert raised.value.mend
    assert raised.value.message.encode()


def test_bytes_up_to_the_limit_are_read_with_or_without_a_mark_of_order() -> None:
    assert read_raw(b" " * (MAX_RAW - 2) + b"{}") == {}
    assert read_raw(b'\xef\xbb\xbf{"a": "\xc3\x9f"}') == {"a": "ß"}


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ({"a": [{"b": 2**53}]}, "RATCHET-7101", "a.0.b"),
        ({"a": math.inf}, "RATCHET-7101", "a"),
        ({"a": b"x"}, "RATCHET-7101", "a"),
        ({"a": {1: "x"}}, "RATCHET-7101", "a"),
        ({"a": "x\x00"}, "RATCHET-7102", "a"),
        ({"a": {"\ud800": 1}}, "RATCHET-7102", "a"),
        ({"\ud800": {"b": "\udfff"}}, "RATCHET-7102", "(whole)"),
        ({"a": "\ufffdPNG\ufffd\ufffd\x1a"}, "RATCHET-7102", "a"),
        ("x" * (MAX_RAW + 1), "RATCHET-7101", "(whole)"),
    ],
)
def test_a_value_that_cannot_be_kept_is_named(value: Any, code: str, field: str) -> None:
    with pytest.raises(Malformed) as raised:
        check_payload(value)
    assert code_of(raised) == (code, field)


def test_limits_are_exact() -> None:
    check_payload([2**53 - 1, -(2**53) + 1, 0.1, None, True])
    check_payload(["é" * (MAX_RAW // 2)])
    at_most: Any = "x"
    for _ in range(100):
        at_most = [at_most]
    check_payload(at_most)
    with pytest.raises(Poisoned, match="deeper than 100") as raised:
        check_payload({"more": at_most})
    assert raised.value.field.startswith("more.0.0")


def test_marks_that_are_not_seen_and_colours_of_a_terminal_are_text() -> None:
    check_payload({"a": "\u202eabc\u202c a\u200b@b.com \x1b[31mred\x1b[0m\r\n\t"})
    check_payload({"one stray mark": "bell\x07"})
