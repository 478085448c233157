"""The command that shows how a component's runs get on, day by day."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import AsJson, StoreUrl, emit, opened, say, table
from ratchet.entry.files import write_text
from ratchet.entry.plot import line_chart
from ratchet.kernel.registry import pick
from ratchet.runs.cards.card import Change
from ratchet.runs.progress import Progress
from ratchet.runs.read_progress import read_progress
from ratchet.runs.read_trend import MAX_DAYS
from ratchet.stats.intervals import Interval
from ratchet.stats.run_sums import LOSS, TERMS

Days = Annotated[
    int, typer.Option(min=1, max=MAX_DAYS, help="How many days back, the present one too.")
]
LEGEND = "mean losses by day: 0 is perfect, 1 the worst"
Svg = Annotated[Path | None, typer.Option(help="Write an SVG chart.")]


def progress(
    component: Annotated[str, typer.Argument(metavar="COMPONENT", help="The component.")],
    version: Annotated[
        str | None, typer.Option(help="One policy version's runs, like router-core@1.0.0.")
    ] = None,
    term: Annotated[
        str | None, typer.Option(help=f"One alone: {LOSS}, {', '.join(TERMS)}.")
    ] = None,
    days: Days = 30,
    svg: Svg = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the loss of a component's runs by day, and how it and its terms moved."""
    if term is not None:
        pick(dict.fromkeys((LOSS, *TERMS)), term, field="term")
    with opened(store, making=False) as app:
        found = read_progress(app.store, component, version=version, days=days, now=app.clock())
    shown = found if term is None else found.of(term)
    if svg and shown.days:
        write_text(svg, _chart(shown, term), "svg")
    if as_json:
        emit(shown.to_wire())
        return
    whose = f"{component} under {version}" if version else component
    if not shown.days:
        say(f"no runs of {whose} in {days} days: record some, then run `ratchet tick`")
        return
    if svg:
        say(f"wrote {svg}")
    of = term or LOSS
    lines = [(f"{day.day:%Y-%m-%d}", day.runs, day.means.get(of)) for day in shown.days]
    say(f"{whose}, {LEGEND}")
    table(("date", "runs", of), lines)
    moved = ("7 days", "change", "interval", "30 days", "change", "interval", "runs")
    table(("metric", *moved), _moves(shown), title="mean of the last days, against as many before")


def _moves(shown: Progress) -> Iterator[tuple[Any, ...]]:
    none = Change(days=0)
    for metric, month in shown.month.items():
        week = shown.week.get(metric, none)
        figures = (figure for moved in (week, month) for figure in _figures(moved))
        yield metric, *figures, month.runs


def _figures(moved: Change) -> tuple[Any, ...]:
    return moved.mean, moved.change, told(moved.interval)


def told(interval: Interval | None) -> str | None:
    """Return an interval as a table shows it."""
    return f"{interval.low:.3f}..{interval.high:.3f}" if interval else None


def _chart(shown: Progress, term: str | None) -> str:
    lines: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for day in shown.days:
        for name, mean in day.means.items():
            lines[name].append((day.day.toordinal(), mean))
    what = "loss and its terms" if term is None else term
    whose = f"{shown.component} under {shown.version}" if shown.version else shown.component
    return line_chart(lines, f"{what} of {whose}, {LEGEND}", "day, UTC", dates=True)
