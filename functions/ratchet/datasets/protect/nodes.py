"""Node: a text and, where it is JSON, the keys, strings and numbers in it, one below the other."""

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ratchet.datasets.protect.view import clean

_OPEN = re.compile(r"\s*[{\[]")
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)"(\s*:)?|-?\d[\d.eE+-]*+', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEEPEST = 4  # JSON in a string of JSON, and so on
_LEAD = 60
# Shorter strings and numbers say nothing of anybody.
_SHORT_STRING, _SHORT_NUMBER = 3, 7


class Node(NamedTuple):
    """A text: a whole one, or a token at `start` to `end` of the JSON around it.

    `lead` is the key that it stands under, as detectors see it before the text; `parts` are the
    tokens of a text that is itself JSON, None of any other.
    """

    text: str
    lead: str = ""
    start: int = 0
    end: int = 0
    parts: tuple["Node", ...] | None = None

    def leaves(self) -> Iterator["Node"]:
        """Yield the texts that are looked at, in their order."""
        if self.parts is None:
            yield self
        for part in self.parts or ():
            yield from part.leaves()

    def render(self, told: Callable[["Node"], str]) -> str:
        """Return the text with every leaf as told; JSON stays JSON, its layout as it was."""
        if self.parts is None:
            return told(self)
        out, at = [], 0
        for part in self.parts:
            new = part.render(told)
            if new != part.text:
                out += [self.text[at : part.start], _quoted(new, self.text)]
                at = part.end
        return "".join([*out, self.text[at:]]) if out else self.text


def node_of(text: str, lead: str = "", start: int = 0, end: int = 0, depth: int = 0) -> Node:
    """Return the node of a text."""
    if depth > _DEEPEST or not _is_json(text):
        return Node(text, lead, start, end)
    parts = []
    for token in _TOKEN.finditer(text):
        value, colon = token.groups()
        begin, stop = token.span()
        if value is None:
            if stop - begin >= _SHORT_NUMBER:
                parts.append(Node(token[0], lead, begin, stop))
            continue
        if "\\" in value:
            value = json.loads(f'"{value}"')
        if colon:
            parts.append(Node(value, "", begin, stop - len(colon)))
            lead = f"{clean(value[:_LEAD]).text}: "
        elif len(value) >= _SHORT_STRING:
            parts.append(node_of(value, lead, begin, stop, depth + 1))
    return Node(text, lead, start, end, tuple(parts))


def _is_json(text: str) -> bool:
    """Say whether a text is an object or an array in JSON."""
    if not _OPEN.match(text):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _quoted(text: str, within: str) -> str:
    """Return a text as a string of JSON, in letters where its surroundings have such."""
    return json.dumps(text, ensure_ascii=within.isascii() or bool(_SURROGATE.search(text)))
