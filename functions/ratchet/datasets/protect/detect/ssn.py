"""United States social security numbers, by the rules of what was ever issued."""

import re
from collections.abc import Iterator

from ratchet.datasets.protect.detect.detector import Span

_GROUPED = re.compile(
    r"\d{3}(?<![\w.+-]...)(?<!000)(?<!666)(?<!9..)([ .-])(?!00)\d\d\1(?!0000)\d{4}(?![\w-]|\.\d)"
)
_NAMED = re.compile(
    r"\b(?:ssn|social[ _-]?security)\b[^\d\x00]{0,30}"
    r"((?!000|666|9)\d{3}(?!00)\d\d(?!0000)\d{4})(?!\w)",
    re.IGNORECASE,
)


def detect(text: str) -> Iterator[Span]:
    """Yield the numbers of a text: grouped as 3-2-4, or without separators where it says so."""
    for match in _GROUPED.finditer(text):
        yield Span(match.start(), match.end(), "SSN")
    if "ocial" in text or "ssn" in text.lower():
        for match in _NAMED.finditer(text):
            yield Span(match.start(1), match.end(1), "SSN")
