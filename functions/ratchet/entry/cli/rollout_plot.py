"""The chart of a rollout: the bounds of every term, look by look, between their thresholds."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from ratchet.entry.cli.rollout_bars import Drawn, drawn
from ratchet.entry.plot import HEIGHT, Points, panel, svg
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import Verdict

# The bounds of a term by look: hours since the start, and what is drawn of it then.
Seen = Sequence[tuple[float, Drawn]]


def rollout_chart(rollout: Rollout, looks: Sequence[Verdict]) -> str:
    """Return an SVG of how much better each challenger is by each metric; looks oldest first."""
    found = {name: list(_seen(rollout, looks, *name)) for name in _terms(looks)}
    panels = [
        _panel(rollout, name, seen, i * HEIGHT)
        for i, (name, seen) in enumerate((name, seen) for name, seen in found.items() if seen)
    ]
    return svg(panels, max(1, len(panels)) * HEIGHT)


def _terms(looks: Sequence[Verdict]) -> list[tuple[str, str]]:
    """Return the (arm, metric) that is judged, in the order of the looks."""
    named = ((a.arm, t.metric) for look in looks for a in look.judged.arms for t in a.terms)
    return list(dict.fromkeys(named))


def _seen(
    rollout: Rollout, looks: Sequence[Verdict], arm: str, metric: str
) -> Iterator[tuple[float, Drawn]]:
    """Yield when bounds of a term were known, and which."""
    for look in looks:
        terms = (t for a in look.judged.arms if a.arm == arm for t in a.terms)
        shown = next((drawn(term) for term in terms if term.metric == metric), None)
        if shown is not None:
            yield _hours(rollout, look.at), shown


def _panel(rollout: Rollout, name: tuple[str, str], seen: Seen, top: int) -> str:
    arm, metric = name
    last, newest = seen[-1]
    edge = _edge(seen)
    ends = (0.0, last or 1.0)
    thresholds = {"promote above": newest.promote, "roll back below": newest.back}
    lines: dict[str, Points] = {
        "bounds, low": [(at, max(-edge, shown.low)) for at, shown in seen],
        "bounds, high": [(at, min(edge, shown.high)) for at, shown in seen],
        **{
            label: [(at, value) for at in ends]
            for label, value in thresholds.items()
            if value is not None
        },
        "no difference": [(at, 0.0) for at in ends],
    }
    unit = "as a part of the control's" if newest.relative else "as a difference"
    title = f"{metric} of {arm}: how much better, {unit}; bounds that hold at any look"
    opened = [(_hours(rollout, at), f"step {i + 1}") for i, at in enumerate(rollout.opened)]
    marks = [mark for mark in opened if mark[0] <= last]
    return panel(lines, title, "hours since the start", marks=marks, top=top)


def _edge(seen: Seen) -> float:
    """Return where early bounds are cut off, since they would dwarf the rest."""
    later = [shown for _, shown in seen[len(seen) // 4 :]]
    ends = [x for s in later for x in (s.low, s.high, s.promote, s.back) if x is not None]
    return max(map(abs, ends)) or 1.0


def _hours(rollout: Rollout, at: datetime) -> float:
    return (at - rollout.started_at).total_seconds() / 3600
