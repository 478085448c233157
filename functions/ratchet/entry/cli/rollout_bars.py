"""Bounds of how much better a challenger is, between their thresholds, and as a bar of text."""

from typing import NamedTuple

from ratchet.rollouts.verdict import TermSeen

WIDTH = 41  # characters of a bar; odd, so that 0 is one of them


class Drawn(NamedTuple):
    """How much better a challenger is, at any look, and what is asked of it.

    Units: parts of the control's mean where `relative`, else those of the metric. A promotion needs
    `low` above `promote`, a rollback `high` below `back`; one in another unit is not drawn.
    """

    low: float
    high: float
    promote: float | None
    back: float | None
    relative: bool


def drawn(term: TermSeen) -> Drawn | None:
    """Return what there is to draw of a term; None where no bounds are known."""
    relative = term.relative or term.allowed_relative
    low, high = term.low, term.high
    if not relative:
        low, high = (term.interval.low, term.interval.high) if term.interval else (None, None)
    if low is None or high is None:
        return None
    if term.better == "lower":
        low, high = -high, -low
    promote = term.needed if not term.needed or term.relative is relative else None
    back = -term.allowed if not term.allowed or term.allowed_relative is relative else None
    return Drawn(low, high, promote, back, relative)


def bar(shown: Drawn) -> str:
    """Return the bounds as a bar: `|` is no difference, `>` and `<` are the thresholds.

    >>> bar(Drawn(low=0.0, high=1.0, promote=0.5, back=-1.0, relative=False))
    '[<                   |=========>==========]'
    """
    marks = (("|", 0.0), ("<", shown.back), (">", shown.promote))
    edge = max(abs(x) for x in (shown.low, shown.high, *(v for _, v in marks)) if x is not None)

    def at(value: float) -> int:
        return round((value / (edge or 1.0) + 1) / 2 * (WIDTH - 1))

    line = ["=" if at(shown.low) <= i <= at(shown.high) else " " for i in range(WIDTH)]
    for sign, value in marks:
        if value is not None:
            line[at(value)] = sign
    return f"[{''.join(line)}]"
