"""Redaction: an example's content with placeholders where something private stood."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ratchet.datasets.example import Content, Step
from ratchet.datasets.protect.detect import DETECTORS, names, phone
from ratchet.datasets.protect.detect.detector import WALL, Detector, Span
from ratchet.datasets.protect.nodes import Node, node_of
from ratchet.datasets.protect.view import PLACEHOLDER, View, clean

# Whatever changes what is found: this code, and the packages that some of it asks.
REDACTION = "+".join(("1", phone.EDITION, names.EDITION))
# No text has so many: from a placeholder with this number no other is counted on.
FORGED = 1_000_000
_BARE = re.compile(r"[\W_]+")


_ROLES = frozenset(("", "user", "assistant", "system", "developer", "tool"))


class Redacted(NamedTuple):
    """What may leave silver, and how many of each type were taken out."""

    content: Content
    counts: dict[str, int]


def redact(content: Content, detectors: Mapping[str, Detector] = DETECTORS) -> Redacted:
    """Put a placeholder such as `[EMAIL_1]` in the place of everything private.

    The same value has the same number in all of the content. Redacted again, it stays as it is:
    what is left is searched until nothing is found. Raises: InvalidInput without the extra.
    """
    texts = list(_texts(content))
    numbers, counts = _Numbers(texts), Counter[str]()
    changed = {place: text for place, text in enumerate(texts) if text not in _ROLES}
    while changed:
        changed = _pass(changed, detectors, numbers, counts)
        for place, text in changed.items():
            texts[place] = text
    if not counts:
        return Redacted(content, {})
    told = iter(texts[1:-1])
    steps = tuple(
        Step(
            kind=step.kind,
            role=next(told),
            name=next(told) or step.name,
            text=next(told),
            ok=step.ok,
        )
        for step in content.steps
    )
    clear = Content(input=texts[0], output=texts[-1], steps=steps)
    return Redacted(clear, dict(sorted(counts.items())))


def redact_text(text: str) -> str:
    """Return one text, such as an id or a message, as `redact` does.

    Raises: InvalidInput without the extra.
    """
    return redact(Content(input=text, output="")).content.input


def _texts(content: Content) -> Iterator[str]:
    """Yield every text of a content: who spoke, and what was called, are told by others, too."""
    yield content.input
    for step in content.steps:
        is_tool = step.kind in ("call", "result") and step.name.replace("_", "").isalpha()
        yield from (step.role, "" if is_tool else step.name, step.text)
    yield content.output


class _Numbers:
    """The number of each value; those that the text came with are taken."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._last: Counter[str] = Counter()
        self._of: dict[tuple[str, str], int] = {}
        for text in texts:
            for found in PLACEHOLDER.finditer(text) if "[" in text else ():
                if (number := int(found[2])) < FORGED:
                    self._last[found[1]] = max(self._last[found[1]], number)

    def placeholder(self, kind: str, value: str) -> str:
        """Return the placeholder of a value, whatever its case and separators."""
        known = (kind, _BARE.sub("", value).casefold() or value)
        if known not in self._of:
            self._last[kind] += 1
            self._of[known] = self._last[kind]
        return f"[{kind}_{self._of[known]}]"


def _pass(
    texts: Mapping[int, str],
    detectors: Mapping[str, Detector],
    numbers: _Numbers,
    counts: Counter[str],
) -> dict[int, str]:
    """Search texts by place, in one go; returns those in which something was, without it."""
    nodes = {place: node_of(text) for place, text in texts.items()}
    leaves = [leaf for node in nodes.values() for leaf in node.leaves()]
    views = [clean(leaf.text) for leaf in leaves]
    whole = WALL.join([leaf.lead + view.text for leaf, view in zip(leaves, views, strict=True)])
    spans = joined(span for detector in detectors.values() for span in detector(whole))
    new: dict[int, str] = {}
    begin = at = 0
    for leaf, view in zip(leaves, views, strict=True) if spans else ():
        begin += len(leaf.lead)
        end = begin + len(view.text)
        inside: list[Span] = []
        while at < len(spans) and spans[at].start < end:
            start, stop = max(spans[at].start - begin, 0), min(spans[at].end, end) - begin
            if start < stop:
                inside.append(Span(start, stop, spans[at].type))
            if spans[at].end > end:
                break  # it goes on in the next leaf
            at += 1
        if inside:
            new[id(leaf)] = _replaced(leaf.text, view, inside, numbers)
            counts.update(span.type for span in inside)
        begin = end + len(WALL)

    def told(leaf: Node) -> str:
        return new.get(id(leaf), leaf.text)

    found = {place: node.render(told) for place, node in nodes.items()} if new else {}
    return {place: text for place, text in found.items() if text != texts[place]}


def _replaced(text: str, view: View, spans: list[Span], numbers: _Numbers) -> str:
    """Return a text with placeholders where spans of its view are."""
    out, done = [], 0
    for span in spans:
        start, end = view.back(span.start, span.end)
        out += [text[done:start], numbers.placeholder(span.type, view.text[span.start : span.end])]
        done = end
    return "".join([*out, text[done:]])


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap: where some did, their union, named by the longest.

    Of equally long ones the first counts. A union, because the rest of a number that was cut at the
    edge of another is as private as it was.
    """
    out: list[tuple[Span, int]] = []
    for span in sorted(spans, key=lambda found: found.start):
        length = span.end - span.start
        if out and span.start < out[-1][0].end:
            last, longest = out[-1]
            end = max(last.end, span.end)
            named = span.type if length > longest else last.type
            out[-1] = (Span(last.start, end, named), max(longest, length))
        else:
            out.append((span, length))
    return [span for span, _ in out]
