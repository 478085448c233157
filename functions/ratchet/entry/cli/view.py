"""The command that shows a view of runs: losses, policy versions, studies."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import typer

from ratchet.entry.cli.output import AsJson, StoreUrl, emit_lines, opened, say, table, tell_spoiled
from ratchet.entry.cli.progress import Days, Svg, told
from ratchet.entry.files import write_text
from ratchet.entry.plot import HEIGHT, Dot, line_chart, scatter
from ratchet.entry.plot import svg as svg_of
from ratchet.kernel.document import Model
from ratchet.kernel.errors import RatchetError
from ratchet.runs.read_view import read_view
from ratchet.runs.views import VIEWS
from ratchet.stats.intervals import Interval

Rows = Sequence[Any]


def view(
    name: Annotated[str, typer.Argument(metavar="NAME", help=", ".join(VIEWS) + ".")],
    component: Annotated[str | None, typer.Option(help="One component.")] = None,
    days: Days = 30,
    svg: Svg = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a view of runs: loss by day, policy versions against each other, studies that ended."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as app:
        rows = read_view(
            app.store,
            app.keys,
            name,
            component=component,
            days=days,
            now=app.clock(),
            tell=spoiled.append,
        )
    if svg and rows:
        write_text(svg, CHARTS[name](rows), "svg")
    if as_json:
        emit_lines(row.to_wire() for row in rows)
    else:
        columns = _columns(rows)
        lines = [_cells(row) for row in rows]
        table(columns, lines, title=f"{name}, last {days} days", below=columns[:0:-1])
        if svg and rows:
            say(f"wrote {svg}")
    tell_spoiled(spoiled, as_json)


def _columns(rows: Sequence[Model]) -> list[str]:
    """Return the names of a view's columns as they are in JSON."""
    return [str(f.alias) for f in type(rows[0]).model_fields.values()] if rows else []


def _cells(row: Model) -> list[Any]:
    return [told(value) if isinstance(value, Interval) else value for _, value in row]


def _losses(rows: Rows) -> str:
    lines: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        if row.avg_loss is not None:
            day = date.fromisoformat(row.date).toordinal()
            lines[row.component].append((day, row.avg_loss))
    return line_chart(lines, "mean loss by day; 0 is perfect", "day, UTC", dates=True)


def _versions(rows: Rows) -> str:
    dots = [
        Dot(f"{row.candidate} of {row.component}", _span(row), (row.candidate_avg_loss,) * 3)
        for row in rows
    ]
    title = "mean loss of each version, by how much it differs from its control's"
    return svg_of([scatter(dots, title, "difference in loss; below 0 is better")], HEIGHT)


def _span(row: Any) -> tuple[float, float, float]:
    found = row.interval or Interval(low=row.delta, high=row.delta)
    return found.low, row.delta, found.high


def _studies(rows: Rows) -> str:
    dots = [
        Dot(f"{row.type} of {row.component}", (row.total,) * 3, (row.success_rate,) * 3)
        for row in rows
    ]
    title = "share of the studies that succeeded"
    return svg_of([scatter(dots, title, "studies that ended")], HEIGHT)


CHARTS: Mapping[str, Callable[[Rows], str]] = {
    "loss_trend": _losses,
    "policy_performance": _versions,
    "study_success": _studies,
}
