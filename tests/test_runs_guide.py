"""docs/runs.md keeps its word: its documents are taken, and its tables are those of the product."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ratchet.entry.callables.studies import FinishStudy
from ratchet.entry.schedules import cron
from ratchet.entry.ticks import SCHEDULES
from ratchet.insight.rule import EventRule, Rule
from ratchet.insight.rules import RULES
from ratchet.kernel.clock import DAY, HOUR, millis, system_clock
from ratchet.rollouts.gate_rules import Gates
from ratchet.runs.settings import RunLossSettings
from ratchet.runs.studies.runners import RUNNERS
from ratchet.runs.terms import MEASURES
from ratchet.runs.views import VIEWS
from tests.support.commands import command_line, write_json

TEXT = (Path(__file__).parents[1] / "docs" / "runs.md").read_text()
RUN, WEIGHTS, GATES, RESULT = map(json.loads, re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
PERIODS: Mapping[timedelta, str] = {timedelta(minutes=5): "5 minutes", HOUR: "hour", DAY: "day"}


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table with a head, line by line."""
    (body,) = re.findall(rf"^\| {head}.*\|\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in body.splitlines()]


def named(cell: str) -> list[str]:
    """Return what a cell names in code."""
    return re.findall(r"`([^`]+)`", cell)


def test_the_run_is_taken_with_the_loss_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RATCHET_STORE", "RATCHET_KEY", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    ratchet = command_line(capsys)
    assert ratchet("seed").status == 0
    file = write_json("run.json", RUN | {"ts": millis(system_clock())})
    ran = ratchet("run", "record", file)
    assert (ran.status, ran.err) == (0, "")
    assert f"$ ratchet run record run.json\n{ran.out}" in TEXT


def test_a_result_and_a_profile_are_taken_as_they_are_shown() -> None:
    assert FinishStudy.parse(RESULT["data"]).state == "succeeded"
    assert Gates.from_store(GATES).profiles["less-loss"].goal.metric == "loss"


def test_weights_are_inherited_as_it_says() -> None:
    weights, whose = RunLossSettings.from_store(WEIGHTS).weights_of("acme", "release")
    assert (weights["costOverBudget"], round(weights["securityCriticals"], 9)) == (0.3, 0.3)
    assert f"`{whose}`" in TEXT


def test_the_terms_are_those_that_there_are_with_their_weights() -> None:
    told = {named(name)[0]: float(weight) for name, weight, *_ in rows("term")}
    assert told == RunLossSettings().weights
    assert list(told) == list(MEASURES)


def test_the_rules_that_watch_are_those_that_there_are() -> None:
    told = {named(name)[0]: cells[:4] for name, *cells in rows("rule")}
    assert told == {name: _cells(rule) for name, rule in RULES.items() if isinstance(rule, Rule)}
    events = {name: rule.severity for name, rule in RULES.items() if isinstance(rule, EventRule)}
    (line,) = re.findall(r"^Three more read the audit chain.*?\.", TEXT, re.MULTILINE)
    by_severity = re.findall(r"([^()]*)\((\w+)\)", line)
    assert {n: severity for names, severity in by_severity for n in named(names)} == events


def _cells(rule: Rule) -> list[str]:
    def level(value: float, looks: int) -> str:
        return f"{value:g} ({looks})" if looks > 1 else f"{value:g}"

    band: Any = rule.band
    opens = level(band.opens, band.opens_after)
    return [rule.severity, PERIODS[rule.every], opens, level(band.closes, band.closes_after)]


def test_the_studies_the_views_and_the_schedules_are_those_that_there_are() -> None:
    assert {n for types, *_ in rows("type") for n in named(types)} == set(RUNNERS)
    assert {named(view)[0] for view, *_ in rows("view")} == set(VIEWS)
    for every, name, _ in rows("every"):
        schedule = SCHEDULES[named(name)[0]]
        words = {"minute": "every 1 minutes", "hour": "every 1 hours"}
        shown = words.get(every, every.replace(", ", " ").removesuffix(" UTC"))
        assert f"every {shown.removeprefix('every ')}" == cron(schedule.every, schedule.at)
