"""Likeness: the part that a name fits by a word inside it, where no name fits as a whole."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Likeness:
    """What a name may hold to fit a part, the likelier first, and what it may not hold."""

    any_of: tuple[str, ...]
    none_of: str

    def place(self, text: str) -> int | None:
        """Return how well a name fits (0 is best), or None."""
        if re.search(self.none_of, text):
            return None
        return next((i for i, one in enumerate(self.any_of) if re.search(one, text)), None)


_OTHER_PARTS = (
    r"latency|time|duration|elapsed|\bms\b|\bsec|cost|usd|price|token|prob|propensity|score|grade"
    r"|rating|quality|reward|count|rate\b|weight|\bat\b|status|error|success"
)
# Patterns are of a name's words in lower case, with a space between them.
LIKE: Mapping[str, Likeness] = {
    "arm": Likeness(
        (
            *(r"\bserved by\b", r"^(chosen|selected|served|routed)\b"),
            *(r"^(?!.*(requested|intended)).*model", r"\bbackend\b", r"\bdeployment\b"),
            *(r"\b(arm|variant)\b", r"model"),
        ),
        _OTHER_PARTS + r"|temperature|param|size|input|output|response|answer|prompt|text"
        r"|judge|grader|embed",
    ),
    "latency": Likeness(
        (r"latency", r"duration", r"elapsed", r"tim(e|ing)"),
        r"time ?stamp|date|zone|time ?out|times\b|(life|up)time|(start|end|event)(ed)? ?time"
        r"|arriv|creat|\bat\b|\bof\b|\bfirst\b|ttft|token|limit|budget|target|objective|\bper\b"
        r"|\b(max|min)\b",
    ),
    "cost": Likeness(
        (r"cost", r"usd", r"price"),
        r"\bper (?!request|call|query|row)|token|input|output|prompt|completion|limit|budget"
        r"|target|\bmax|list price",
    ),
    "ts": Likeness(
        (
            *(r"time ?stamp", r"date ?time", r"\bwhen\b"),
            *(r"(created|logged|started|received|requested|sent|served) ?(at|on|time)\b",),
            *(r"\bdate\b", r"\btime\b|time$"),
        ),
        r"expir|birth|\bdue\b|zone|time ?out|duration|elapsed|latency|updat",
    ),
    "propensity": Likeness(
        (r"propensity", r"\bp ?score\b", r"\bprob(ability)?\b", r"^p (a|arm|action|chosen)$"),
        r"\blog ?p|success|correct|\bwin|error|fail|click|conver|pred|judge|token|target",
    ),
}
_PROPENSITY = r"propens|prob|\bp ?score\b|^p\b|likelihood|\bchance\b"


def resembles_propensity(text: str) -> bool:
    """Say whether a person may have meant a column as the propensity, by its words.

    >>> [resembles_propensity(t) for t in ("act prob", "p", "log prob", "price")]
    [True, True, False, False]
    """
    return bool(re.search(_PROPENSITY, text)) and not re.search(r"\blog ?p", text)
