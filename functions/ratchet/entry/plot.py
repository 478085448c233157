"""Charts of lines and points as SVG, without a plotting library."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 860, 320
LEFT, RIGHT, TOP, BOTTOM = 60, 150, 34, 40
COLOURS = ("#0b7285", "#d9480f", "#5f3dc4", "#2b8a3e", "#c2255c", "#e67700", "#364fc7", "#495057")
Points = Sequence[tuple[float, float]]
Place = Callable[[float, float], tuple[float, float]]


class Dot(NamedTuple):
    """A named point with its intervals as (low, value, high); a faint one is not in the running."""

    name: str
    x: tuple[float, float, float]
    y: tuple[float, float, float]
    faint: bool = False


def line_chart(
    lines: Mapping[str, Points],
    title: str,
    x_label: str,
    *,
    marks: Sequence[tuple[float, str]] = (),
    top: int = 0,
    dates: bool = False,
) -> str:
    """Return a chart of named lines; `marks` are labelled instants on the x axis.

    Of `dates` the x axis has ordinals of days, and shows them as days.
    """
    return svg([panel(lines, title, x_label, marks=marks, top=top, dates=dates)], HEIGHT)


def svg(panels: Sequence[str], height: int) -> str:
    """Return a whole SVG document of panels."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">'
    )
    background = f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    return "\n".join([head, background, *panels, "</svg>", ""])


def panel(
    lines: Mapping[str, Points],
    title: str,
    x_label: str,
    *,
    marks: Sequence[tuple[float, str]] = (),
    top: int = 0,
    dates: bool = False,
) -> str:
    """Return one chart as a group, `top` pixels down."""
    points = [p for line in lines.values() for p in line] or [(0.0, 0.0)]
    out, place = _axes(points, title, x_label, top, dates and any(lines.values()))
    for x, label in marks:
        right, _ = place(x, points[0][1])
        high = HEIGHT - TOP - BOTTOM
        out.append(f'<path d="M{right} {TOP}v{high}" stroke="#adb5bd" stroke-dasharray="3 3"/>')
        out.append(_text(right + 3, TOP + 10, label, "fill='#868e96' font-size='10'"))
    for i, (name, line) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{right},{down}" for right, down in (place(x, y) for x, y in line))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        out.append(_text(WIDTH - RIGHT + 10, TOP + 14 + 18 * i, name, f"fill='{colour}'"))
    return "\n".join([*out, "</g>"])


def scatter(dots: Sequence[Dot], title: str, x_label: str, *, top: int = 0) -> str:
    """Return a chart of named points with their intervals as a group, `top` pixels down."""
    corners = [(x, y) for dot in dots for x in dot.x for y in dot.y] or [(0.0, 0.0)]
    out, place = _axes(corners, title, x_label, top)
    for i, dot in enumerate(dots):
        (left, x, right), (low, y, high) = dot.x, dot.y
        at, colour = place(x, y), "#adb5bd" if dot.faint else COLOURS[0]
        for a, b in ((place(left, y), place(right, y)), (place(x, low), place(x, high))):
            out.append(f'<path d="M{a[0]} {a[1]}L{b[0]} {b[1]}" stroke="{colour}"/>')
        out.append(f'<circle cx="{at[0]}" cy="{at[1]}" r="4" fill="{colour}"/>')
        out.append(_text(at[0] + 6, at[1] + (14 if i % 2 else -5), dot.name, f"fill='{colour}'"))
    return "\n".join([*out, "</g>"])


def _axes(
    points: Points, title: str, x_label: str, top: int, dates: bool = False
) -> tuple[list[str], Place]:
    """Return the frame of a chart that holds some points, and what places a point in it."""
    x_low, x_high = _range([x for x, _ in points], pad=0.0)
    y_low, y_high = _range([y for _, y in points], pad=0.05)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        right = LEFT + (x - x_low) / (x_high - x_low) * wide
        down = TOP + (1 - (y - y_low) / (y_high - y_low)) * high
        return round(right, 1), round(down, 1)

    out = [f'<g transform="translate(0,{top})">', _text(LEFT, 20, title, "font-weight='bold'")]
    for i in range(5):
        y = y_low + i / 4 * (y_high - y_low)
        _, down = place(x_low, y)
        out.append(f'<path d="M{LEFT} {down}H{WIDTH - RIGHT}" stroke="#dee2e6"/>')
        out.append(_text(LEFT - 8, down + 4, f"{y:.3g}", "text-anchor='end'"))
    for x, label in _ticks(x_low, x_high, dates):
        right, _ = place(x, y_low)
        out.append(_text(right, HEIGHT - BOTTOM + 16, label, "text-anchor='middle'"))
    out.append(_text(LEFT + wide / 2, HEIGHT - 6, x_label, "text-anchor='middle'"))
    return out, place


def _ticks(low: float, high: float, dates: bool) -> list[tuple[float, str]]:
    """Return where the x axis is labelled, and how; days are labelled where they are.

    >>> _ticks(739676, 739677, dates=True)
    [(739676, '2026-03-01'), (739677, '2026-03-02')]
    """
    places = [low + i / 4 * (high - low) for i in range(5)]
    if not dates:
        return [(x, f"{x:,.6g}") for x in places]
    days = sorted({round(x) for x in places if low <= round(x) <= high})
    return [(day, date.fromordinal(day).isoformat()) for day in days]


def _range(values: Sequence[float], *, pad: float) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * pad or (0.5 if low == high else 0.0)
    return low - room, high + room


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
