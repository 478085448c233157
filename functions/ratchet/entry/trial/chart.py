"""The chart of a log: the frontier with its intervals, above the evidence over the looks."""

from collections.abc import Sequence

from ratchet.entry.plot import HEIGHT, Dot, Points, panel, scatter, svg
from ratchet.entry.trial.estimates import Estimate
from ratchet.entry.trial.report import Line, Report

PRICES = {"cost": "US $ a request", "p50 latency": "median latency, milliseconds"}


def trial_chart(report: Report) -> str:
    """Return an SVG of the frontier and of the most used challenger's evidence, as far as known."""
    panels = []
    if report.frontier.places:
        panels.append(_frontier(report))
    if report.peeking.line:
        panels.append(_evidence(report, report.peeking.line, len(panels) * HEIGHT))
    return svg(panels, max(1, len(panels)) * HEIGHT)


def _frontier(report: Report) -> str:
    found = report.frontier
    dots = [Dot(p.arm, _ends(p.price), _ends(p.value), p.by is not None) for p in found.places]
    title = f"{found.value} by {found.price}, 95 % intervals; what another arm dominates is grey"
    return scatter(dots, title, PRICES[found.price])


def _evidence(report: Report, line: Line, top: int) -> str:
    known = [d for d in line.difference if d is not None]
    edge = 3 * max((abs(d) for d in known[len(known) // 4 :]), default=1.0) or 1.0
    naive = list(zip(line.difference, line.naive_reach, strict=True))
    lines: dict[str, Points] = {
        "difference": _points(line.difference, edge),
        "bounds, low": _points(line.low, edge),
        "bounds, high": _points(line.high, edge),
        "p < 0.05, low": _points([d - r if d and r else None for d, r in naive], edge),
        "p < 0.05, high": _points([d + r if d and r else None for d, r in naive], edge),
        "no difference": [(1.0, 0.0), (float(max(2, report.peeking.looks)), 0.0)],
    }
    title = f"{report.goal}: {line.arm} - {report.peeking.control}, look by look"
    return panel(lines, title, f"looks, {report.peeking.how}", top=top)


def _points(values: Sequence[float | None], edge: float) -> Points:
    """Return what is known, cut off where it would dwarf the rest."""
    known = [(i + 1.0, v) for i, v in enumerate(values) if v is not None]
    return [(x, min(max(v, -edge), edge)) for x, v in known]


def _ends(found: Estimate) -> tuple[float, float, float]:
    low = found.value if found.low is None else found.low
    return low, found.value, found.value if found.high is None else found.high
