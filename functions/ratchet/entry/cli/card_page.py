"""What a card says, section by section, as a terminal shows it or as Markdown for a ticket."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ratchet.entry.cli.output import cell, inert
from ratchet.entry.cli.trial_words import counted
from ratchet.runs.cards.card import Card, Change, Claim, Failure, ModelStanding
from ratchet.runs.cards.claims import PAST_DAYS
from ratchet.stats.intervals import Interval

Cells = tuple[Any, ...]
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|])")


class Section(NamedTuple):
    """A part of a page: sentences, or a table, or why there is neither."""

    title: str
    lines: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[Cells, ...] = ()
    empty: str = ""
    note: str = ""


def sections(card: Card) -> Iterator[Section]:
    """Yield what is known of a component."""
    yield Section("Loss", columns=LOSS_COLUMNS, rows=tuple(map(_change, _changes(card))))
    why = "none that the closed days bear out"
    if card.closed_until is None:
        why = "none yet: they rest on closed days, and come with the first comparison of a day"
    yield Section("Weaknesses", lines=tuple(c.text for c in card.weaknesses), empty=why)
    yield Section("Strengths", lines=tuple(c.text for c in card.strengths), empty=why)
    models = tuple(map(_model, card.models))
    none = "none with runs enough"
    note = _note(card, ("model",))
    yield Section("Models", columns=MODEL_COLUMNS, rows=models, empty=none, note=note)
    failed = tuple(map(_failure, card.failures))
    note = _note(card, ("error", "gate"))
    yield Section("Failures", columns=FAILURE_COLUMNS, rows=failed, empty="none", note=note)
    studies = tuple((s.id, s.type, s.state, s.version) for s in card.studies)
    yield Section("Studies", columns=STUDY_COLUMNS, rows=studies, empty="none")


def _note(card: Card, kinds: tuple[str, ...]) -> str:
    """Return of which names some are not listed; nothing where all may be."""
    found = [f"{kind}s" for kind in kinds if kind in card.unlisted]
    return f"of the {' and '.join(found)} the rarest of a day are not listed" if found else ""


LOSS_COLUMNS = ("days", "loss", "runs", "before", "change", "interval")
MODEL_COLUMNS = ("model", "mean", "of", "interval", "runs")
FAILURE_COLUMNS = ("kind", "failure", "share", "interval", "runs", "before")
STUDY_COLUMNS = ("study", "type", "state", "version")


def head(card: Card) -> Iterator[str]:
    """Yield what a page begins with, in sentences."""
    yield f"{counted(card.runs, 'run')} in 30 days, as of {cell(card.as_of)} UTC"
    version = card.policy_version
    served = f"runs under {version}" if version else "its runs name no version"
    yield served + (f"; active is {card.active}" if card.active else "")
    if card.closed_until is not None:
        yield (
            f"strengths and weaknesses rest on the days before {card.closed_until:%Y-%m-%d}; "
            "any false one in the fleet in a month: at most 5 %"
        )
    if card.degrading is not None:
        yield f"its loss of the last {PAST_DAYS} days is worse than before"


def markdown(card: Card) -> Iterator[str]:
    """Yield the lines of a page that can be pasted into a ticket."""
    yield f"# Card of {_plain(card.component)}"
    yield ""
    yield from (f"- {_plain(line)}" for line in head(card))
    for section in sections(card):
        yield ""
        yield f"## {section.title}"
        yield ""
        if section.lines:
            yield from (f"- {_plain(line)}" for line in section.lines)
        elif section.rows:
            yield from _table(section)
        else:
            yield _plain(section.empty)
        if section.note:
            yield ""
            yield _plain(section.note)


def _table(section: Section) -> Iterator[str]:
    yield f"| {' | '.join(section.columns)} |"
    yield f"|{' --- |' * len(section.columns)}"
    for row in section.rows:
        yield f"| {' | '.join(_plain(cell(value)) for value in row)} |"


def _plain(text: str) -> str:
    """Return a text as Markdown shows it: names come from whoever sends runs.

    >>> print(_plain("a_b <c>"))
    a\\_b \\<c\\>
    """
    return _MARKUP.sub(r"\\\1", " ".join(inert(text).split()))


def _changes(card: Card) -> tuple[Change, ...]:
    return card.loss_week, card.loss_month


def _change(change: Change) -> Cells:
    interval = _between(change.interval)
    return change.days, change.mean, change.runs, change.before, change.change, interval


def _model(model: ModelStanding) -> Cells:
    of = "reward" if model.by == "reward" else "1 - loss"
    return model.model, model.mean, of, _between(model.interval), model.runs


def _failure(failure: Failure) -> Cells:
    share, before = (None if x is None else f"{x:.1%}" for x in (failure.share, failure.before))
    between = f"{failure.interval.low:.1%} to {failure.interval.high:.1%}"
    return failure.kind, failure.name, share, between, failure.runs, before


def _between(interval: Interval | None) -> str | None:
    return f"{interval.low:.3f} to {interval.high:.3f}" if interval else None


def summary(card: Card) -> Cells:
    """Return a card as a row among others."""
    moved = card.loss_week
    weak, strong = (_named(claims) for claims in (card.weaknesses, card.strengths))
    return card.component, card.runs, moved.mean, moved.change, card.policy_version, weak, strong


SUMMARY = ("component", "runs", "loss 7d", "change", "version", "weaknesses", "strengths")


def _named(claims: tuple[Claim, ...]) -> str:
    """Return what is claimed, without what it rests on."""
    return ", ".join(dict.fromkeys(claim.text.partition(":")[0] for claim in claims))
