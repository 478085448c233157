"""What a detector is: it says where in a text something private stands, and of what type."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

Type = Literal[
    "EMAIL", "PHONE", "CARD", "SSN", "IBAN", "IP", "SECRET", "URL_CREDENTIAL", "NAME", "PLACE"
]
# What stands between two texts that are searched in one go; no match may run over it.
WALL = "\x00"


class Span(NamedTuple):
    """Something private at `text[start:end]`."""

    start: int
    end: int
    type: Type


class Detector(Protocol):
    """Finds one type of private text, in time linear in the text's length.

    The text is as `view.clean` leaves it: ASCII digits, no invisible characters, placeholders
    masked.
    """

    def __call__(self, text: str) -> Iterable[Span]:
        """Yield what was found, in order; spans may overlap those of other detectors."""
