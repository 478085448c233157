"""The command line as a whole: every command, every class of error, JSON wherever it is asked."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ratchet.kernel import errors
from ratchet.kernel.errors import RatchetError
from tests.emulator.server import PROJECT
from tests.support.commands import Ratchet, arrived, command_line, write_json

COMMANDS = {
    (): "demo seed record feedback tick stats series observations sweep rescore alerts",
    ("policy",): "list show diff propose activate rollback reject history",
    ("flags",): "show set",
    ("config",): "show set",
    ("audit",): "log verify",
    ("dataset",): "build show diff export verify withdraw status collect dead resume",
    ("golden",): "freeze list show record verify",
}
EVERY = [(*group, name) for group, names in COMMANDS.items() for name in names.split()]
CLASSES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, RatchetError)
]


@pytest.mark.parametrize("group", COMMANDS, ids=" ".join)
def test_help_lists_the_commands(ratchet: Ratchet, group: tuple[str, ...]) -> None:
    ran = ratchet(*group, "--help")
    assert ran.status == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS[group].split())
    alone = ratchet(*group)
    assert (alone.status, alone.out) == (2, "")
    assert "Commands:" in alone.err


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_takes_json_and_a_store(ratchet: Ratchet, command: tuple[str, ...]) -> None:
    shown = ratchet(*command, "--help").out
    assert "--json" in shown
    assert "--store" in shown


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_a_command_line_that_does_not_parse_is_an_error_in_json_too(
    ratchet: Ratchet, command: tuple[str, ...]
) -> None:
    ran = ratchet(*command, "--no-such-option", "--json")
    assert (ran.status, ran.error["code"], ran.error["field"]) == (2, "RATCHET-1001", "command")
    assert ran.error["mend"] == f"ratchet {' '.join(command)} --help"
    told = ratchet(*command, "--no-such-option")
    assert (told.status, told.out) == (2, "")
    assert "No such option: --no-such-option" in told.err


def test_a_command_that_does_not_exist_is_named(ratchet: Ratchet) -> None:
    assert "nonsense" in ratchet("nonsense", "--json").error["message"]
    assert "nonsense" in ratchet("nonsense").err


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_each_class_of_error_ends_with_its_own_status(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch, kind: type[RatchetError]
) -> None:
    refused = [{"index": 3, "field": "ts", "reason": "too old"}]
    rejected: dict[str, Any] = {"rejected": refused} if kind is errors.InvalidBatch else {}

    def fail(_: object) -> None:
        raise kind("it went wrong", mend="mend it", **rejected)

    ratchet("seed")
    monkeypatch.setattr("ratchet.policies.history.list_heads", fail)
    told = ratchet("policy", "list")
    assert (told.status, told.out) == (kind.exit_code, "")
    assert told.err.startswith(f"{kind.code}: it went wrong (mend it)\n")
    ran = ratchet("policy", "list", "--json")
    assert (ran.status, ran.error["code"], ran.error["message"]) == (
        kind.exit_code,
        kind.code,
        "it went wrong",
    )
    if rejected:
        assert told.err.endswith("  item 3: ts: too old\n")
        assert ran.error["rejected"] == refused


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("banana:", 2, "RATCHET-1001"),
        ("sqlite://x.db", 2, "RATCHET-1001"),
        ("sqlite:///", 2, "RATCHET-1001"),
        ("firestore://Project", 2, "RATCHET-1001"),
        ("sqlite:///file/x.db", 6, "RATCHET-5001"),
        ("sqlite:///folder", 6, "RATCHET-5001"),
        ("sqlite:///file", 6, "RATCHET-5001"),
    ],
)
def test_a_store_that_cannot_be_opened_is_named(
    ratchet: Ratchet, url: str, status: int, code: str
) -> None:
    Path("file").write_text("no database\n" * 100)
    Path("folder").mkdir()
    for command in (("seed",), ("tick",), ("demo", "--requests", "10")):
        ran = ratchet(*command, "--store", url, "--json")
        assert (ran.status, ran.error["code"]) == (status, code)
    assert not list(Path().glob("**/*key*"))


def test_the_environment_names_the_store_and_an_option_overrules_it(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_STORE", "sqlite:///mine.db")
    assert ratchet("seed").status == 0
    assert Path("mine.db").exists()
    assert ratchet("policy", "list", "--json").json["id"] == "router-core"
    assert ratchet("policy", "list", "--store", "memory:").out == "nothing to show\n"


def test_the_program_ends_quietly_when_nobody_reads_its_output(ratchet: Ratchet) -> None:
    # More than a pipe holds, so that the program is still writing when nobody reads any more.
    batch = [arrived(i) | {"meta": {"note": "x" * 500}} for i in range(500)]
    ratchet("record", write_json("a.json", batch))
    call = "import sys; from ratchet.entry.cli import main; sys.argv[0] = 'ratchet'; main()"
    shown = subprocess.Popen(
        [sys.executable, "-c", call, "observations", "--limit", "500", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert shown.stdout is not None
    assert shown.stderr is not None
    first = shown.stdout.readline()
    shown.stdout.close()
    told = shown.stderr.read()
    shown.stderr.close()
    assert shown.wait(timeout=30) == 1
    assert json.loads(first)["component"] == "router:a"
    assert "Traceback" not in told


@pytest.mark.emulator
def test_every_command_works_on_the_emulator(
    ratchet: Ratchet,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    emulator_host: str,
) -> None:
    from tests.emulator import server

    server.clear(emulator_host)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator_host)
    monkeypatch.setenv("RATCHET_STORE", f"firestore://{PROJECT}")
    on_emulator = command_line(capsys)
    assert "written  config/flags" in on_emulator("seed").out
    assert Path(".ratchet/key").exists()
    assert on_emulator("config", "show", "ingest", "--json").json["shards"] == 4
    file = write_json("a.json", [arrived(i) for i in range(3)])
    assert on_emulator("record", file).out == "3 recorded, 0 refused\n"
    assert len(on_emulator("observations", "--since", "1h", "--json").lines) == 3
    for command in (("tick",), ("stats",), ("alerts",), ("series", "router:a"), ("sweep",)):
        assert on_emulator(*command, "--json").status == 0
    assert on_emulator("rescore", "--since", "1h", "--json").status == 0
    assert on_emulator("policy", "history", "router-core", "--json").status == 0
    assert on_emulator("audit", "log", "--json").status == 0
    assert on_emulator("audit", "verify", "--json").status == 0


def test_what_a_person_writes_is_no_markup(ratchet: Ratchet) -> None:
    assert ratchet("seed").status == 0
    reason = "[red]mk[/red] [/] [/b]"
    assert ratchet("flags", "set", "--disabled", "--reason", reason).status == 0
    shown = ratchet("audit", "log", "config")
    assert shown.status == 0
    assert "[/b]" in shown.out


def test_a_switch_that_is_asked_for_both_ways_is_refused(ratchet: Ratchet) -> None:
    assert ratchet("seed").status == 0
    ran = ratchet("flags", "set", "--disabled", "--enabled", "--reason", "both", "--json")
    assert (ran.status, ran.error["field"]) == (2, "--enabled")
    assert ratchet("flags", "show", "--json").json["learning"]["enabled"] is True


def test_a_stored_document_that_is_no_json_counts_as_broken(ratchet: Ratchet) -> None:
    assert ratchet("seed", "--store", "sqlite:///s.db").status == 0
    with sqlite3.connect("s.db") as file:
        file.execute("UPDATE config SET data = '{broken' WHERE id = 'flags'")
        file.execute("UPDATE ops_audit SET data = '[1]' WHERE id = 'config~000000002'")
    file.close()
    shown = ratchet("flags", "show", "--json", "--store", "sqlite:///s.db")
    assert shown.json["learning"]["enabled"] is False
    verified = ratchet("audit", "verify", "config", "--json", "--store", "sqlite:///s.db")
    assert verified.status == 4
    assert verified.json["entry"] == "config~000000002"
    again = ("flags", "set", "--enabled", "--reason", "mended", "--store", "sqlite:///s.db")
    assert ratchet(*again).status == 0


@pytest.mark.parametrize("command", ["policy list", "stats", "alerts", "backup folder", "serve"])
def test_a_store_that_is_not_there_is_not_made_by_reading_it(
    ratchet: Ratchet, command: str
) -> None:
    ran = ratchet(*command.split(), "--store", "sqlite:///typo/nosuch.db", "--json")
    assert (ran.status, ran.error["field"]) == (3, "store")
    assert "ratchet seed" in ran.error["mend"]
    assert list(Path().iterdir()) == []


def test_a_store_that_has_a_key_gets_no_other_made_beside_it(ratchet: Ratchet) -> None:
    ratchet("seed", "--store", "sqlite:///own.db")
    Path("own.db.key").rename("kept")
    ran = ratchet("tick", "--store", "sqlite:///own.db", "--json")
    assert (ran.status, ran.error["field"]) == (2, "RATCHET_KEY")
    assert not Path("own.db.key").exists()
    Path("kept").rename("own.db.key")
    assert ratchet("tick", "--store", "sqlite:///own.db").status == 0
