"""IBANs: a country, its length, and two check digits that hold."""

import re
from collections.abc import Iterator

from ratchet.datasets.protect.detect.detector import Span

# The registry of ISO 13616, by length.
_BY_LENGTH = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD FK",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
LENGTHS = {country: n for n, named in _BY_LENGTH.items() for country in named.split()}
_BETWEEN = r"[\s.-]{0,2}"  # lines are broken, too
_START = re.compile(rf"[A-Za-z]{{2}}\d{_BETWEEN}\d")
_SPACED = re.compile(rf"[^\W_](?:{_BETWEEN}[^\W_]){{0,40}}", re.ASCII)


def detect(text: str) -> Iterator[Span]:
    """Yield the account numbers of a text, however they are grouped."""
    for match in _START.finditer(text):
        wanted = LENGTHS.get(match[0][:2].upper())
        if text[match.start() - 1 : match.start()].isalnum():
            continue
        end = _end(text, match.start(), wanted) if wanted else None
        if end and is_iban(re.sub(r"[\s.-]", "", text[match.start() : end])):
            yield Span(match.start(), end, "IBAN")


def _end(text: str, start: int, wanted: int) -> int | None:
    """Return where an account number of so many letters and digits ends, if one may stand there."""
    run = _SPACED.match(text, start)
    if run is None:
        return None
    ends = [start + i + 1 for i, letter in enumerate(run[0]) if letter.isalnum()]
    if len(ends) < wanted:
        return None
    end = ends[wanted - 1]
    return None if text[end : end + 1].isalnum() else end


def is_iban(number: str) -> bool:
    """Say whether letters and digits without separators are an account number, by ISO 7064.

    >>> is_iban("GB29NWBK60161331926819"), is_iban("GB28NWBK60161331926819")
    (True, False)
    """
    if LENGTHS.get(number[:2].upper()) != len(number):
        return False
    turned = number[4:] + number[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1
