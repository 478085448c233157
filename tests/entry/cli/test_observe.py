"""Ticks, statistics, series, observations, sweep and rescore, as a person sees them."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ratchet.entry.ticks import SCHEDULES, Schedule, next_due
from ratchet.entry.wiring import open_app
from ratchet.kernel.errors import InvalidInput, NotFound, Unavailable
from tests.support.commands import Ratchet, arrived, score_at_once, write_json


@pytest.fixture
def filled(ratchet: Ratchet) -> Ratchet:
    """Two batches: six observations of router:a and router:b, then two timeouts of planner."""
    score_at_once(ratchet)
    first = [
        arrived(i, component=f"router:{'ab'[i % 2]}", durationMs=100.0 * i, policyVersion="p@1.0.0")
        for i in range(6)
    ]
    last = [arrived(component="planner", outcome="timeout", errorCode="504", runId="r1")] * 2
    for name, items in (("first", first), ("last", last)):
        file = write_json(f"{name}.json", {"id": name, "observations": items})
        assert ratchet("record", file).status == 0
    return ratchet


@pytest.fixture
def rolled(filled: Ratchet) -> Ratchet:
    """As filled, scored and rolled up."""
    for name in ("score_observations", "roll_stats"):
        assert filled("tick", "--only", name).status == 0
    return filled


def ids(ratchet: Ratchet, *options: str) -> list[str]:
    """Return the ids of the observations that these options show, in order."""
    return [o["id"] for o in ratchet("observations", *options, "--json").lines]


def test_a_first_tick_runs_every_verb_and_a_second_one_has_nothing_due(
    filled: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = (datetime.now(UTC) + timedelta(minutes=1)).replace(second=20, microsecond=0)
    stopped = partial(open_app, clock=lambda: now)
    monkeypatch.setattr("ratchet.entry.cli.output.open_app", stopped)
    first = filled("tick", "--json").json
    assert list(first) == list(SCHEDULES)
    assert (first["score_observations"]["scored"], first["roll_stats"]["components"]) == (8, 3)
    assert filled("tick", "--json").json == {}
    assert filled("tick").out == "nothing is due: score_observations is next, in 40 s\n"


def test_of_verbs_that_are_due_at_once_the_first_to_run_is_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rare = {name: s for name, s in SCHEDULES.items() if s.every >= timedelta(hours=1)}
    monkeypatch.setattr("ratchet.entry.ticks.SCHEDULES", rare)
    midnight = datetime(2026, 1, 2, tzinfo=UTC)
    assert next_due(midnight - timedelta(minutes=1)) == ("roll_long_windows", midnight)
    assert next_due(midnight) == ("roll_long_windows", midnight + timedelta(hours=1))


def test_the_help_of_a_tick_names_what_it_can_run(ratchet: Ratchet) -> None:
    told = ratchet("tick", "--help").out
    assert all(name in told for name in SCHEDULES)


def test_a_tick_tells_a_person_what_each_verb_did(filled: Ratchet) -> None:
    told = filled("tick").out
    assert all(name in told for name in SCHEDULES)
    assert re.search(r"│ scored +│ 8 ", told)
    assert re.search(r"│ feeds\.gold +│ read 0, labels 0", told)  # and no JSON


def test_one_verb_runs_when_it_is_named_due_or_not(filled: Ratchet) -> None:
    assert filled("tick", "--only", "score_observations", "--json").json.keys() == {
        "score_observations"
    }
    several = ("--only", "sweep", "--only", "load_labels", "--only", "sweep")
    assert list(filled("tick", *several, "--json").json) == ["sweep", "load_labels"]
    ran = filled("tick", "--only", "sweep", "--only", "nonsense", "--json")
    assert (ran.status, ran.error["field"]) == (2, "only")
    assert "sweep" in ran.error["mend"]


def fail(error: Exception) -> Schedule:
    """Return a verb that fails."""

    def run(*_: object) -> dict[str, Any]:
        raise error

    return Schedule(timedelta(days=1), run)


def test_a_tick_ends_with_the_status_of_the_first_failure_after_all_ran(
    filled: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = {"roll_stats": fail(NotFound("gone")), "sweep": fail(InvalidInput("bad"))}
    monkeypatch.setattr("ratchet.entry.ticks.SCHEDULES", {**SCHEDULES, **spoilt})
    ran = filled("tick", "--json")
    assert ran.status == 3
    assert ran.json["roll_stats"] == {"error": {"code": "RATCHET-2001", "message": "gone"}}
    assert ran.json["sweep"]["error"]["code"] == "RATCHET-1001"
    assert ran.json["score_observations"]["scored"] == 8
    assert ran.json["verify_audit"]["streams"][0]["valid"]
    told = filled("tick")
    assert (told.status, told.err) == (3, "RATCHET-2001: gone\nRATCHET-1001: bad\n")
    assert "tick-failed" in filled("alerts", "--json").out


def test_an_unexpected_failure_of_a_verb_shows_its_traceback(
    filled: Ratchet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spoilt = {**SCHEDULES, "sweep": fail(ZeroDivisionError("oh"))}
    monkeypatch.setattr("ratchet.entry.ticks.SCHEDULES", spoilt)
    ran = filled("tick")
    assert ran.status == 1
    assert "sweep stopped at an unexpected ZeroDivisionError" in ran.err
    assert "ZeroDivisionError: oh" in caplog.text
    assert "verify_audit" in ran.out


def test_a_watch_goes_on_when_the_store_is_away_for_a_while(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([Unavailable("the store is locked"), {}, KeyboardInterrupt()])

    def look(*_: object, **__: object) -> object:
        found = next(looks)
        if isinstance(found, BaseException):
            raise found
        return found

    monkeypatch.setattr("ratchet.entry.cli.observe.run_due", look)
    monkeypatch.setattr("ratchet.entry.cli.observe.time.sleep", lambda _: None)
    ran = ratchet("tick", "--watch")
    assert ran.status == 130
    assert ran.err.startswith("RATCHET-5001: the store is locked")
    assert next(looks, None) is None


def test_statistics_come_by_component_and_by_version(rolled: Ratchet) -> None:
    all_versions = rolled("stats", "--json").lines
    assert [(s["component"], s["n"]) for s in all_versions] == [
        ("planner", 2),
        ("router:a", 3),
        ("router:b", 3),
    ]
    by_version = rolled("stats", "--versions", "--component", "router:a", "--json").lines
    assert [(s["version"], s["n"]) for s in by_version] == [("all", 3), ("p@1.0.0", 3)]
    told = rolled("stats").out
    assert told.startswith("last 24h")
    assert "version" not in told
    assert "p@1.0.0" in rolled("stats", "--versions").out


def test_no_statistics_says_what_to_do(ratchet: Ratchet) -> None:
    ratchet("seed")
    assert "ratchet tick" in ratchet("stats").out
    assert ratchet("stats", "--json").out == ""


def test_a_window_that_is_not_known_is_named(ratchet: Ratchet) -> None:
    ran = ratchet("stats", "--window", "5h", "--json")
    assert (ran.status, ran.error["mend"]) == (2, "one of 1h, 24h, 7d, 30d")


def test_a_series_has_an_hour_a_line_and_a_chart_that_is_valid_xml(rolled: Ratchet) -> None:
    ran = rolled("series", "router:a", "--plot", "a.svg", "--json")
    assert sum(s["n"] for s in ran.lines) == 3
    root = ElementTree.fromstring(Path("a.svg").read_text())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert rolled("series", "router:a").out.count("│") > 0


def test_a_series_of_nothing_is_an_empty_chart_not_a_zero(ratchet: Ratchet) -> None:
    ratchet("seed")
    assert ratchet("series", "nobody", "--plot", "a.svg").out == "nothing to show\n"
    line = ElementTree.fromstring(Path("a.svg").read_text()).find(
        ".//{http://www.w3.org/2000/svg}polyline"
    )
    assert line is not None
    assert line.get("points") == ""


def test_a_chart_that_cannot_be_written_is_an_error_that_names_it(rolled: Ratchet) -> None:
    ran = rolled("series", "router:a", "--plot", "no/such/a.svg", "--json")
    assert (ran.status, ran.error["field"]) == (2, "plot")
    assert "no/such/a.svg" in ran.error["message"]


def test_observations_come_newest_first_and_a_limit_counts_items(filled: Ratchet) -> None:
    assert ids(filled) == ["last.0", "last.1", *(f"first.{i}" for i in range(6))]
    assert ids(filled, "--limit", "3") == ["last.0", "last.1", "first.0"]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--component", "router:b"], ["first.1", "first.3", "first.5"]),
        (["--component", "router:b", "--limit", "2"], ["first.1", "first.3"]),
        (["--outcome", "timeout"], ["last.0", "last.1"]),
        (["--outcome", "failure"], []),
        (["--error-code", "504", "--limit", "1"], ["last.0"]),
        (["--run-id", "r1"], ["last.0", "last.1"]),
        (["--version", "p@1.0.0", "--limit", "1"], ["first.0"]),
        (["--since", "1h", "--component", "planner"], ["last.0", "last.1"]),
        (["--since", "2099-01-01"], []),
        (["--id", "first.4"], ["first.4"]),
        (["--id", "last"], ["last.0", "last.1"]),
    ],
)
def test_filters_look_inside_batches(
    filled: Ratchet, options: list[str], wanted: list[str]
) -> None:
    assert ids(filled, *options) == wanted


def test_an_observation_shows_its_reward_once_it_is_scored(filled: Ratchet) -> None:
    assert "reward" not in filled("observations", "--id", "last.0", "--json").json
    filled("tick", "--only", "score_observations")
    shown = filled("observations", "--id", "last.0", "--json").json
    assert (shown["reward"]["score"], shown["reward"]["details"]["errorPenalty"]) == (0, 0.6)
    assert "last.0" in filled("observations", "--id", "last.0").out


@pytest.mark.parametrize(
    ("options", "status", "field"),
    [
        (["--outcome", "great"], 2, "outcome"),
        (["--since", "yesterday"], 2, "since"),
        (["--since", "99999999999d"], 2, "since"),
        (["--id", "nobody"], 3, "id"),
        (["--id", "first.9"], 3, "id"),
        (["--id", ""], 2, "id"),
        (["--id", "a/b"], 2, "id"),
        (["--limit", "0"], 2, "command"),
    ],
)
def test_a_question_that_has_no_answer_says_what_is_wrong(
    filled: Ratchet, options: list[str], status: int, field: str
) -> None:
    ran = filled("observations", *options, "--json")
    assert (ran.status, ran.error["field"]) == (status, field)


@pytest.mark.parametrize(
    ("options", "mend"),
    [
        (["--outcome", "ok"], r"wanted: success, failure, timeout"),
        (["--since", "yesterday"], r"like 15m, 24h, \d{4}-\d\d-\d\d or \d{4}-\d\d-\d\dT\d\d:\d\d"),
    ],
)
def test_the_mend_says_what_may_be_asked(filled: Ratchet, options: list[str], mend: str) -> None:
    assert re.fullmatch(mend, filled("observations", *options, "--json").error["mend"])


def test_a_sweep_says_what_it_held_against_rewards(rolled: Ratchet) -> None:
    report = rolled("sweep", "--json").json
    assert (report["documents"], report["missing"]) == (2, 0)
    assert rolled("sweep").out == "2 documents held against rewards, 0 scored now\n"
    assert rolled("sweep", "--reach", 10**12, "--json").status == 2


def test_a_rescore_moves_history_to_a_new_configuration(rolled: Ratchet) -> None:
    assert rolled("rescore", "--json").json == {"epoch": 1, "documents": 2, "rescored": 0}
    changed = rolled("config", "show", "reward_config", "--json").json
    changed["weights"] |= {"success": 0.3}
    file = write_json("reward.json", changed | {"version": "2"})
    rolled("config", "set", "reward_config", file, "--reason", "test")
    assert rolled("rescore", "--since", "1h").out == "8 rewards are of epoch 2 now\n"
    shown = rolled("observations", "--id", "first.0", "--json").json
    assert shown["reward"]["details"]["successBoost"] == 0.3
    ran = rolled("rescore", "--since", "x", "--json")
    assert (ran.status, ran.error["field"]) == (2, "since")
