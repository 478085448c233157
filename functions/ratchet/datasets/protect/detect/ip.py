"""Addresses of the Internet Protocol, versions 4 and 6."""

import re
from collections.abc import Iterator
from ipaddress import IPv6Address

from ratchet.datasets.protect.detect.detector import Span

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|0{0,2}\d|0?[1-9]\d)"
# A hyphen may follow at the end, or before the other end of a range.
_V4 = re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.\w|-(?!(?:\d{{1,3}}\.){{3}}\d)\w)")
# Four numbers with dots are the version of a program, or a chapter, where the words say so.
_NO_ADDRESS = re.compile(
    r"(?:\bv|\b(?:version|ver|release|build|section|chapter|clause|firmware|driver)s?\.?)"
    r"(?:\s+(?:is|to|from|number|no\.?))?\s*[:=\"]*\s*\Z",
    re.IGNORECASE,
)
_V6 = re.compile(
    r"(?<![\w:.])[0-9A-Fa-f]{0,4}+(?::[0-9A-Fa-f]{0,4}+){2,8}+(?:\.\d{1,3}){0,3}(?![\w:])"
)
# What is in every address, and is found fast.
_IN_V4 = re.compile(r"\.\d{1,3}\.\d{1,3}\.\d")
_IN_V6 = re.compile(r":[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:|::")
_BEFORE = 30


def detect(text: str) -> Iterator[Span]:
    """Yield the addresses of a text."""
    if _IN_V4.search(text):
        for match in _V4.finditer(text):
            before = text[max(0, match.start() - _BEFORE) : match.start()]
            if not _NO_ADDRESS.search(before):
                yield Span(match.start(), match.end(), "IP")
    if _IN_V6.search(text):
        for match in _V6.finditer(text):
            if is_v6(match[0]):
                yield Span(match.start(), match.end(), "IP")


def is_v6(found: str) -> bool:
    """Say whether a text is an address, and no time of day, type or name with colons in it.

    Without a digit it wants a colon by itself, which no name of a type has.

    >>> is_v6("2001:db8::1"), is_v6("::1"), is_v6("12:30:45"), is_v6("a::b")
    (True, True, False, False)
    """
    first = found.partition(":")[0]
    if not any(c.isdigit() for c in found) and ":" not in found.replace("::", ""):
        return False
    if "::" in found and 0 < len(first) < 3:
        return False
    try:
        IPv6Address(found)
    except ValueError:
        return False
    return True
