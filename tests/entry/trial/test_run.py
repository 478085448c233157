"""Try: whole logs, from the file to the report, on data that nobody here wrote, too."""

import json
from pathlib import Path

import numpy as np
import pytest

from ratchet.entry.trial.columns import Told
from ratchet.entry.trial.report import ArmReport, Report
from ratchet.kernel.errors import InvalidInput
from tests.support.trial_logs import DATA, lines, tried, two_arms

pytestmark = pytest.mark.slow


def arm(report: Report, name: str) -> ArmReport:
    """Return what a report says of one arm."""
    (found,) = (a for a in report.arms if a.arm == name)
    return found


def shared(name: str) -> Path:
    """Return a log of the sample data; a test that wants it is skipped where it is missing."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"../shared/data/{name} is not here")
    return path


def test_sums_are_those_of_the_rows(tmp_path: Path) -> None:
    file = two_arms(tmp_path / "t.csv", rows=3000)
    table = np.genfromtxt(file, delimiter=",", names=True, dtype=None, encoding="utf-8")
    report = tried(file)
    for name in "ab":
        mine, found = table[table["model"] == name], arm(report, name)
        assert found.rows == found.units == len(mine)
        success, cost = found.metrics["success"].estimate, found.metrics["cost"].estimate
        assert success is not None
        assert cost is not None
        assert success.value == pytest.approx(mine["success"].mean())
        assert cost.value == pytest.approx(mine["cost"].mean())
        for q, told in ((50, found.p50), (95, found.p95)):
            assert told is not None
            assert told.value == pytest.approx(np.percentile(mine["latency_ms"], q), rel=0.01)
            assert told.low is not None
            assert told.high is not None
            assert told.low < told.value < told.high


def test_the_same_log_gives_the_same_report_and_another_seed_other_looks(tmp_path: Path) -> None:
    rows = [f"{'ab'[i % 2]},{i % 5 // 4}" for i in range(2000)]
    file = lines(tmp_path / "t.csv", "arm,ok", *rows)
    assert tried(file) == tried(file)
    assert tried(file).peeking != tried(file, seed=2).peeking


def test_a_log_with_times_is_looked_at_by_the_hour(tmp_path: Path) -> None:
    peeking = tried(two_arms(tmp_path / "t.csv", a=0.3, b=0.6)).peeking
    assert (peeking.how, peeking.looks, peeking.control) == ("every hour", 48, "a")
    (b,) = peeking.challengers
    assert b.naive.look is not None
    assert b.bounded.look is not None
    assert b.naive.look <= b.bounded.look
    assert (b.naive.says, b.bounded.says) == ("better", "better")
    assert b.bounded.at is not None
    assert b.bounded.at.hour == b.bounded.look % 24
    assert peeking.null is not None
    assert peeking.null.bounded <= 0.06 < peeking.null.naive


def test_units_that_recur_make_intervals_wider(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = []
    for u in range(400):
        won, name = int(rng.random() < 0.5), "ab"[rng.integers(2)]
        rows += [f"{name},u{u},{won}"] * 10
    file = lines(tmp_path / "t.csv", "arm,user,ok", *rows)
    by_unit, by_row = tried(file), tried(file, told=Told(parts={"unit": "none"}))
    widths = []
    for report in (by_unit, by_row):
        estimate = arm(report, "a").metrics["success"].estimate
        assert estimate is not None
        widths.append((estimate.high or 0) - (estimate.low or 0))
    assert widths[0] / widths[1] == pytest.approx(10**0.5, rel=0.15)


def test_a_row_that_stands_for_many_counts_as_many(tmp_path: Path) -> None:
    rows = ["a,1,4"] * 50 + ["a,0,1"] * 50 + ["b,1,1"] * 50
    report = tried(lines(tmp_path / "t.csv", "arm,ok,weight", *rows))
    estimate = arm(report, "a").metrics["success"].estimate
    assert estimate is not None
    assert estimate.value == pytest.approx(0.8)
    assert report.weighted


def test_what_is_unknown_is_a_share_and_never_zero(tmp_path: Path) -> None:
    rows = ["a,1,2"] * 30 + ["a,1,"] * 10 + ["b,,4"] * 40
    report = tried(lines(tmp_path / "t.csv", "arm,ok,cost", *rows))
    cost = arm(report, "a").metrics["cost"]
    assert cost.estimate is not None
    assert (cost.estimate.value, cost.unknown) == (2.0, 0.25)
    success = arm(report, "b").metrics["success"]
    assert (success.estimate, success.unknown) == (None, 1.0)


def test_the_goal_is_what_varies_or_what_is_told(tmp_path: Path) -> None:
    rows = [f"{'ab'[i % 2]},1,0.{i % 9},{i}" for i in range(200)]
    file = lines(tmp_path / "t.csv", "arm,ok,quality,latency_ms", *rows)
    assert tried(file).goal == "quality"
    assert (tried(file, goal="latency").goal, tried(file, goal="latency").goal_better) == (
        "latency",
        "lower",
    )


def test_other_goals_are_told_where_one_was_guessed_and_none_that_never_varies(
    tmp_path: Path,
) -> None:
    rows = [f"{'ab'[i % 2]},{i % 3 % 2},0.{i % 9},{i},1" for i in range(200)]
    file = lines(tmp_path / "t.csv", "arm,ok,quality,latency_ms,cost", *rows)
    assert (tried(file).goal, tried(file).other_goals) == ("success", ("quality", "latency"))
    assert tried(file, goal="quality").other_goals == ()


@pytest.mark.parametrize(("goal", "price"), [("latency", "p50 latency"), ("cost", "cost")])
def test_a_frontier_has_the_outcomes_beside_a_price_that_is_the_goal(
    tmp_path: Path, goal: str, price: str
) -> None:
    found = tried(two_arms(tmp_path / "t.csv"), goal=goal).frontier
    assert (found.reason, found.value, found.price) == ("", "success", price)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"goal": "joy"}, "goal"),
        ({"control": "z"}, "control"),
        ({"weights": "z=1"}, "weights"),
        ({"told": Told(parts={"outcome": "none"})}, "outcome"),
    ],
)
def test_what_the_log_lacks_is_refused(
    tmp_path: Path, options: dict[str, object], field: str
) -> None:
    file = lines(tmp_path / "t.csv", "arm,ok", *["a,1", "b,0"] * 5)
    with pytest.raises(InvalidInput) as caught:
        tried(file, **options)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "rows", [["a,1"], ["a,1", "b,0"], ["a,1"] * 99, ["a,1"] * 50 + ["b,1"] * 50]
)
def test_little_or_nothing_to_compare_is_told_and_no_fault(tmp_path: Path, rows: list[str]) -> None:
    report = tried(lines(tmp_path / "t.csv", "arm,ok", *rows))
    assert json.loads(json.dumps(report.to_wire())) == report.to_wire()
    assert all(c.bounded.look is None for c in report.peeking.challengers)


@pytest.mark.parametrize(
    ("name", "rows", "arms", "goal"),
    [
        ("outcomes/providers_llama2_70b.csv", 1195, 8, "success"),
        ("outcomes/gsm8k_two_models.csv", 2638, 2, "success"),
        pytest.param(
            "outcomes/dcrouter_nine_models.csv.gz", 50_472, 9, "success", marks=pytest.mark.slow
        ),
        ("serving/llm_requests.csv", 2845, 8, "success"),
        ("routing/mmlu_two_models.csv.gz", 28_084, 2, "quality"),
        pytest.param(
            "routing/dcrouter_train.jsonl.gz", 50_472, 9, "quality", marks=pytest.mark.slow
        ),
        ("bandit/random_women.csv.gz", 10_000, 46, "success"),
        ("bandit/bts_men.csv.gz", 10_000, 34, "success"),
    ],
)
def test_every_log_of_the_sample_data_is_read_by_guessing_alone(
    name: str, rows: int, arms: int, goal: str
) -> None:
    report = tried(shared(name))
    assert (report.rows, len(report.arms), report.goal) == (rows, arms, goal)
    assert (report.skipped, report.without_arm) == (0, 0)
    assert len(report.peeking.challengers) == arms - 1
    assert report.peeking.null is not None
    assert report.peeking.null.bounded <= 0.06
    assert (report.weights is not None) == (report.goal in ("success", "quality"))


def test_the_providers_have_the_rates_that_were_counted() -> None:
    report = tried(shared("outcomes/providers_llama2_70b.csv"))
    rates = {"bedrock": 101 / 150, "lepton": 20 / 150, "perplexity": 148 / 150, "groq": 1.0}
    for name, rate in rates.items():
        estimate = arm(report, name).metrics["success"].estimate
        assert estimate is not None
        assert estimate.value == pytest.approx(rate)
    assert [p.arm for p in report.frontier.places if not p.by] == ["lepton", "groq"]
