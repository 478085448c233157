"""Domain, by words: travel, coding and planning are scored, and the best of 3 or more is it.

A strong word of the ask (`airport`, `python`, `roadmap`) counts 3, a weak one (`ticket`, `branch`,
`deadline`) 1; a word counts once. What is said later, and the answer, count 1 for each strong or
weak word, at most 3. The name of a tool that was called counts 2 for each domain that one of its
words speaks of, at most 4. Code in the ask counts 3 for coding, an ask for a plan 3 for planning;
travel and coding win over planning, since a plan is about something. First of all, a passage to
read, a choice of answers, a blank, true or false, formulas and a sum are `qa`. Where nothing
reaches 3, what is put as a question of fact, or ends in one, is `qa`, and the rest `general`. Of an
ask over 900 characters the middle is material: only its ends are read.
"""

import re

from ratchet.datasets.example import Content, Domain
from ratchet.datasets.extract.classify.ask import READ, ask_of, wants_plan

ENOUGH, STRONG, WEAK, TOOL = 3, 3, 1, 2
MOST_LATER, MOST_TOOLS = 3, 4
END = 300  # characters at either end of a long ask that say what is wanted
LATER = 20_000  # characters of what was said later that are read
_WORDS: dict[Domain, tuple[str, str]] = {
    "travel": (
        "airline airlines airport airports flight flights hotel hotels hostel itinerary passport "
        "visa luggage baggage suitcase layover stopover boarding cabin aisle airfare sightseeing "
        "cruise jetlag holiday vacation tourist airbnb",
        "ticket tickets trip trips travel travelling traveling seat seats economy business fly "
        "flying flew train trains ferry bus connection departure departing arrival legs leg "
        "round-trip one-way booking reservation reservations book booked check-in destination "
        "route journey abroad station transfer nonstop direct passenger passengers",
    ),
    "coding": (
        "python javascript typescript java rust golang kotlin c++ sql html css bash regex code "
        "codebase repo repository compiler compile debug refactor api apis unittest pytest npm pip "
        "docker kubernetes git github stacktrace traceback segfault segmentation exception cron "
        "microservices monolith backend frontend async struct closure callback",
        "function functions class classes method variable loop array list string test tests bug "
        "bugs branch commit merge deploy deployment release releases dependency server query "
        "database services script library framework module package queue migrate retry promises "
        "pointer null undefined expression main suite pull request parameter struct json",
    ),
    "planning": (
        "roadmap timetable milestone milestones backlog rota gantt calendars",
        "plan planning schedule deadline deadlines tasks owners priorities prioritise prioritize "
        "weeks quarter quarters shifts checklist agenda timeline meeting calendar slot phase",
    ),
}
_TOOLS: dict[Domain, str] = {
    "travel": "flight flights hotel hotels baggage reservation trip train",
    "coding": "bash shell git npm pip python repo code file command pr terminal compile lint",
    "planning": "calendar schedule agenda shift shifts",
}
_SETS = {
    domain: (frozenset(strong.split()), frozenset(weak.split()), frozenset(_TOOLS[domain].split()))
    for domain, (strong, weak) in _WORDS.items()
}
_ABOUT: tuple[Domain, ...] = ("travel", "coding")
_WORD = re.compile(r"[a-z][a-z0-9+-]*")
_TOOL_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_CODE = re.compile(
    r"```|\btraceback \(most recent|\bselect\b.{1,200}\bfrom\b.{1,200}\b(?:where|join|group by)\b"
    r"|\bdef \w+\(|\bfunction \w*\(|#include|=> ?\{|\);|\b(?:unit tests?|regular expression"
    r"|test suite|pull request|an? (?:function|script|program|query|class) (?:to|that|which))\b",
    re.DOTALL,
)
_SET_QUESTION = re.compile(
    r"\bpassage\b|\btrue or false\b|\bmultiple choice\b|\(a\)[^(]{1,200}\(b\)"
    r"|\ba[.)][^)\n]{1,200}\n?\s*b[.)] |\s_{1,20}\s*[.?]?\s*$|\s_{3,20}[\s.?]"
)
_SUM = re.compile(
    r"\bhow (?:many|much|far|fast|old|long)\b[^?]{0,120}\?|\bwhen (?:do|does|will)\b[^?]{0,80}\?"
    r"|\bwhat(?:'s| is| was| are) the (?:total|sum|average|difference|probability|value|area)\b"
)
_MATHS = re.compile(
    r"\\(?:frac|sqrt|\[|\(|begin|cdot|sin|cos|log)|\$[^$\n]{0,80}[=^\\][^$\n]{0,80}\$"
)
_NUMBER = re.compile(r"\d[\d.,]*")
_WONDERS = r"(?:what|who|whom|whose|when|where|which|why|how)"
_QUESTION = re.compile(
    rf"(?:^|[.!?:;,]\s+|\band )(?:{_WONDERS}|is|are|was|were|do|does|did|has|have)\b"
    r"(?! are you\b)(?! is it going\b)[^?]{0,300}\?"
    rf"|^(?:{_WONDERS}(?! are you\b)|define|explain(?! to\b)|name the|calculate|compute|solve"
    r"|simplify|evaluate|determine)\b"
)
_LAST = re.compile(r"(?:^|[.!?:;\n])\s*([^.!?:;\n]{3,}\?)\W*$")
_REQUEST = re.compile(
    r"\b(?:can|could|would|will) you\b|\b(?:can|could|may|shall) (?:i|we)\b|\bhow are you\b"
)


def domain_of(content: Content) -> Domain:
    """Return what an example is about.

    >>> domain_of(Content(input="What is the capital of Peru?", output="Lima."))
    'qa'
    """
    ask = _without_material(ask_of(content))
    if _SET_QUESTION.search(ask) or _MATHS.search(ask) or _is_sum(ask):
        return "qa"
    scores = _scores(content, ask)
    about = max(_ABOUT, key=lambda name: scores[name])
    if scores[about] >= ENOUGH:
        return about
    if scores["planning"] >= ENOUGH:
        return "planning"
    return "qa" if _asks(ask) else "general"


def _asks(ask: str) -> bool:
    """Say whether an ask is a question of fact, or ends in one, and not in a request."""
    last = _LAST.search(ask)
    return _QUESTION.search(ask) is not None or (
        last is not None and _REQUEST.search(last[1]) is None
    )


def _without_material(ask: str) -> str:
    """Return a long ask without its middle: what is wanted stands at the beginning or the end."""
    return ask if len(ask) <= 3 * END else f"{ask[:END]}\n{ask[-END:]}"


def _scores(content: Content, ask: str) -> dict[Domain, int]:
    """Return what speaks for each domain that is known by its words."""
    asked, later = set(_WORD.findall(ask)), _later(content)
    tools = {
        word.lower()
        for step in content.steps
        if step.kind == "call"
        for word in _TOOL_WORD.findall(step.name[:READ])
    }
    scores: dict[Domain, int] = {}
    for domain, (strong, weak, names) in _SETS.items():
        score = STRONG * len(asked & strong) + WEAK * len(asked & weak)
        score += min(MOST_LATER, len(later & (strong | weak)))
        scores[domain] = score + min(MOST_TOOLS, TOOL * len(tools & names))
    scores["coding"] += STRONG * (_CODE.search(ask) is not None)
    scores["planning"] += STRONG * wants_plan(ask)
    return scores


def _later(content: Content) -> set[str]:
    """Return the words that were said after the ask, by whomever, and those of the answer."""
    said = [step.text[:READ] for step in content.steps if step.kind == "message"]
    return set(_WORD.findall(" ".join([content.output[:READ], *said])[:LATER].lower()))


def _is_sum(ask: str) -> bool:
    """Say whether a question wants a number worked out from numbers that it gives."""
    return len(_NUMBER.findall(ask)) > 1 and _SUM.search(ask) is not None
