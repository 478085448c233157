"""Payment cards: 13 to 19 digits of an issuer's range whose check digit holds."""

import re
from collections.abc import Iterator

from ratchet.datasets.protect.detect.detector import Span

_RUN = re.compile(r"\d(?:[ -]?\d){12,}+(?!\w)")
# In fours with other marks between, the same ones: a number with a point in it is no card.
_FOURS = re.compile(r"\d{4}(?<![\w.]....)([./]| {2,3}|[ \t]*\r?\n)\d{4}\1\d{4}\1\d{4}(?!\w|\.\d)")
_NAMED = re.compile(r"(?:card|visa|mastercard|amex|cc|pan|no|nr|number)_?\Z", re.IGNORECASE)
_ATTACHED = re.compile(r".?\w\Z|\d\.\Z", re.DOTALL)
_GROUP = re.compile(r"\d+")
# ISO/IEC 7812: the ranges of Visa, Mastercard, American Express, Discover, Diners Club, JCB,
# UnionPay, Maestro and Mir, with the lengths that they issue.
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"
    r"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}"
    r"|3(?:0[0-59]|[689]\d)\d{11,16}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12,15}"
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"
    r"|(?:62|81)\d{14,17}"
    r"|(?:50|5[6-9]|6[0-9])\d{11,17}"
    r"|220[0-4]\d{12,15}"
)
_LONGEST = 19
_NAME = 12
_FIRST, _LEAST = 4, 3  # digits of a first group, and of those that follow


def detect(text: str) -> Iterator[Span]:
    """Yield the cards of a text."""
    for found in _FOURS.finditer(text):
        if is_card("".join(_GROUP.findall(found[0]))):
            yield Span(found.start(), found.end(), "CARD")
    for run in _RUN.finditer(text):
        before = text[max(0, run.start() - _NAME) : run.start()]
        if _ATTACHED.match(before[-2:]) and not _NAMED.search(before):
            continue
        groups = _GROUP.findall(run[0])
        # Digit by digit, or in groups of which the first has the issuer's four.
        whole = len(groups[0]) >= _FIRST or len(groups) == sum(map(len, groups))
        if whole and is_card("".join(groups)):
            yield Span(run.start(), run.end(), "CARD")
        else:
            yield from _inside(run[0], run.start())


def _inside(run: str, at: int) -> Iterator[Span]:
    """Yield the cards among the groups of a run, such as one that is followed by its code."""
    groups = [(g.start(), g.end()) for g in _GROUP.finditer(run)]
    first = 0
    while first < len(groups):
        start, end = groups[first]
        found = _last(run, groups, first) if end - start >= _FIRST else 0
        if found:
            yield Span(at + start, at + groups[found - 1][1], "CARD")
        first = max(found, first + 1)


def _last(run: str, groups: list[tuple[int, int]], first: int) -> int:
    """Return how many groups of a run end with a card that begins at one of them; 0 if none is."""
    digits, found = "", 0
    for last, (start, end) in enumerate(groups[first : first + _LONGEST], first + 1):
        digits += run[start:end]
        if end - start < _LEAST or len(digits) > _LONGEST:
            break
        if is_card(digits):
            found = last
    return found


def is_card(digits: str) -> bool:
    """Say whether digits are a card's: of an issuer, and with the right check digit.

    >>> is_card("4111111111111111"), is_card("4111111111111112")
    (True, False)
    """
    return _ISSUERS.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    """Check the last digit, as ISO/IEC 7812-1 annex B has it."""
    values = [ord(d) - 48 for d in reversed(digits)]
    doubled = sum(v * 2 - 9 * (v > 4) for v in values[1::2])
    return (sum(values[::2]) + doubled) % 10 == 0
