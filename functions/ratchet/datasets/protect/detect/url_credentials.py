"""Credentials in addresses: `user:password@host`, and tokens among the parameters."""

import re
from collections.abc import Iterator

from ratchet.datasets.protect.detect.detector import Span

_USER = re.compile(r"://([^\s/?#@\x00\"'<>]{1,300}+)@(?=[\w\[])")
_PARAMETER = re.compile(
    r"[?&;#](?:[\w.-]{0,30}?"
    r"(?:token|api[_-]?key|password|passwd|pwd|pw|secret|signature|credential)"
    r"|(?P<plain>key|auth|sig|code|session|session_?id|sid|jwt))=(?P<value>[^\s&#;\"'<>\x00]{4,}+)",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[A-Z]?[a-z]+(?:[_.-][a-z]+)*")  # what is no secret: `sort?key=first_name`


def detect(text: str) -> Iterator[Span]:
    """Yield the credentials of a text, without the host that they are for."""
    if "://" in text and "@" in text:
        for found in _USER.finditer(text):
            if found[1] not in ("git", "hg", "svn"):
                yield Span(found.start(1), found.end(1), "URL_CREDENTIAL")
    if "=" in text and ("?" in text or "&" in text or "#" in text):
        for found in _PARAMETER.finditer(text):
            if not found["plain"] or not _WORDS.fullmatch(found["value"]):
                yield Span(found.start("value"), found.end("value"), "URL_CREDENTIAL")
