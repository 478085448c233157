"""E-mail addresses, by their shape: a local part, an at sign, and a domain that ends in letters."""

import re
from collections.abc import Iterator

from ratchet.datasets.protect.detect.detector import Span

# Scripts written without spaces would run into an address that stands inside a sentence.
_WORD = r"[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_EDGES = ".'+-"
# As it is, as it stands in a URL, and as who hides from robots writes it.
_AT = re.compile(r"@|%40|\(at\)| \[at\] |\[at\]", re.IGNORECASE)
_LETTER = re.compile(rf"{_WORD}|[{re.escape(_EDGES)}]")
_ESCAPED = re.compile(r"%(?:2[BDE]|5F)", re.IGNORECASE)  # + - . _ in a URL
_QUOTED = re.compile(r'"[^"\s\x00]{1,64}(?: [^"\s\x00]{1,64})?"\Z')
_DOT = r"(?:\.|%2[Ee]| ?[(\[](?:\.|dot)[)\]] ?)"
_DOMAIN = re.compile(rf"{_WORD}(?:{_WORD}|-)*+(?:{_DOT}(?:{_WORD}|-)++)+")
_DOTS = re.compile(_DOT)
_TOP = re.compile(r"xn--[a-z0-9-]+|[^\W\d_]{2,}", re.IGNORECASE)
_IN_URL = re.compile(r"://[^\s/@\x00]*\Z")
_BEFORE = 200


def detect(text: str) -> Iterator[Span]:
    """Yield the addresses of a text."""
    done = 0
    for sign in _AT.finditer(text):
        at = sign.start()
        start = _start(text, at, done)
        domain = _DOMAIN.match(text, sign.end())
        if domain and start < at and (length := _length(domain[0])):
            done = sign.end() + length
            if not _is_elsewhere(text, start, at, domain.end()):
                yield Span(start, done, "EMAIL")


def _start(text: str, at: int, least: int) -> int:
    """Return where the local part that ends at a place begins."""
    if text[at - 1 : at] == '"' and (quoted := _QUOTED.search(text, max(least, at - _BEFORE), at)):
        return quoted.start()
    start = at
    while start > least:
        if _ESCAPED.match(text, start - 3, start):
            start -= 3
        elif _LETTER.match(text, start - 1):
            start -= 1
        else:
            break
    while start < at and text[start] in _EDGES:
        start += 1
    return start


def _length(domain: str) -> int:
    """Return how much of a text is a domain: up to its last label that may be a top-level one."""
    end = len(domain)
    for dot in reversed(list(_DOTS.finditer(domain))):
        top = _TOP.match(domain, dot.end(), end)
        if top and (top.end() == end or not domain[top.end()].isdigit()):
            return top.end()
        end = dot.start()
    return 0


def _is_elsewhere(text: str, start: int, at: int, end: int) -> bool:
    """Say whether it is the user of a URL, or where code is fetched from (git@host:owner/name)."""
    if text[start:at] == "git" and text[end : end + 1] == ":":
        return True
    return _IN_URL.search(text[max(0, start - _BEFORE) : start]) is not None
