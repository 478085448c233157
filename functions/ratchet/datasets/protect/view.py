"""The view of a text that detectors see: without tricks, with a way back to the text as it is."""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

from ratchet.datasets.protect.detect.detector import WALL

# What shows nothing: Unicode's default ignorable code points, and the marks that frame them.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]+"
)
# Lines of a text that was written as code: the letter is part of no word or number behind it.
_ESCAPE = re.compile(r"\\[nrt]")
PLACEHOLDER = re.compile(
    r"\[(EMAIL|PHONE|CARD|SSN|IBAN|IP|SECRET|URL_CREDENTIAL|NAME|PLACE)_([1-9]\d{0,8})\]"
)


class _Plain(dict[int, int]):
    """What a character is looked at as: itself, or the plain one that it stands in for."""

    def __missing__(self, code: int) -> int:
        plain = _plain(chr(code))
        self[code] = plain
        return plain


def _plain(letter: str) -> int:
    """Return the plain character: digits of any script, full width, dashes and spaces."""
    category = unicodedata.category(letter)
    if category == "Nd":
        return 48 + unicodedata.digit(letter)
    if category == "Pd":
        return ord("-")
    if category == "Zs":
        return ord(" ")
    folded = unicodedata.normalize("NFKC", letter)
    return ord(folded) if len(folded) == 1 else ord(letter)


_PLAIN = _Plain()


@dataclass(frozen=True)
class View:
    """A text as detectors see it; `removed` are the places in it before which something was."""

    text: str
    removed: tuple[tuple[int, int], ...] = ()

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return where a span of the view is in the text: with what is unseen inside it."""
        return start + self._gone(start), end - 1 + self._gone(end - 1) + 1

    def _gone(self, place: int) -> int:
        """Return how many characters were removed up to a place of the view."""
        rank = bisect_right(self.removed, place, key=lambda cut: cut[0])
        return self.removed[rank - 1][1] if rank else 0


def clean(text: str) -> View:
    """Return the view of a text: nothing invisible, plain digits, and no placeholder to match."""
    if "[" in text:
        text = PLACEHOLDER.sub(lambda found: WALL * len(found[0]), text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\\|", text)
    if text.isascii():
        return View(text)
    cuts, gone = [], 0
    for found in _UNSEEN.finditer(text):
        cuts.append((found.start() - gone, gone := gone + len(found[0])))
    shown = _UNSEEN.sub("", text) if cuts else text
    return View(shown.translate(_PLAIN), tuple(cuts))
