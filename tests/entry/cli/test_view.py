"""`ratchet view`: each view as a table, as JSON lines and as a chart."""

from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ratchet.entry.wiring import open_app
from ratchet.runs.studies.study import Study
from ratchet.runs.trend import RunTrend
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet
from tests.support.run_days import NOON, put_bucket, refresh, runs

SVG = "{http://www.w3.org/2000/svg}"
FIRST, SECOND = "router-core@1.0.0", "router-core@1.0.1"


@pytest.fixture
def filled(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> Ratchet:
    """Three days of runs under the seeded policy's version and another, and a study that ended."""
    stopped = partial(open_app, clock=lambda: NOON)
    monkeypatch.setattr("ratchet.entry.cli.output.open_app", stopped)
    assert ratchet("seed").status == 0
    store = SqliteStore(".ratchet/ratchet.db")
    for back, loss in enumerate((0.2, 0.3, 0.4)):
        put_bucket(store, runs(loss), back=back, version=FIRST)
        put_bucket(store, runs(loss / 2), back=back, version=SECOND)
    refresh(store)
    study = {
        "id": "s1",
        "type": "parameter_tuning",
        "component": "planner",
        "policy": "router-core",
        "hypothesis": "better",
        "state": "succeeded",
        "startedBy": "person",
        "actor": "ada",
    } | dict.fromkeys(("createdAt", "updatedAt", "endedAt"), NOON)
    store.set(Ref(Study.collection, "s1"), Study.parse(study).to_map())
    store.close()
    return ratchet


@pytest.mark.parametrize(
    ("name", "columns", "cells"),
    [
        ("loss_trend", "component date avgLoss runCount", "planner 2026-02-27 0.3 2"),
        ("study_success", "component type successRate total", "planner parameter_tuning 1 1"),
        (
            "policy_performance",
            "component candidate control candidateAvgLoss controlAvgLoss delta interval"
            " candidateRuns controlRuns sameDays",
            f"planner {SECOND} {FIRST} 0.15 0.3 -0.15 -0.273..-0.027 3 3 3",
        ),
    ],
)
def test_a_table_has_the_columns_and_a_row(
    filled: Ratchet, name: str, columns: str, cells: str
) -> None:
    told = filled("view", name).out.splitlines()
    shown = [" ".join(line.replace("┃", "│").replace("│", " ").split()) for line in told]
    assert shown[0] == f"{name}, last 30 days"
    assert shown[2] == columns
    assert cells in shown


def test_json_is_a_line_a_row_of_the_component_asked_for(filled: Ratchet) -> None:
    rows = filled("view", "loss_trend", "--component", "planner", "--days", "1", "--json").lines
    assert rows == [
        {
            "component": "planner",
            "date": "2026-03-01",
            "avgLoss": pytest.approx(0.15),
            "runCount": 2,
        }
    ]
    assert filled("view", "loss_trend", "--component", "nobody").out == "nothing to show\n"


@pytest.mark.parametrize(
    ("name", "drawn", "count"),
    [
        ("loss_trend", "polyline", 1),
        ("policy_performance", "circle", 1),
        ("study_success", "circle", 1),
    ],
)
def test_every_view_has_a_chart(filled: Ratchet, name: str, drawn: str, count: int) -> None:
    assert filled("view", name, "--svg", "v.svg").out.endswith("wrote v.svg\n")
    found = list(ElementTree.fromstring(Path("v.svg").read_text()).iter(f"{SVG}{drawn}"))
    assert len(found) == count
    filled("view", name, "--component", "nobody", "--svg", "none.svg")
    assert not Path("none.svg").exists()


def test_an_unknown_view_is_refused_with_those_there_are(filled: Ratchet) -> None:
    refused = filled("view", "moods", "--json")
    assert (refused.status, refused.error["field"]) == (2, "view")
    assert refused.error["mend"] == "one of loss_trend, policy_performance, study_success"


def test_what_is_broken_is_told_below_the_rest(filled: Ratchet) -> None:
    store = SqliteStore(".ratchet/ratchet.db")
    store.set(Ref(RunTrend.collection, "a"), {"component": "a", "days": "many"})
    store.close()
    told = filled("view", "loss_trend").out
    assert "planner" in told
    assert "left out:" in told.splitlines()[-1]
