"""`try` on the command line: what it prints, what it writes, and what it refuses."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.commands import Ratchet
from tests.support.trial_logs import lines, two_arms

KEYS = {
    *("log", "rows", "skipped", "skippedShown", "withoutArm", "columns", "wide", "unused"),
    *("goal", "goalBetter", "intervals", "weighted", "units", "arms", "frontier", "weights"),
    "peeking",
}


def test_a_person_sees_columns_arms_frontier_replay_and_peeking(ratchet: Ratchet) -> None:
    ran = ratchet("try", two_arms(Path("t.csv"), a=0.4, b=0.8))
    assert (ran.status, ran.err) == (0, "")
    assert "t.csv: 4,000 rows, 2 arms" in ran.out
    assert "arm <- model" in ran.out
    assert "latency <- latency_ms (milliseconds)" in " ".join(ran.out.split())
    assert "Frontier of success by cost, the cheapest first: a, b" in ran.out
    assert "snips" in ran.out
    assert "Had you looked 48 times (every hour) at success, against a:" in ran.out
    assert "labels shuffled, 200 times" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_json_is_one_line_of_these_keys(ratchet: Ratchet) -> None:
    report = ratchet("try", two_arms(Path("t.csv")), "--json").json
    assert set(report) == KEYS
    assert {a["arm"] for a in report["arms"]} == {"a", "b"}
    assert set(report["arms"][0]) == {"arm", "rows", "units", "metrics", "p50", "p95"}


def test_a_chart_is_written_where_it_can_be_and_refused_before_the_work_where_not(
    ratchet: Ratchet,
) -> None:
    log = two_arms(Path("t.csv"), rows=200)
    assert ratchet("try", log, "--svg", "t.svg").status == 0
    assert ElementTree.fromstring(Path("t.svg").read_text()).tag.endswith("svg")
    ran = ratchet("try", log, "--svg", "no/such.svg", "--json")
    assert (ran.status, ran.error["field"]) == (2, "svg")
    ran = ratchet("try", log, "--svg", log, "--json")
    assert (ran.status, ran.error["message"]) == (2, "t.csv is the log itself")
    ran = ratchet("try", "nowhere.csv", "--svg", "new.svg", "--json")
    assert (ran.status, ran.error["field"]) == (3, "log")
    assert not Path("new.svg").exists()


def test_columns_may_be_told_and_left_out(ratchet: Ratchet) -> None:
    log = lines(Path("t.csv"), "p,s,good,secs", *["x,1,yes,2.5", "y,2,no,1.5"] * 20)
    at = ("--arm", "p,s", "--outcome", "good", "--latency", "secs", "--latency-unit", "s")
    report = ratchet("try", log, *at, "--json").json
    assert {a["arm"]: a["p50"]["value"] for a in report["arms"]} == {
        "x/1": pytest.approx(2500, rel=0.01),
        "y/2": pytest.approx(1500, rel=0.01),
    }
    report = ratchet("try", log, *at[:4], "--latency", "none", "--json").json
    assert set(report["arms"][0]["metrics"]) == {"success"}


def test_bad_rows_are_named_or_left_out_and_shown(ratchet: Ratchet) -> None:
    log = lines(Path("t.csv"), "arm,ok", "a,1", "a,maybe", "b,0", "b,1")
    ran = ratchet("try", log, "--json")
    assert (ran.status, ran.error["field"]) == (2, "ok")
    assert ran.error["message"].startswith("t.csv line 3: ok is 'maybe'")
    ran = ratchet("try", log, "--skip-bad")
    assert "left out, unreadable: 1 row, the first of them:" in ran.out
    assert "t.csv line 3: ok is 'maybe'" in ran.out


def test_grades_of_another_scale_are_read_by_it(ratchet: Ratchet) -> None:
    log = lines(Path("t.csv"), "arm,score", *["a,1", "b,7"] * 10)
    at = ("--quality-range", "1..7", "--json")
    told = {
        a["arm"]: a["metrics"]["quality"]["estimate"]["value"]
        for a in ratchet("try", log, *at).json["arms"]
    }
    assert told == {"a": 0.0, "b": 1.0}


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("--quality-range", "5", "quality-range"),
        ("--quality-range", "5..1", "quality-range"),
        ("--latency-unit", "fortnights", "latency-unit"),
        ("--seed", "-1", "command"),
        ("--goal", "joy", "goal"),
        ("--control", "z", "control"),
        ("--weights", "a=2", "weights"),
        ("--arm", "nobody", "arm"),
        ("--arms", "ok,nobody", "arms"),
        ("--propensity", "nobody", "propensity"),
    ],
)
def test_an_option_that_cannot_be_is_named(
    ratchet: Ratchet, option: str, value: str, field: str
) -> None:
    log = lines(Path("t.csv"), "arm,ok", *["a,1", "b,0"] * 5)
    ran = ratchet("try", log, option, value, "--json")
    assert (ran.status, ran.error["field"]) == (2, field)
