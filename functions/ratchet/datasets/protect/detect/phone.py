"""Phone numbers: by how they are grouped, by the words beside them, and by `phonenumbers`."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate
from typing import Any, NamedTuple

from ratchet.datasets.protect.detect.detector import WALL, Span
from ratchet.kernel.errors import InvalidInput

_RUN = re.compile(r"\d+(?:[ .()/-]{1,3}\d+)*+")
_GROUP = re.compile(r"\d+")
_EXTENSION = re.compile(r"[ ,;]{0,2}(?:x|ext\.?|extension|#)[ .:]{0,2}\d{1,6}(?!\w)", re.IGNORECASE)
# In a table of numbers only what nothing else looks like counts.
_TABLE = 26
_STRICT = re.compile(
    r"(?<![\w.])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){2,3}"
    r"|(?:\(\d{3}\) ?|\d{3}([.-]))\d{3}(?(1)\1|[ .-])\d{4})(?![\w.-]*\d)"
)
_DATE = re.compile(
    r"(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./ ])(?:0?[1-9]|[12]\d|3[01])\1"
    r"(?:(?:19|20)\d\d|(?<=[./-])\d\d)(?!\d)"
)
_SSN = re.compile(r"\d{3}([ .-])\d\d\1\d{4}(?!\d)")
_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_THOUSANDS = re.compile(r"\d{1,3}([ .])\d{3}(?:\1\d{3})*")
_AREA = re.compile(r"(?:\d{1,3}[ .-]?)?\(\d{2,5}\)[ .-]?\d{2,5}(?:[ .-]?\d{2,5}){0,3}")
_NANP = re.compile(r"(?:1[ .-])?\d{3}([ .-])\d{3}\1\d{4}")
_ABROAD = re.compile(r"00[1-9]\d{0,2}[ .-]\d+.*|011[ .-].*")
# What the words before a number say that it is; the last one that says anything counts.
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_CALL_WORDS = (
    "phone telephone telefon telefono telefone tel cell cellphone cellular mobile mob fax call "
    "called calling calls callback dial ring reach contact text sms whatsapp hotline desk "
    "voicemail"
)
_OTHER_WORDS = (
    "order invoice booking reservation confirmation tracking ticket account acct isbn issn ref "
    "reference id sku serial part model version flight policy case claim passport license licence "
    "zip postcode total amount price usd eur population time timestamp hash commit build card iban "
    "routing member customer batch lot item product code pin vin imei ean upc gtin doi pmid vat "
    "tax date dob page pages vol count size bytes seed value parcel shipment"
)
_CALL, _OTHER = frozenset(_CALL_WORDS.split()), frozenset(_OTHER_WORDS.split())
_AFTER = re.compile(
    r"[ ,]{0,2}\(?(?:office|mobile|cell|fax|home|work|phone|tel|desk)\b", re.IGNORECASE
)
_MORE_BEFORE, _MORE = re.compile(r"\d [(+\d]"), re.compile(r" \d")
_ATTACHED = re.compile(r"\w|[.,:/-]\d|%")
_BEFORE = 40
_PLUS = "%2B"
_MOST_GROUPS = 8
_LEAST, _MOST = 7, 15  # digits
_ISBN = ("978", "979")
_TRUNK_REGIONS = ("GB", "DE", "FR", "AU", "IT", "NL", "IL", "BR", "IN")
_OTHER_REGIONS = ("US", "IN")


def _edition() -> str:
    try:
        return f"phonenumbers-{version('phonenumbers')}"
    except PackageNotFoundError:
        return "no-phonenumbers"


EDITION = _edition()


class _Number(NamedTuple):
    """Digits that may be a phone number: as written, with what stands around them."""

    written: str
    digits: str
    groups: tuple[int, ...]
    plus: bool
    extended: bool
    about: str  # "call", "other", or ""


def detect(text: str) -> Iterator[Span]:
    """Yield the numbers of a text. Raises: InvalidInput where `phonenumbers` is missing."""
    for run in _RUN.finditer(text):
        first, end = run.span()
        if end - first < _LEAST:
            continue
        groups = [g.span() for g in _GROUP.finditer(text, first, end)]
        digits = sum([last - begin for begin, last in groups])
        if digits > _TABLE:
            for found in _STRICT.finditer(text, max(0, first - 2), end):
                yield Span(found.start(), found.end(), "PHONE")
        elif digits >= _LEAST:
            yield from _among(text, groups)


def _among(text: str, groups: list[tuple[int, int]]) -> Iterator[Span]:
    """Yield the numbers among groups of digits, the longest first."""
    at = 0
    while at < len(groups):
        skipped = _skipped(text, groups[at][0], groups[-1][1])
        if skipped:
            at = next((i for i in range(at, len(groups)) if groups[i][0] >= skipped), len(groups))
            continue
        span = _longest(text, groups[at : at + _MOST_GROUPS])
        if span:
            yield span
        at = next(
            (i for i in range(at + 1, len(groups)) if not span or groups[i][0] >= span.end),
            len(groups),
        )


def _skipped(text: str, start: int, end: int) -> int:
    """Return the end of a date, a social security number or four octets that begins here."""
    for other in (_DATE, _SSN, _QUAD):
        if found := other.match(text, start, end):
            return found.end()
    return 0


def _longest(text: str, groups: list[tuple[int, int]]) -> Span | None:
    """Return where the longest number that begins with the first of these groups stands."""
    start = groups[0][0]
    while start and text[start - 1] in "(+" and groups[0][0] - start < 2:
        start -= 1
    if text[max(0, start - 3) : start].upper() == _PLUS:
        start -= len(_PLUS)
    before = text[start - 1] if start else " "
    if before.isalnum() or before in "_$€£.,":
        return None
    if before in "=/#-" and not _is_told(text, start):
        return None
    digits = list(accumulate(last - first for first, last in groups))
    for last in range(len(groups), 0, -1):
        if _LEAST <= digits[last - 1] <= _MOST:
            span = _span(text, start, groups[:last])
            if span:
                return span
    return None


def _span(text: str, start: int, groups: list[tuple[int, int]]) -> Span | None:
    """Return where a number of just these groups stands, if they are one."""
    end = groups[-1][1]
    extension = _EXTENSION.match(text, end)
    stop = extension.end() if extension else end
    if _ATTACHED.match(text, stop):
        return None
    sizes = tuple([last - first for first, last in groups])
    if max(sizes) <= 2 and (_MORE_BEFORE.match(text, max(0, start - 2)) or _MORE.match(text, stop)):
        return None  # some of a row of small numbers
    number = _Number(
        written=text[start:end],
        digits="".join([text[first:last] for first, last in groups]),
        groups=sizes,
        plus=_has_plus(text, start, groups[0][0]),
        extended=extension is not None,
        about=_about(text, start, stop),
    )
    return Span(start, stop, "PHONE") if _is_phone(number) else None


def _has_plus(text: str, start: int, end: int) -> bool:
    """Say whether a number begins with a plus, as it is or as it stands in a URL."""
    return "+" in text[start:end] or text[start : start + len(_PLUS)].upper() == _PLUS


def _is_told(text: str, start: int) -> bool:
    """Say whether a number to which a mark leads is one to call: `phone=`, `tel:/`, `x=+44`."""
    return _has_plus(text, start, start + len(_PLUS)) or _about(text, start, len(text)) == "call"


def _about(text: str, start: int, end: int) -> str:
    """Return what the nearest word that tells says a number is."""
    before = text[max(0, start - _BEFORE) : start].rpartition(WALL)[2]
    words = [word.lower() for word in _WORD.findall(before)]
    if words[-2:] == ["my", "number"] or words[-3:] == ["my", "number", "is"]:
        return "call"
    for word in reversed(words):
        if word in _CALL or word in _OTHER:
            return "call" if word in _CALL else "other"
    return "call" if _AFTER.match(text, end) else ""


def _is_phone(number: _Number) -> bool:
    """Judge a number by its digits, then by its words, then by its groups."""
    n, written = len(number.digits), number.written.replace("+", "")
    if number.plus:
        return n >= 8
    most = 15 if number.digits[:2] == "00" else 13
    if n > most or (n == 13 and number.digits[:3] in _ISBN):
        return False
    if number.about == "other" or number.groups[0] > 12:
        return False
    if number.about == "call":
        return True
    if len(number.groups) == 1:
        return _is_bare(number.digits)
    if _THOUSANDS.fullmatch(written) or 1 in number.groups[1:]:
        return False
    shaped = _AREA.fullmatch(written) or _NANP.fullmatch(written) or _ABROAD.fullmatch(written)
    if (n >= 9 and (shaped or number.extended)) or (n == 8 and _AREA.fullmatch(written)):
        return True
    regions = _TRUNK_REGIONS if number.digits[0] == "0" else _OTHER_REGIONS
    return max(number.groups) <= 7 and n >= 9 and _is_valid(number.digits, regions)


def _is_bare(digits: str) -> bool:
    """Say whether digits alone are a number: with a trunk prefix, or as North America has them."""
    if digits[0] == "0":
        return len(digits) in (10, 11) and _is_valid(digits, _TRUNK_REGIONS)
    return len(digits) == 10 and digits[0] > "1" and _is_valid(digits, ("US",))


def _is_valid(digits: str, regions: tuple[str, ...]) -> bool:
    """Ask `phonenumbers` whether a number was given out in one of some regions."""
    phonenumbers = _package()
    for region in regions:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(digits, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def _package() -> Any:
    try:
        return import_module("phonenumbers")
    except ImportError as error:
        raise InvalidInput(
            "phonenumbers is not installed",
            field="phonenumbers",
            mend='pip install "ratchet[datasets]"',
        ) from error
