"""docs/datasets.md keeps its word: its walk runs, and its tables are those of the product."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from ratchet.datasets.collecting.receive import receive_events
from ratchet.datasets.collecting.stop import STOPPED
from ratchet.datasets.curate.score import WEIGHTS
from ratchet.datasets.export import EXPORTERS
from ratchet.datasets.export.chat import row_of
from ratchet.datasets.extract import EXTRACTORS
from ratchet.datasets.extract.events import SOURCE
from ratchet.datasets.filter import FILTERS
from ratchet.datasets.guard.diversity import FELL
from ratchet.datasets.protect.detect.detector import Type
from ratchet.datasets.protect.redact import redact
from ratchet.datasets.retain.retain import LATE
from ratchet.datasets.settings import DatasetSettings
from ratchet.datasets.versions.build_scheduled import FAILED
from ratchet.datasets.versions.load import Item
from ratchet.datasets.versions.unreadable import ANSWER, EXAMPLE
from ratchet.datasets.versions.version import Entry, LeftOut
from ratchet.entry.http.v1.datasets import ROUTES
from ratchet.entry.schedules import cron
from ratchet.entry.ticks import SCHEDULES
from ratchet.entry.wiring import open_app
from ratchet.kernel.clock import system_clock
from ratchet.rollouts.gate_rules import Gates
from ratchet.rollouts.golden.paired import gain_of
from ratchet.rollouts.golden.read import entries_of, get_golden
from tests.support.commands import Ratchet, command_line, write_json
from tests.support.planted import AIRLINE

TEXT = (Path(__file__).parents[1] / "docs" / "datasets.md").read_text()
EVENT, LINE, SPEC, GATES = map(json.loads, re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "4712": {"outcome": "failure", "input": "Cancel booking QX7.", "output": "I cannot."},
    "4713": {"input": "Is there wifi on LH902?", "output": "Yes.", "durationMs": 4000},
    "4714": {
        "input": "Change my seat on LH902 to an aisle, if it is free.",
        "output": "12C is yours.",
        "confidence": 0.5,
    },
    "4715": {},
}


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table with a head, line by line."""
    (body,) = re.findall(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in body.splitlines()]


def named(cell: str) -> list[str]:
    """Return what a cell names in code."""
    return re.findall(r"`([^`]+)`", cell)


def first_cells(head: str) -> list[str]:
    """Return what the first cells of a table name."""
    return [name for cell, *_ in rows(head) for name in named(cell)]


def test_the_event_is_redacted_as_it_is_shown() -> None:
    found = EXTRACTORS[SOURCE](EVENT, source_id="run-4711", at=system_clock())
    item = Item(None, redact(found.content).content)  # type: ignore[arg-type]  # its words alone
    assert row_of(item) == LINE


def test_the_columns_of_parquet_are_those_that_it_writes() -> None:
    (told,) = re.findall(r"as columns: (.*?)\. Its component", TEXT, re.DOTALL)
    entry = set(Entry.model_json_schema(by_alias=True)["properties"])
    assert set(named(told)) == entry | {"input", "output", "steps"}


def test_the_reasons_are_those_that_there_are() -> None:
    of_rule, of_version = re.findall(
        r"^\| reason \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE
    )
    assert re.findall(r"^\| `([a-z-]+)`", of_rule, re.MULTILINE) == list(FILTERS)
    told = [name for line in of_version.splitlines() for name in named(line.split(" |")[0])]
    assert sorted(told) == sorted(get_args(LeftOut))


def test_the_placeholders_are_those_that_there_are() -> None:
    assert sorted(first_cells("placeholder")) == sorted(get_args(Type))


def test_the_measures_and_their_bounds_are_those_of_the_product() -> None:
    shares = re.findall(r"(\d+) % (quality|confidence|diversity|informativeness)", TEXT)
    assert {name: int(share) / 100 for share, name in shares} == WEIGHTS
    told = re.findall(r"([\d.]+) (?:of 100 |s )?\(`(\w+)`\)", TEXT)
    defaults = DatasetSettings().to_map()
    bounds = {name: float(value) for value, name in told if name in defaults}
    assert {name: defaults[name] for name in bounds} == bounds
    wanted = (
        "minQuality minSeconds maxSeconds acceptQuality acceptConfidence maxOutlier"
        " nearDuplicate keepDays"
    )
    assert set(bounds) == set(wanted.split())
    parts = re.findall(r"over (\d+) %[^()|]*\(`(\w+)`\)", TEXT, re.IGNORECASE)
    assert {name: int(part) / 100 for part, name in parts} == {
        name: defaults[name] for name in ("maxErrorShare", "fallBy")
    }


def test_the_schedules_formats_alerts_and_paths_are_those_that_there_are() -> None:
    words = {timedelta(hours=1): "hour", timedelta(days=7): "7 days, 06:00 UTC"}
    for every, name, _ in rows("every"):
        schedule = SCHEDULES[named(name)[0]]
        if schedule.every in words:
            assert words[schedule.every] == every
        else:
            shown = every.replace(", ", " ").removesuffix(" UTC")
            assert f"every {shown}" == cron(schedule.every, schedule.at)
    assert sorted(EXPORTERS) == sorted(set(re.findall(r"--format (\w+)", TEXT)))
    alerts = {STOPPED, FAILED, FELL, EXAMPLE, ANSWER, LATE}
    assert set(first_cells("alert")) == alerts
    paths = {path for *_, cell in rows("resource") for path in re.findall(r"/v1/[^`?]+", cell)}
    assert paths == {route.path for route in ROUTES}


def test_the_settings_are_taken_and_five_hundred_examples_show_what_it_says() -> None:
    assert DatasetSettings.from_store(SPEC).datasets["support"].size == 5000
    assert Gates.from_store(GATES).behaviour.golden == "airline"
    assert gain_of([1.0] * 500, [1.0] * 500, budget=20).low > -0.02
    assert gain_of([1.0] * 400, [1.0] * 400, budget=20).low < -0.02


@pytest.mark.slow
def test_the_walk_goes_as_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not AIRLINE.exists():
        pytest.skip("the airline trajectories are not here")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("RATCHET_STORE", "RATCHET_BLOBS", "RATCHET_KEY", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    ratchet = command_line(capsys)
    assert ratchet("seed").status == 0
    batch = [_changed(number, changes) for number, changes in CHANGES.items()]
    batch[-1]["data"]["task"] = batch[-1]["data"].pop("taskId")
    _send([EVENT])
    _send(batch)
    Path(AIRLINE.name).write_bytes(AIRLINE.read_bytes())
    _shown(ratchet, "dataset", "collect", AIRLINE.name)
    _shown(ratchet, "dataset", "status")
    letter = ratchet("dataset", "dead").out.splitlines()
    assert all(line[:70] in TEXT for line in letter)
    _send([_changed("4715", {})])
    assert ratchet("dataset", "collect").status == 0
    assert ratchet("dataset", "dead").out == "nothing to show\n"
    _build_and_ask(ratchet)
    _take_out_and_measure(ratchet)


def _build_and_ask(ratchet: Ratchet) -> None:
    _shown(ratchet, "dataset", "build", "--reason", "the first", "--by", "ada")
    shown = ratchet("dataset", "show").out
    assert re.findall(r"^┏━+┳━+┓\n┃ of it.*?^└.*?$", shown, re.M | re.S)[0] in TEXT
    asked = ratchet("review", "next", "--by", "ada").out.splitlines()
    assert "\n".join(asked[3:7]) in TEXT
    assert ratchet("review", "label", asked[0].split()[0], "good", "--by", "ada").status == 0
    _shown(ratchet, "dataset", "build", "--by", "ada")
    _shown(ratchet, "dataset", "diff", "default@1.0.0", "default")
    _shown(ratchet, "dataset", "export", "default", "--format", "chat", "--out", "chat")
    _shown(ratchet, "dataset", "verify", "default")


def _take_out_and_measure(ratchet: Ratchet) -> None:
    (one,) = re.findall(r"\$ ratchet dataset withdraw (\w+)", TEXT)
    _shown(ratchet, "dataset", "withdraw", one, "--reason", "the customer asked", "--by", "ada")
    by = ("--reason", "before the first training", "--by", "ada")
    terms = ("--metric", "success", "--budget", "20")
    _shown(ratchet, "golden", "freeze", "airline", "--version", "default@1.0.0", *terms, *by)
    verified = ratchet("dataset", "verify", "default")
    assert verified.status == 0
    assert "  7 of its examples, none trained on, are in golden sets" in verified.out
    app = open_app("sqlite:///.ratchet/ratchet.db")
    golden = get_golden(app.store, app.keys, "airline")
    ids = [entry.id for entry in entries_of(app.blobs, golden)]
    write_json("champion.json", {key: float(i % 2 == 0) for i, key in enumerate(ids)})
    write_json("scores.json", dict.fromkeys(ids, 1.0))
    write_json("params.json", {"prompts": {"system": "Cite."}})
    why = ("--reason", "a prompt that cites", "--by", "ada")
    assert ratchet("policy", "propose", "router-core", "--params", "params.json", *why).status == 0
    _shown(ratchet, "golden", "export", "airline", "--out", "airline.jsonl")
    than = ("--champion", "router-core@1.0.0", "--champion-scores", "champion.json", "--by", "ada")
    record = ("golden", "record", "airline", "router-core@1.0.1", "--scores", "scores.json")
    _shown(ratchet, *record, *than)
    write_json("gates.json", GATES)
    ran = ratchet("config", "set", "gates", "gates.json", "--reason", "prompts are measured first")
    assert ran.status == 0
    refused = ratchet("rollout", "start", "router-core", "--challenger", "1.0.1", *why)
    assert refused.err in TEXT
    assert refused.status == 4


def _changed(number: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    data = EVENT["data"] | {"taskId": f"ticket-{number}"} | changes
    return {**EVENT, "id": f"run-{number}", "data": data}


def _send(events: list[dict[str, Any]]) -> None:
    app = open_app("sqlite:///.ratchet/ratchet.db")
    now = app.clock()
    taken = receive_events(
        app.store, app.blobs, events, reader=app.reader, by="dev-service", now=now
    )
    assert taken.accepted == len(events)


def _shown(ratchet: Ratchet, *arguments: str) -> None:
    """Run a command, and find what it prints in the guide; hashes and sizes hang on packages."""
    ran = ratchet(*arguments)
    assert (ran.status, ran.err) == (0, ""), arguments
    assert _plain(ran.out) in _plain(TEXT), ran.out


def _plain(text: str) -> str:
    return re.sub(r"hash [0-9a-f]{64}|\d+ bytes", "", text)
