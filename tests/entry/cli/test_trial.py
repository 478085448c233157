"""`try` on the command line: what it prints, what it writes, and what it refuses."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.commands import Ratchet
from tests.support.trial_logs import lines, two_arms

pytestmark = pytest.mark.slow

KEYS = {
    *("log", "rows", "skipped", "skippedShown", "withoutArm", "columns", "wide", "unused"),
    *(
        "goal",
        "goalBetter",
        "otherGoals",
        "intervals",
        "weighted",
        "units",
        "arms",
        "frontier",
        "weights",
    ),
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


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_log_may_come_by_standard_input_packed_or_not(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    raw = two_arms(Path("t.csv"), rows=500).read_bytes()
    arrives(monkeypatch, pack(raw))
    by_input = ratchet("try", "-", "--json").json
    assert by_input == ratchet("try", "t.csv", "--json").json | {"log": "standard input"}


def test_json_lines_come_by_standard_input_and_their_faults_are_named(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrives(monkeypatch, b'{"arm": "a", "ok": 1}\n{"arm": "b", "ok": 0}\n')
    assert "standard input: 2 rows, 2 arms" in ratchet("try", "-").out
    arrives(monkeypatch, b'{"arm": "a", "ok": 1}\n{"arm": "b", "ok": 0}\n{"arm"\n')
    assert ratchet("try", "-", "--json").error["message"].startswith("standard input line 3: ")
    arrives(monkeypatch, b"")
    ran = ratchet("try", "-", "--json")
    assert (ran.status, ran.error["message"]) == (2, "standard input is empty")


def arrives(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let this be standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_replay_says_what_it_rests_on_and_whose_interval_is_too_narrow(ratchet: Ratchet) -> None:
    out = ratchet("try", two_arms(Path("t.csv")), "--weights", "a=0.5,b=0.5").out
    table = out[out.index("estimator") :]
    assert table.index("dr ") < table.index("dm ")
    (dm,) = (line for line in table.splitlines() if "│ dm " in line)
    assert "leaves out the model's own error" in dm
    said = " ".join(out.split())
    assert "(the effective sample size); support 100.0%; mean weight 1.0" in said
    assert "Warning" not in out


def test_propensities_that_are_a_little_off_are_warned_of(ratchet: Ratchet) -> None:
    log = two_arms(Path("t.csv"))
    log.write_text(log.read_text().replace(",0.75,", ",0.8,").replace(",0.25,", ",0.27,"))
    out = " ".join(ratchet("try", log, "--weights", "a=0.75,b=0.25").out.split())
    # The weights are 0.75 / 0.8 and 0.25 / 0.27, three to one: 0.935 in the mean.
    assert "Warning: the propensities look wrong: their weights average 0.935 +- " in out


def test_the_goal_that_was_guessed_is_told_and_how_to_ask_for_another(ratchet: Ratchet) -> None:
    log = two_arms(Path("t.csv"), rows=500)
    told = "judged by success; --goal latency for the times, --goal cost for the costs"
    assert told in ratchet("try", log).out
    out = ratchet("try", log, "--goal", "cost").out
    assert "judged by" not in out
    assert "Frontier of success by cost" in out
    assert "is known of two arms" not in out


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
        ("--weights", "a", "weights"),
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
