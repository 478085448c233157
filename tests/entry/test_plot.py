"""Line charts: valid XML whatever the points, and the points where they belong."""

from xml.etree import ElementTree

import pytest

from ratchet.entry.plot import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Dot,
    Points,
    line_chart,
    scatter,
    svg,
)

SVG = "{http://www.w3.org/2000/svg}"


def points_of(chart: str) -> list[list[tuple[float, float]]]:
    """Return the points of each line of a chart, in pixels."""
    lines = ElementTree.fromstring(chart).iter(f"{SVG}polyline")
    pairs = [[p.split(",") for p in (line.get("points") or "").split()] for line in lines]
    return [[(float(x), float(y)) for x, y in line] for line in pairs]


def test_the_ends_of_a_line_are_at_the_edges_of_the_chart() -> None:
    ((first, last),) = points_of(line_chart({"a": [(0.0, 0.0), (10.0, 1.0)]}, "t", "x"))
    assert (first[0], last[0]) == (LEFT, WIDTH - RIGHT)
    assert TOP < last[1] < first[1] < HEIGHT - BOTTOM


@pytest.mark.parametrize("line", [[], [(3.0, 5.0)], [(0.0, 7.0), (1.0, 7.0)]])
def test_few_or_equal_points_stay_inside(line: Points) -> None:
    (found,) = points_of(line_chart({"a": line}, "t", "x"))
    assert len(found) == len(line)
    assert all(LEFT <= x <= WIDTH - RIGHT and TOP <= y <= HEIGHT - BOTTOM for x, y in found)


def test_names_are_escaped_and_each_line_has_its_own() -> None:
    chart = line_chart({"<a&b>": [(0, 1)], "c": [(1, 2)]}, 'a "title"', "x", marks=[(0.5, "<1>")])
    texts = [text.text for text in ElementTree.fromstring(chart).iter(f"{SVG}text")]
    assert {"<a&b>", "c", 'a "title"', "x", "<1>"} <= set(texts)
    assert len(points_of(chart)) == 2


def test_a_point_has_its_place_its_name_and_bars_over_its_intervals() -> None:
    dots = [Dot("<a>", (0, 1, 2), (0, 5, 10)), Dot("b", (1, 1, 1), (5, 5, 5), faint=True)]
    root = ElementTree.fromstring(svg([scatter(dots, "t", "x")], HEIGHT))
    first, second = root.iter(f"{SVG}circle")
    assert (first.get("cx"), first.get("cy")) == (second.get("cx"), second.get("cy"))
    assert float(first.get("cx") or 0) == (LEFT + WIDTH - RIGHT) / 2
    assert float(first.get("cy") or 0) == (TOP + HEIGHT - BOTTOM) / 2
    assert first.get("fill") != second.get("fill")
    bars = [p.get("d") or "" for p in root.iter(f"{SVG}path") if "L" in (p.get("d") or "")[1:]]
    assert bars[0].startswith(f"M{LEFT:.1f} ")
    assert bars[0].split("L")[1].startswith(f"{WIDTH - RIGHT:.1f} ")
    assert "<a>" in {text.text for text in root.iter(f"{SVG}text")}


def test_no_points_are_an_empty_chart() -> None:
    assert (
        list(ElementTree.fromstring(svg([scatter([], "t", "x")], HEIGHT)).iter(f"{SVG}circle"))
        == []
    )
