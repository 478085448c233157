"""Judge: both rules on every challenger of a log, and on its shuffled labels."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from ratchet.entry.trial.looks import DEALT, Looks
from ratchet.entry.trial.null import deck_of, shuffled
from ratchet.entry.trial.peek import CRITICAL, HIGHER, Peeks, first, peek
from ratchet.entry.trial.report import Challenger, Decided, Line, Peeking
from ratchet.kernel.clock import from_millis
from ratchet.stats.moments import Floats


def judge(
    looks: Looks,
    goal: str,
    names: Sequence[str],
    control: int,
    challengers: Sequence[int],
    span: float | None,
    *,
    seed: int,
) -> Peeking:
    """Return what peeking decides; `challengers` are places, the most used first."""
    slots = looks.slots()
    base = Peeking(control=names[control], looks=len(slots), how=how_of(looks))
    if not challengers:
        return base.model_copy(update={"reason": "one arm alone: there is nothing to compare"})
    if len(slots) < 2:
        return base.model_copy(update={"reason": "all rows fall into one look"})
    met = looks.units_met(len(names))
    told, lines = [], []
    for arm in challengers:
        binned, rows = looks.at(goal, [control, arm])
        found = peek(binned, rows, met[[control, arm]].T, span, len(challengers))
        told.append(_challenger(names[arm], found, looks, goal))
        lines.append(_line(names[arm], found))
    deck, arms = deck_of(looks, goal), (control, challengers[0])
    null = shuffled(deck, arms, len(slots), span, seed=seed)
    return base.model_copy(
        update={
            "challengers": tuple(told),
            "null": null,
            "null_of": names[challengers[0]],
            "line": lines[0],
        }
    )


def how_of(looks: Looks) -> str:
    """Return in words when somebody looks."""
    if not looks.timed:
        return f"no time is known: units are dealt to {DEALT} looks at random (seed {looks.seed})"
    minutes, hours = looks.minutes, looks.minutes // 60
    plain = f"{minutes} minutes" if minutes < 60 else f"{hours} hours"
    told = {1: "every minute", 60: "every hour"}.get(minutes, f"every {plain}")
    return told + (f"; {looks.untimed} rows without a time are left out" if looks.untimed else "")


def _challenger(name: str, found: Peeks, looks: Looks, goal: str) -> Challenger:
    signs = found.naive[found.naive != 0]
    passed = found.naive != 0
    turns = int((np.diff(signs) != 0).sum() + (passed[:-1] & ~passed[1:]).sum())
    return Challenger(
        arm=name,
        difference=_known(found.difference[-1]),
        low=_known(found.bounds.low[-1]),
        high=_known(found.bounds.high[-1]),
        naive=_decided(found.naive, looks, goal),
        turns=turns,
        naive_end=_says(found.naive[-1], goal),
        bounded=_decided(found.bounded, looks, goal),
    )


def _decided(signs: Floats, looks: Looks, goal: str) -> Decided:
    at = first(signs)
    if at is None:
        return Decided()
    moment: datetime | None = None
    if looks.timed:  # the end of the slot, which is when its rows are there to be seen
        moment = from_millis((looks.slots()[at] + 1) * looks.minutes * 60_000)
    return Decided(look=at + 1, at=moment, says=_says(signs[at], goal))


def _says(sign: float, goal: str) -> str:
    """Return what a sign of challenger - control means."""
    if sign == 0:
        return "nothing"
    return "better" if (sign > 0) == (goal in HIGHER) else "worse"


def _line(name: str, found: Peeks) -> Line:
    with np.errstate(invalid="ignore", divide="ignore"):
        reach = np.abs(found.difference / found.z) * CRITICAL
    return Line(
        arm=name,
        difference=tuple(map(_known, found.difference)),
        naive_reach=tuple(map(_known, reach)),
        low=tuple(map(_known, found.bounds.low)),
        high=tuple(map(_known, found.bounds.high)),
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
