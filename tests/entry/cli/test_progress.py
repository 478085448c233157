"""`ratchet progress`: the days and changes of a component, for people, as JSON and as a chart."""

from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ratchet.entry.wiring import open_app
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet
from tests.support.run_days import NOON, put_bucket, refresh, runs

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def filled(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> Ratchet:
    """Ten days at 0.5, then ten at 0.3 whose grounding is known, the last under 1.0.1 as well."""
    stopped = partial(open_app, clock=lambda: NOON)
    monkeypatch.setattr("ratchet.entry.cli.output.open_app", stopped)
    assert ratchet("seed").status == 0
    store = SqliteStore(".ratchet/ratchet.db")
    for back in range(20):
        known = {"grounding": [0.2]} if back < 10 else {}
        noise = 0.01 * (back % 2)
        put_bucket(store, runs((0.3 if back < 10 else 0.5) + noise, terms=known), back=back)
    put_bucket(store, runs(0.1), version="p@1.0.1")
    refresh(store)
    store.close()
    return ratchet


def test_a_person_sees_days_and_how_each_metric_moved(filled: Ratchet) -> None:
    told = filled("progress", "planner", "--days", "3").out
    assert [line for line in told.splitlines() if "2026-02-2" in line] == [
        "│ 2026-02-27 │    1 │  0.3 │",
        "│ 2026-02-28 │    1 │ 0.31 │",
    ]
    assert "│ 2026-03-01 │    2 │  0.2 │" in told
    (loss,) = [line.split("│")[1:-1] for line in told.splitlines() if "│ loss" in line]
    # Seven days: thrice 0.31, four times 0.3, 0.1; before: 0.51, 0.5, 0.31 twice each, 0.3.
    week = ["0.2787", "-0.1412", "-0.247..-0.035"]
    assert [text.strip() for text in loss] == ["loss", *week, "0.3905", "", "", "21"]
    assert "│ grounding" in told


def test_one_term_is_shown_alone_and_an_unknown_one_is_refused(filled: Ratchet) -> None:
    told = filled("progress", "planner", "--term", "grounding").out
    assert told.count("2026-02") == 19
    assert told.startswith("planner, mean losses by day: 0 is perfect, 1 the worst\n")
    assert told.count("loss") == 1
    refused = filled("progress", "planner", "--term", "mood", "--json")
    assert (refused.status, refused.error["field"]) == (2, "term")


def test_json_has_every_figure_in_wire_form(filled: Ratchet) -> None:
    found = filled("progress", "planner", "--days", "1", "--json").json
    assert found["days"] == [
        {
            "day": 1772323200000,
            "runs": 2,
            "loss": pytest.approx(0.2),
            "terms": {"grounding": pytest.approx(0.2)},
        }
    ]
    assert set(found["week"]) == {"loss", "grounding"}
    one = filled("progress", "planner", "--version", "p@1.0.1", "--json").json
    assert (one["version"], [day["runs"] for day in one["days"]]) == ("p@1.0.1", [1])


def test_the_chart_has_a_line_for_each_metric(filled: Ratchet) -> None:
    assert filled("progress", "planner", "--svg", "p.svg", "--json").status == 0
    lines = list(ElementTree.fromstring(Path("p.svg").read_text()).iter(f"{SVG}polyline"))
    assert [len((line.get("points") or "").split()) for line in lines] == [20, 10]


def test_the_chart_of_one_term_names_it_and_the_days(filled: Ratchet) -> None:
    given = ("progress", "planner", "--term", "grounding", "--days", "3", "--svg", "p.svg")
    assert filled(*given).out.startswith("wrote p.svg\n")
    texts = [t.text for t in ElementTree.fromstring(Path("p.svg").read_text()).iter(f"{SVG}text")]
    assert texts[0] == ("grounding of planner, mean losses by day: 0 is perfect, 1 the worst")
    days = [text for text in texts if text and text.startswith("2026-")]
    assert days == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert filled("progress", "nobody", "--svg", "none.svg").status == 0
    assert not Path("none.svg").exists()


def test_without_runs_it_says_what_to_do(filled: Ratchet) -> None:
    told = filled("progress", "nobody", "--version", "p@1.0.0").out
    assert told == (
        "no runs of nobody under p@1.0.0 in 30 days: record some, then run `ratchet tick`\n"
    )
