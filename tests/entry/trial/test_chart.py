"""The chart: valid XML, a point for each arm, a line for each bound."""

from pathlib import Path
from xml.etree import ElementTree

from ratchet.entry.trial.chart import trial_chart
from tests.support.trial_logs import lines, tried, two_arms

SVG = "{http://www.w3.org/2000/svg}"


def texts(root: ElementTree.Element) -> set[str]:
    """Return all that is written in a chart."""
    return {t.text or "" for t in root.iter(f"{SVG}text")}


def test_a_log_with_prices_has_a_frontier_above_its_evidence(tmp_path: Path) -> None:
    root = ElementTree.fromstring(trial_chart(tried(two_arms(tmp_path / "t.csv"))))
    assert len(root.findall(f".//{SVG}circle")) == 2
    assert len(root.findall(f".//{SVG}polyline")) == 6
    assert {"a", "b", "difference", "bounds, low", "p < 0.05, high"} <= texts(root)
    assert all("nan" not in (p.get("points") or "") for p in root.iter(f"{SVG}polyline"))


def test_a_log_without_prices_has_its_evidence_alone(tmp_path: Path) -> None:
    rows = [f"{'ab'[i % 2]},{i % 3 // 2}" for i in range(400)]
    root = ElementTree.fromstring(trial_chart(tried(lines(tmp_path / "t.csv", "arm,ok", *rows))))
    assert root.findall(f".//{SVG}circle") == []
    assert root.findall(f".//{SVG}polyline")


def test_a_log_of_one_arm_has_an_empty_chart(tmp_path: Path) -> None:
    root = ElementTree.fromstring(trial_chart(tried(lines(tmp_path / "t.csv", "arm,ok", "a,1"))))
    assert root.tag == f"{SVG}svg"
