"""The ask: what of an example's words was wanted, and how it was put; only its start is read."""

import re

from ratchet.datasets.example import Content

READ = 4000  # characters of a text that rules are held against: the ask is at its beginning
_SEQUENCE = re.compile(
    r"\b(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|then|next|after(?:wards| that)|finally|lastly"
    r"|step by step)\b"
)
_NUMBERED = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*])\s+\S", re.MULTILINE)
_THING = r"(?:plans?|timetable|schedule|roadmap|itinerary|agenda|checklist|milestones?|rota)"
_MAKE = (
    r"(?:make|create|draw up|draft|write|design|develop|set out|prepare|outline|propose|build"
    r"|work out|put together|need|want|give (?:me|us)|suggest|devise)"
)
_PLAN = re.compile(
    rf"\b{_MAKE}\b[^.?!]{{0,60}}\b{_THING}\b"
    r"|(?:^|[.!?:,;]\s*|please |you |me |us )"
    r"(?:plan|schedule|organi[sz]e|prioriti[sz]e|break down)\b"
    r"|\bbreak\b[^.?!]{1,60}\b(?:into|down)\b"
    r"|\boutline how\b|\bin what order\b|\bwhat steps should\b"
    r"|\bhow should (?:i|we|they) (?:divide|split|spread|allocate|organi[sz]e|arrange|schedule)\b"
)


def ask_of(content: Content) -> str:
    """Return the beginning of what was asked, in small letters."""
    return content.input[:READ].lower()


def said_by_user(content: Content) -> list[str]:
    """Return what the user said after the ask, turn by turn."""
    return [
        s.text[:READ].lower() for s in content.steps if s.kind == "message" and s.role == "user"
    ]


def wants_plan(ask: str) -> bool:
    """Say whether what is asked for is a plan.

    >>> wants_plan("draw up a timetable for june"), wants_plan("what is a pension plan?")
    (True, False)
    """
    return _PLAN.search(ask) is not None


def parts_of(ask: str) -> int:
    """Return how many pieces of work an ask names one after another: at least one.

    >>> parts_of("translate it"), parts_of("first sort, then print, and finally stop")
    (1, 3)
    """
    return max(1, len(_SEQUENCE.findall(ask)), len(_NUMBERED.findall(ask)))
