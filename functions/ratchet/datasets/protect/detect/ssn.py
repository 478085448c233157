"""United States social security numbers, by the rules of what was ever issued."""

import re
from collections.abc import Iterator

from ratchet.datasets.protect.detect.detector import Span

_GROUPED = re.compile(
    r"\d{3}(?<![\w.+-]...)(?<!000)(?<!666)(?<!9..)([ .-])(?!00)\d\d\1(?!0000)\d{4}(?![\w-]|\.\d)"
)
# Words, and such parts of a key's name as customerSsn, social_security_number.
_WORD = re.compile(r"[sS](?:[sS][nN]|[oO][cC][iI][aA][lL])")
_NAMED = re.compile(
    r"(?:(?:(?<![A-Za-z])ssn|Ssn|SSN)"
    r"|(?:(?<![A-Za-z])(?i:social)|Social)(?i:[ _-]?security)|(?i:(?<=\bmy )social))"
    r"(?![a-z])[^\d\x00]{0,60}"
    r"(\d(?:[ ./-]{0,3}\d){8})(?!\w|[.-]\d)"
)

_ISSUED = re.compile(r"(?!000|666|9)\d{3}(?!00)\d\d(?!0000)\d{4}")


def detect(text: str) -> Iterator[Span]:
    """Yield the numbers of a text: grouped as 3-2-4, or without separators where it says so."""
    for match in _GROUPED.finditer(text):
        yield Span(match.start(), match.end(), "SSN")
    for word in _WORD.finditer(text):
        named = _NAMED.match(text, word.start())
        if named and _ISSUED.fullmatch(re.sub(r"\D", "", named[1])):
            yield Span(named.start(1), named.end(1), "SSN")
