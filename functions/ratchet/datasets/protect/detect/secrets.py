"""Keys, tokens and passwords: by how their issuers write them, or by what they are assigned to."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from string import ascii_uppercase

from ratchet.datasets.protect.detect.detector import WALL, Span

# What an issuer's keys begin with; the pattern is tried only where one of its marks is there.
_ISSUED: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (marks, re.compile(rf"(?<![A-Za-z0-9_]){pattern}"))
    for marks, pattern in (
        (("AKIA", "ASIA", "AIDA", "AROA"), r"(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
        (("AIza",), r"AIza[\w-]{35}(?![\w-])"),
        (("ya29.",), r"ya29\.[\w-]{20,}+"),
        (("GOCSPX-",), r"GOCSPX-[\w-]{20,}+"),
        (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{20,}+"),
        (("github_pat_",), r"github_pat_\w{20,}+"),
        (("glpat-",), r"glpat-[\w-]{16,}+"),
        (("xoxb-", "xoxa-", "xoxp-", "xoxr-", "xoxs-", "xoxe-"), r"xox[abprse]-[\w-]{10,}+"),
        (("xapp-",), r"xapp-[\w-]{10,}+"),
        (("hooks.slack.com",), r"hooks\.slack\.com/services/[\w/]{20,}+"),
        (("sk-",), r"sk-(?:proj-|ant-|svcacct-|admin-|live-|or-)?[\w-]{16,}+"),
        (("sk_", "rk_", "pk_", "whsec_"), r"(?:[srp]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}+"),
        (("hf_",), r"hf_[A-Za-z0-9]{20,}+"),
        (("npm_",), r"npm_[A-Za-z0-9]{30,}+"),
        (("pypi-",), r"pypi-[\w-]{30,}+"),
        (("SG.",), r"SG\.[\w-]{16,}+\.[\w-]{16,}+"),
        (("dop_v1_",), r"dop_v1_[a-f0-9]{40,}+"),
        (("AccountKey=",), r"AccountKey=[\w+/]{40,}+={0,2}"),
        (("eyJ",), r"eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]{0,}+"),
    )
)
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BODY = re.compile(r"[\w+/=\s]*+")
_HEADER = re.compile(r"(?i:\b(bearer|basic)\s{1,3})([\w.~+/-]{8,}+={0,2})")
# What a name of a secret ends with, and whose a key must be to be one.
_PASSWORDS = ("password", "passwd", "passphrase", "passcode", "pass", "pwd", "pw")
_PARTS = ("pass", "pwd", "pw")  # of other words, too
_WORDS = (*_PASSWORDS, "secret", "token", "key", "credential", "credentials")
_PARAMETER = re.compile(r"[?&;][\w.-]*\Z")  # of a URL: url_credentials has it
_OWNER = re.compile(r"(?:api|access|secret|private|auth|account|encryption|client|signing)[ _-]?\Z")
_NAME_LETTERS = 40
_LEAD = 80  # more than the key that stands before a member of JSON
_SOLID = r"[^\s\"'`,;<>(){}\[\]\x00]"
_VALUE = re.compile(
    r"[\"'`]?[ \t]{0,3}(?::=|=>|[:=]|\bis\b)[ \t]{0,3}[\"'`]?"
    rf"(?P<value>{_SOLID}{{6,2000}}+)",
    re.IGNORECASE,
)
# A cookie, the name and password of `curl -u`, and a password on a command line.
_COOKIE = re.compile(r"[cC][oO][oO][kK][iI][eE]:[ \t]*(?=[^\s=;]{1,80}=)([^\r\n\x00\"']{1,4000}+)")
_CURL = re.compile(
    r"\bcurl\b[^\n\x00]{0,200}?\s(?:-u|--user)[ =][\"']?"
    r"([^\s:\"'\x00]{1,100}:[^\s\"'\x00]{3,}+)"
)
_FLAG = re.compile(
    r"--(?:[a-z]+-)?(?:password|passwd|secret|token|api-?key) [\"']?"
    r"(?=[^\s\"'\x00-]*\d)([^\s\"'\x00-]{6,}+)"
)
# What a plain word is a password of: a line of a file of settings, and a member of JSON.
_SETTING = re.compile(
    r"P(?:ASSWORD|ASSWD|(?<![A-Z]P)(?:ASS|WD))=(?=[a-z]{6})([a-z]++)(?=[\s;\x00]|\Z)"
)
_MEMBER = re.compile(r"[de]: (?=[a-z]{6})([a-z]++)(?=\x00|\Z)", re.IGNORECASE)
_NAMES_PASSWORD = re.compile(r"[\w.-]*(?:passwor|passw|passphras|pw)[de]", re.IGNORECASE)
_NO_PASSWORD = frozenset(("string", "password", "required", "optional", "hidden", "masked"))
_REST = re.compile(rf"{_SOLID}*+")
_LOWER = {ord(letter): ord(letter.lower()) for letter in ascii_uppercase}
_NO_VALUE = re.compile(
    r"\$|%\w+%|\*+$|x{4,}$|\.{3}|(?:os|process|env|self|config|settings|args|request)\.|https?://",
    re.IGNORECASE,
)


def detect(text: str) -> Iterator[Span]:
    """Yield the secrets of a text."""
    for marks, pattern in _ISSUED:
        if any(mark in text for mark in marks):
            for found in pattern.finditer(text):
                if any(letter.isdigit() or letter.isupper() for letter in found[0][3:]):
                    yield Span(found.start(), found.end(), "SECRET")
    if "PRIVATE KEY" in text:
        yield from _private_keys(text)
    lower = text.lower() if text.isascii() else text.translate(_LOWER)
    if "bearer" in lower or "basic" in lower:
        for found in _HEADER.finditer(text):
            if _is_random(found[2], 3.0):
                yield Span(found.start(2), found.end(2), "SECRET")
    for mark, pattern in (("cookie:", _COOKIE), ("curl", _CURL), ("--", _FLAG)):
        if mark in lower:
            for found in pattern.finditer(text):
                yield Span(found.start(1), found.end(1), "SECRET")
    if "pass" in lower or "pwd" in lower:
        yield from _words(text)
    for word in _WORDS:
        yield from _assigned(text, lower, word)


def _words(text: str) -> Iterator[Span]:
    """Yield the plain words that are passwords by where they stand."""
    for pattern in (_SETTING, _MEMBER):
        for found in pattern.finditer(text):
            at = found.start(1)
            key = text[max(0, at - _LEAD) : at - 2].rpartition(WALL)[2]
            named = pattern is _SETTING or _NAMES_PASSWORD.fullmatch(key)
            if named and found[1] not in _NO_PASSWORD:
                yield Span(at, found.end(1), "SECRET")


def _assigned(text: str, lower: str, word: str) -> Iterator[Span]:
    """Yield what is assigned to names that end with a word; of `lower`, the text's small letters.

    Found from the word on and not by one pattern: most texts have no such word.
    """
    at = lower.find(word)
    while at >= 0:
        end = at + len(word)
        found = _VALUE.match(text, end) if _may_own(lower, at, word) else None
        if found and _is_secret(word, found["value"]):
            rest = _REST.match(text, found.end())
            end = rest.end() if rest else found.end()
            yield Span(found.start("value"), end, "SECRET")
        at = lower.find(word, end)


def _may_own(lower: str, at: int, word: str) -> bool:
    """Say whether a name that ends with a word is a secret's: an API key is, a bypass is not."""
    before = lower[max(0, at - _NAME_LETTERS) : at]
    if _PARAMETER.search(before):
        return False
    if word == "key":
        return _OWNER.search(before) is not None
    return word not in _PARTS or not before[-1:].isalpha()


def _private_keys(text: str) -> Iterator[Span]:
    """Yield keys with their frames; one whose end is missing goes on as far as letters do."""
    text += WALL
    at, wall, framed = 0, -1, True
    while begin := _BEGIN.search(text, at):
        if begin.end() > wall:
            wall, framed = text.index(WALL, begin.end()), True
        end = _END.search(text, begin.end(), wall) if framed else None
        framed = end is not None  # where one end is missing, no later one is there
        body = _BODY.match(text, begin.end(), wall)
        at = end.end() if end else body.end() if body else begin.end()
        yield Span(begin.start(), at, "SECRET")


def _is_secret(word: str, value: str) -> bool:
    """Judge what is assigned: a password is no plain word, another secret looks random."""
    value = value.rstrip(".!?")
    if len(value) < 6 or _NO_VALUE.match(value):
        return False
    if word in _PASSWORDS:
        return not value.isalpha() or _mixed(value)
    return len(value) >= 8 and _is_random(value, 2.5)


def _mixed(value: str) -> bool:
    """Say whether capitals stand among small letters, not at the start of a word alone."""
    return any(c.isupper() for c in value[1:]) and any(c.islower() for c in value)


def _is_random(value: str, bits: float) -> bool:
    """Say whether a text has digits or mixed case, and so many bits a letter by its frequencies.

    Source: Shannon 1948, the entropy of the text's own letters.
    """
    if not (any(c.isdigit() for c in value) or (len(value) >= 16 and _mixed(value))):
        return False
    n = len(value)
    return -sum(k / n * math.log2(k / n) for k in Counter(value).values()) >= bits
