"""The suite's harness: its layout, its counting, what it says where it cannot run, and its end."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.emulator import server
from tests.suite import __main__ as suite
from tests.suite import emulators, project, tools
from tests.suite.emulators import Emulators, NotStarted
from tests.suite.report import Report

MARK = "0123456789abcdef"
WAIT = 20.0  # seconds for what must come at once


def unfolded(manifest: bytes) -> dict[str, str]:
    """Read a manifest as the jar specification has it: a line goes on after CR LF and a space."""
    lines = manifest.replace(b"\r\n ", b"").decode().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_every_emulator_gets_a_loopback_port_of_its_own() -> None:
    ports = project.free_ports()
    settings = project.on_ports(
        {
            "functions": [{"source": "functions", "runtime": "python311"}],
            "firestore": {"rules": "firestore.rules"},
            "emulators": {"auth": {"host": "0.0.0.0", "port": 9099}, "singleProjectMode": True},
        },
        ports,
    )
    found = settings["emulators"]
    assert found["auth"] == {"host": "127.0.0.1", "port": ports["auth"]}
    assert found["firestore"]["websocketPort"] == ports["websocket"]
    assert {e["host"] for name, e in found.items() if name in project.EMULATORS} == {"127.0.0.1"}
    assert (found["ui"], found["singleProjectMode"]) == ({"enabled": False}, True)
    assert len(set(ports.values())) == len(ports) == len(project.EMULATORS) + 1
    assert settings["firestore"] == {"rules": "firestore.rules"}


def test_the_runtime_is_the_python_that_runs_the_suite() -> None:
    settings = project.on_ports({"functions": [{"source": "a"}], "emulators": {}}, _ports())
    named = subprocess.run([sys.executable, "--version"], capture_output=True, text=True).stdout
    major, minor = named.split()[1].split(".")[:2]
    assert settings["functions"] == [{"source": "a", "runtime": f"python{major}{minor}"}]


def _ports() -> dict[str, int]:
    return dict.fromkeys((*project.EMULATORS, "websocket"), 1)


@pytest.mark.parametrize("name", ["short", "a folder with spaces", "x" * 150, "grün"])
def test_the_shim_names_the_emulators_class_and_its_jar(tmp_path: Path, name: str) -> None:
    jar = tmp_path / name / "firestore.jar"
    path = tmp_path / "shim.jar"
    project.write_shim(path, jar)
    with zipfile.ZipFile(path) as shim:
        manifest = shim.read("META-INF/MANIFEST.MF")
    assert max(map(len, manifest.splitlines())) <= 72
    read = unfolded(manifest)
    assert read["Main-Class"] == server.MAIN_CLASS
    assert read["Class-Path"] == jar.as_uri()
    assert " " not in read["Class-Path"]


def test_the_folder_holds_what_is_deployed_and_the_key_is_private(tmp_path: Path) -> None:
    key = project.lay_out(tmp_path, _ports(), tmp_path / "firestore.jar")
    functions = tmp_path / "functions"
    assert (functions / "main.py").read_text() == (project.ROOT / "functions/main.py").read_text()
    assert (functions / "ratchet" / "kernel" / "errors.py").is_file()
    assert (functions / "requirements.txt").is_file()
    assert list((functions / "ratchet").rglob("*.pyc")) == []
    assert (functions / "venv" / "bin" / "python").exists()
    assert {"firestore.rules", "firestore.indexes.json"} <= set(os.listdir(tmp_path))
    secret = functions / ".secret.local"
    assert secret.read_text() == f"RATCHET_KEY={key}\n"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}", key)


def test_two_runs_have_two_keys(tmp_path: Path) -> None:
    keys = set()
    for name in "ab":
        (tmp_path / name).mkdir()
        keys.add(project.lay_out(tmp_path / name, _ports(), tmp_path / "firestore.jar"))
    assert len(keys) == 2


def test_packages_are_installed_exactly_as_pinned(tmp_path: Path) -> None:
    pins = {"firebase": "12.19.0", "firebase-tools": "15.34.2"}
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": pins}))
    assert tools.missing_packages(tmp_path) == ["firebase@12.19.0", "firebase-tools@15.34.2"]
    for name, version in (("firebase", "12.19.0"), ("firebase-tools", "15.34.1")):
        package = tmp_path / "node_modules" / name / "package.json"
        package.parent.mkdir(parents=True)
        package.write_text(json.dumps({"version": version}))
    assert tools.missing_packages(tmp_path) == ["firebase-tools@15.34.2"]


def test_the_projects_pins_are_exact() -> None:
    pins = json.loads((tools.FOLDER / "package.json").read_text())["dependencies"]
    assert set(pins) == {"firebase", "firebase-tools"}
    assert [pin for pin in pins.values() if not re.fullmatch(r"\d+\.\d+\.\d+", pin)] == []


def test_every_file_of_checks_is_run() -> None:
    text = (tools.FOLDER / "suite.mjs").read_text()
    imported = set(re.findall(r"from '\./checks/(\w+)\.mjs'", text))
    assert imported == {path.stem for path in (tools.FOLDER / "checks").glob("*.mjs")}
    exported = {
        name
        for path in (tools.FOLDER / "checks").glob("*.mjs")
        for name in re.findall(r"export async function (\w+)\(callers\)", path.read_text())
    }
    (groups,) = re.findall(r"const GROUPS = \[(.*?)\];", text, re.DOTALL)
    assert exported <= set(re.findall(r"\w+", groups))


def test_the_report_counts_what_passed_and_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    for line in ("ok one", "   a group: 0.1 s", "FAIL two: because", "ok three", "okay"):
        report.take(line)
    report.judge("four", "")
    report.judge("five", "it was\n  still there")
    assert report.summary(12.4) == ("suite: 5 checks in 12 s", "3 passed, 2 failed")
    assert capsys.readouterr().out.splitlines()[-1] == "FAIL five: it was still there"


@pytest.fixture
def toolless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with an emulator and nothing else; no signal handler outlives the test."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(server, "find_jar", lambda: tmp_path / "firestore.jar")
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("toolless")
@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_without_its_tools_it_says_which_in_one_line_and_fails_only_in_ci(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str, status: int
) -> None:
    monkeypatch.setenv("CI", ci)
    assert suite.main() == status
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("suite: not run here: no Node and npm; install Node 20")


def test_without_an_emulator_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "find_jar", lambda: None)
    with pytest.raises(tools.NoSuite, match=r"tests\.emulator\.install"):
        tools.find_tools()


def test_the_environment_leads_nothing_astray(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    astray = ("GOOGLE_APPLICATION_CREDENTIALS", "FIRESTORE_EMULATOR_HOST", "RATCHET_KEY")
    for name in astray:
        monkeypatch.setenv(name, "of somebody else")
    found = tools.Tools("/n/node", "/jdk/bin/java", tmp_path / "a.jar", tmp_path / "firebase")
    environment = emulators.environment_of(tmp_path, found)
    assert set(astray) & set(environment) == set()
    assert environment["PATH"].split(os.pathsep)[0] == "/jdk/bin"
    assert Path(environment["TMPDIR"]).parent == tmp_path
    assert Path(environment["TMPDIR"]).is_dir()


Starter = Callable[[str], Emulators]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """What starts a marked Python program in place of firebase-tools, and ends it at last."""
    started: list[Emulators] = []

    def act(program: str) -> Emulators:
        log = tmp_path / "emulators.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-u", "-c", program],
                env=os.environ | {emulators.MARK: MARK},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(Emulators(process, log, MARK))
        return started[-1]

    yield act
    for each in started:
        each.stop()
        each.process.wait(WAIT)


STUBBORN = """
import signal, subprocess, sys, time
child = '''
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("All emulators ready", flush=True)
time.sleep(600)
'''
subprocess.Popen([sys.executable, "-c", child], start_new_session=True)
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc to look into")
def test_a_child_in_a_session_of_its_own_that_ignores_signals_is_ended_too(
    start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulators, "TERMINATE_SECONDS", 0.2)
    running = start(STUBBORN)
    running.await_ready(time.monotonic() + WAIT)
    assert len(running.alive()) == 2
    assert running.stop() == []
    assert running.alive() == []


@pytest.mark.slow
def test_what_does_not_carry_the_mark_is_left_alone(start: Starter) -> None:
    running = start("import time; print('All emulators ready'); time.sleep(600)")
    running.await_ready(time.monotonic() + WAIT)
    assert running.alive() == [running.process.pid]
    assert os.getpid() not in running.alive()


@pytest.mark.slow
def test_functions_that_do_not_load_fail_the_start_by_name(start: Starter) -> None:
    broken = "Failed to load function definition from source: SyntaxError"
    running = start(
        f"import time; print({broken!r}); print('All emulators ready'); time.sleep(600)"
    )
    with pytest.raises(NotStarted, match="SyntaxError"):
        running.await_ready(time.monotonic() + WAIT)


@pytest.mark.slow
@pytest.mark.parametrize("program", ["print('no')", "import time; time.sleep(600)"])
def test_emulators_that_end_or_hang_fail_the_start(start: Starter, program: str) -> None:
    running = start(program)
    with pytest.raises(NotStarted, match="not ready in time"):
        running.await_ready(time.monotonic() + (0.3 if "sleep" in program else WAIT))
