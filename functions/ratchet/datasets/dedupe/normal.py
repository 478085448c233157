"""The normal form of an example's words: what two of them must share to be the same.

Input, steps and output all count: two trials of one task that went other ways are two examples. The
system's message does not: every example of a component has the same, and it would make strangers
alike. Numbers and placeholders stay: they are what tells one booking from another.
"""

import hashlib
import re
import unicodedata

from ratchet.datasets.example import Content, Step

# Default_Ignorable_Code_Point of Unicode 15 (zero width, bidi marks, variation selectors, fillers),
# and control characters that are no white space.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
SYSTEM = "system"


def normal_text(content: Content) -> str:
    """Return the normal form of a content: a line for each of its texts.

    >>> normal_text(Content(input="Fly  to \u200bROME", output="Done.\\n"))
    'fly to rome\\ndone.'
    """
    steps = (_said(step) for step in content.steps if step.role != SYSTEM)
    return "\n".join(normalised(text) for text in (content.input, *steps, content.output))


def normal_hash(content: Content) -> str:
    """Return the SHA-256 of the normal form, as hex: equal of exact duplicates."""
    return hashlib.sha256(normal_text(content).encode(errors="surrogatepass")).hexdigest()


def normalised(text: str) -> str:
    """Return a text without case, unseen characters and white space but single blanks.

    Source: NFKC_Casefold, Unicode 15, section 3.13, D146; idempotent.
    """
    if text.isascii():
        folded = _UNSEEN.sub("", text).lower()
    else:
        seen = _UNSEEN.sub("", unicodedata.normalize("NFD", text))
        again = unicodedata.normalize("NFKC", seen.casefold())
        folded = unicodedata.normalize("NFKC", _UNSEEN.sub("", again.casefold()))
    return " ".join(folded.split())


def _said(step: Step) -> str:
    """Return what tells a step from others: a call is of a tool, by its name."""
    return f"{step.name} {step.text}" if step.name else step.text
