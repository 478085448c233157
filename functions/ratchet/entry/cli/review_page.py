"""What a reviewer reads of an item: the question, what it is about, and how it is answered."""

import json
import os
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ratchet.entry.cli.output import CONSOLE, cell
from ratchet.kernel.document import on_wire
from ratchet.labels.review.turns import is_live, state_at
from ratchet.labels.review_item import ReviewItem

MOST = 40
WIDE = 96
_OPTIONS = {"--by": "RATCHET_ACTOR", "--store": "RATCHET_STORE"}


def page(item: ReviewItem, now: datetime, *, whole: bool) -> Iterator[str]:
    """Yield the lines of an item; long texts are cut short unless the whole is wanted."""
    yield f"{item.key()} is {state_at(item, now)}"
    yield from _about(item)
    if item.question:
        yield from _wrapped(item.question, "")
    for name, value in item.shown.items():
        yield from _field(name, value, None if whole else MOST, item.key())
    for one in item.opinions:
        worth = "" if one.value is None else f", {cell(one.value)}"
        sure = "" if one.confidence == 100 else f", confidence {cell(one.confidence)}"
        yield f"{one.by} said {one.label}{worth}{sure}, {cell(one.at)} UTC"
        yield from _wrapped(one.note, "  ")
    if item.skipped_by:
        yield f"passed on by {', '.join(item.skipped_by)}"
    if item.escalated_by:
        yield from _wrapped(f"{item.escalated_by} escalated it: {item.escalated_reason}", "")
    if item.dropped_by:
        yield from _wrapped(f"{item.dropped_by} dropped it: {item.dropped_reason}", "")


def how_to_answer(item: ReviewItem, by: str | None, store: str | None) -> Iterator[str]:
    """Yield the commands that answer an item, or leave it to others, as they are typed."""
    key = shlex.quote(item.key())
    if item.claim is not None:
        yield f"kept for {item.claim.by} until {cell(item.claim.until)} UTC; answer with one of"
    for name in item.classes:
        yield _typed(["label", key, shlex.quote(name)], by, store)
    yield _typed(["skip", key], by, store)
    yield _typed(["escalate", key, "--reason", "..."], by, store)


def outcome(item: ReviewItem) -> str:
    """Return in a line what became of an item.

    It is done with what was decided, or it waits: then for how many opinions.
    """
    if item.state == "done":
        return f"{item.key()} is done: {item.decided or 'nothing decided, opinions tie'}"
    if not is_live(item):
        return f"{item.key()} is {item.state}"
    left = item.wanted - len(item.opinions)
    more = "1 opinion" if left == 1 else f"{left} opinions"
    return f"{item.key()} is {item.state}, and wants {more}"


def _about(item: ReviewItem) -> Iterator[str]:
    """Yield what an item is about, and why it is asked."""
    several = "" if item.wanted == 1 else f", {item.wanted} opinions wanted"
    drawn = "" if item.propensity is None else f", drawn with probability {cell(item.propensity)}"
    head = f"{item.agent}: {item.subject}, asked by {item.enqueued_by}{several}{drawn}"
    yield from textwrap.wrap(
        head, _width(), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    if item.reason:
        yield from _wrapped(f"why: {item.reason}", "")


def _field(name: str, value: Any, most: int | None, key: str) -> Iterator[str]:
    """Yield one thing that is shown: short in its line, long below its name."""
    text = value if isinstance(value, str) else _told(value)
    if "\n" not in text and len(name) + len(text) + 4 <= _width():
        yield f"  {name}: {text}"
        return
    yield f"  {name}:"
    lines = list(_wrapped(text, "    "))
    yield from lines[:most]
    if most is not None and len(lines) > most:
        command = f"ratchet review show {shlex.quote(key)} --whole"
        yield f"    ... {len(lines) - most} lines more: {command}"


def _told(value: Any) -> str:
    if isinstance(value, Mapping | Sequence):
        flat = json.dumps(on_wire(value), ensure_ascii=False, default=str)
        return (
            flat
            if len(flat) <= WIDE
            else json.dumps(on_wire(value), ensure_ascii=False, default=str, indent=2)
        )
    return cell(value)


def _wrapped(text: str, indent: str) -> Iterator[str]:
    """Yield a text in lines that fit; its own line breaks and indents stay."""
    for line in text.splitlines():
        inner = indent + line[: len(line) - len(line.lstrip())]
        wrapped = textwrap.wrap(
            line, max(_width(), len(inner) + 20), initial_indent=indent, subsequent_indent=inner
        )
        yield from wrapped or [""]


def _width() -> int:
    return min(CONSOLE.width, WIDE)


def _typed(words: Sequence[str], by: str | None, store: str | None) -> str:
    """Return a command, with the options that the environment does not give."""
    given = {"--by": by, "--store": store}
    told = {o: v for o, v in given.items() if v is not None and v != os.environ.get(_OPTIONS[o])}
    options = [part for option, value in told.items() for part in (option, shlex.quote(value))]
    return "  " + " ".join(["ratchet", "review", *words, *options])
