import pytest

from ratchet.datasets.protect.detect.ip import detect
from ratchet.datasets.protect.redact import joined


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in joined(detect(text))]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("from 192.168.0.14.", "192.168.0.14"),
        ("10.0.0.1:8080/x", "10.0.0.1"),
        ("10.0.0.0/24", "10.0.0.0"),
        ("ip=255.255.255.255;", "255.255.255.255"),
        ("[2001:db8:85a3::8a2e:370:7334]:443", "2001:db8:85a3::8a2e:370:7334"),
        ("at ::1 now", "::1"),
        ("::ffff:192.0.2.128", "::ffff:192.0.2.128"),
        ("fe80::1 is up", "fe80::1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ],
)
def test_an_address_is_found(text: str, address: str) -> None:
    assert found(text) == [address]


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4",
        "v10.4.0.2",
        "see section 3.1.4.1",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.4-beta",
        "12:30:45",
        "a::b",
        "std::vector",
        "00:1A:2B:3C:4D:5E",
        "1:2:3",
    ],
)
def test_versions_times_and_names_are_left(text: str) -> None:
    assert found(text) == []
