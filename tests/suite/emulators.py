"""Start the emulators of firebase-tools, and stop them with every process they started."""

import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.emulator.server import PROJECT
from tests.suite.tools import FOLDER, Tools, clean_environment

MARK = "RATCHET_SUITE_RUN"
READY = "All emulators ready"
BROKEN = ("Failed to load function definition", "Shutting down emulators")
PACE = 0.1  # seconds between looks at a log or a process table
# How long each signal is given. firebase-tools stops what it started but for the workers' Python,
# which lingers, holds nothing, and may be ended without more ado.
INTERRUPT_SECONDS, TERMINATE_SECONDS, KILL_SECONDS = 15.0, 2.0, 5.0


class NotStarted(Exception):
    """The emulators did not come up; the text ends with what they said."""


class Emulators:
    """The running emulators: their log, and the mark that every process of theirs carries."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, mark: str) -> None:
        self.process, self.log, self.mark = process, log, mark

    def await_ready(self, deadline: float) -> None:
        """Wait until the functions are loaded.

        Raises: NotStarted.
        """
        until(
            lambda: READY in self.said() or self.broken() or self.process.poll() is not None,
            deadline,
        )
        if self.broken():
            raise NotStarted(next(line for line in self.said().splitlines() if _is_broken(line)))
        if READY not in self.said():
            raise NotStarted("the emulators were not ready in time")

    def said(self) -> str:
        """Return the log without its colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.log.read_text(errors="replace"))

    def broken(self) -> bool:
        """Say whether the log tells of a start that failed."""
        return _is_broken(self.said())

    def tail(self, lines: int = 60) -> str:
        """Return the end of the log."""
        return "\n".join(self.said().splitlines()[-lines:])

    def stop(self) -> list[str]:
        """End every process; return what is left in spite of it."""
        _send(self.process.pid, signal.SIGINT)
        until(lambda: self.process.poll() is not None, time.monotonic() + INTERRUPT_SECONDS)
        for number, seconds in (
            (signal.SIGTERM, TERMINATE_SECONDS),
            (signal.SIGKILL, KILL_SECONDS),
        ):
            for pid in self.alive():
                _send(pid, number)
            until(lambda: not self.alive(), time.monotonic() + seconds)
        return [_described(pid) for pid in self.alive()]

    def alive(self) -> list[int]:
        """Return the processes that carry the mark; the dead that nobody reaped do not count."""
        self.process.poll()
        return marked(self.mark, self.process.pid)


@contextmanager
def running(
    folder: Path, tools: Tools, environment: Mapping[str, str]
) -> Iterator[tuple[Emulators, list[str]]]:
    """Run the emulators of a project's folder; the list tells afterwards what was left running."""
    mark = secrets.token_hex(8)
    log, left = folder / "emulators.log", list[str]()
    command = [tools.node, str(tools.firebase), "emulators:start", "--project", PROJECT]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--only", "functions,firestore,auth"],
            cwd=folder,
            env={**environment, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    emulators = Emulators(process, log, mark)
    try:
        yield emulators, left
    finally:
        left += emulators.stop()


def environment_of(folder: Path, tools: Tools) -> dict[str, str]:
    """Return what firebase-tools runs in: Java 21 first, and nothing kept outside the folder."""
    kept = clean_environment()
    path = os.pathsep.join([str(Path(tools.java).parent), kept.get("PATH", os.defpath)])
    private = {name: str(folder / "private") for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME")}
    (folder / "private").mkdir(exist_ok=True)
    return {
        **kept,
        **private,
        "PATH": path,
        "FIRESTORE_EMULATOR_BINARY_PATH": str(folder / "firestore.jar"),
        "PYTHONPATH": str(folder / "functions"),  # what is deployed, not the checkout
        "PYTHONDONTWRITEBYTECODE": "1",
        "NODE_OPTIONS": f'--require="{FOLDER / "no_keep_alive.cjs"}"',
        "METADATA_SERVER_DETECTION": "none",  # no credentials of Google Cloud to look for
        "FUNCTIONS_DISCOVERY_TIMEOUT": "60",  # seconds until the functions have loaded
        "CI": "true",  # no questions, no news
    }


def _is_broken(text: str) -> bool:
    return any(sign in text for sign in BROKEN)


def until(holds: Callable[[], bool], deadline: float) -> bool:
    """Wait for a condition; say whether it came about in time."""
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(PACE)
    return held


def marked(mark: str, group: int) -> list[int]:
    """Return the live processes that carry a mark; without /proc, those of a process group."""
    table = Path("/proc")
    if not (table / "self" / "environ").exists():
        said = subprocess.run(
            ["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=False
        )
        rows = [line.split() for line in said.stdout.splitlines()]
        return [int(r[0]) for r in rows if int(r[1]) == group and not r[2].startswith("Z")]
    wanted = f"{MARK}={mark}".encode()
    return [
        int(entry.name)
        for entry in table.iterdir()
        if entry.name.isdecimal() and wanted in _read(entry / "environ").split(b"\0")
    ]


def _described(pid: int) -> str:
    command = (
        _read(Path("/proc", str(pid), "cmdline")).replace(b"\0", b" ").decode(errors="replace")
    )
    return f"{pid} {command[:120]}".strip()


def _read(path: Path) -> bytes:
    """Return what a file of the process table holds, nothing where the process is gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # it ended first
        os.kill(pid, number)
