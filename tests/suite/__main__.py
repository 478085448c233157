"""The Firebase suite: `python -m tests.suite` starts the emulators of `firebase.json` and runs
the official JavaScript SDK against the project in them. Exit status 0 only if every check passed,
or if it cannot run here and this is not CI.
"""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.emulator.server import PROJECT
from tests.suite import emulators, prepare, project
from tests.suite.report import Report
from tests.suite.tools import FOLDER, NoSuite, Tools, clean_environment, find_tools

LIMIT_SECONDS = 300.0
START_SECONDS = 150.0  # ten where nothing else runs


def main() -> int:
    """Run the suite; return its exit status."""
    for number in (signal.SIGTERM, signal.SIGINT):  # so that what was started is stopped
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        tools = find_tools()
    except NoSuite as missing:
        print(f"suite: not run here: {missing}")
        return 1 if os.environ.get("CI") == "true" else 0
    start = time.monotonic()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="ratchet-suite-") as folder:
        _run(Path(folder), tools, report, start + LIMIT_SECONDS)
    for line in report.summary(time.monotonic() - start):
        print(line)
    return 0 if report.passed and not report.failed else 1


def _run(folder: Path, tools: Tools, report: Report, deadline: float) -> None:
    began = time.monotonic()
    ports = project.free_ports()
    key = project.lay_out(folder, ports, tools.jar)
    environment = emulators.environment_of(folder, tools)
    with emulators.running(folder, tools, environment) as (suite, left):
        try:
            suite.await_ready(min(deadline, time.monotonic() + START_SECONDS))
            print(f"   emulators: {time.monotonic() - began:.1f} s", flush=True)
            operator = prepare.project_environment(ports, key)
            prepare.ratchet(operator, "seed")
            accounts = prepare.open_accounts(ports["auth"], operator)
            print(f"   seeds and accounts: {time.monotonic() - began:.1f} s", flush=True)
            told = {"ports": dict(ports), "accounts": accounts, "ratchet": str(prepare.RATCHET)}
            _check(tools, told | {"operator": operator}, report, deadline)
        except (emulators.NotStarted, prepare.NotPrepared, httpx.HTTPError) as error:
            report.fail("the emulators start and take the seeds", str(error))
        if report.failed:
            print(suite.tail(), file=sys.stderr)
    report.judge("nothing is left running", "" if not left else f"still there: {'; '.join(left)}")


def _check(tools: Tools, told: Mapping[str, Any], report: Report, deadline: float) -> None:
    """Run the checks in Node, and take down each line that they print."""
    suite = {"project": PROJECT, "host": project.HOST, **told}
    environment = {**clean_environment(), "SUITE": json.dumps(suite, default=dataclasses.asdict)}
    command = [tools.node, str(FOLDER / "suite.mjs")]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    ) as node:
        # The checks have deadlines of their own; this ends one that hangs all the same.
        watch = threading.Timer(max(1.0, deadline - time.monotonic()), node.kill)
        watch.start()
        try:
            for line in node.stdout or ():
                report.take(line.rstrip("\n"))
            status = node.wait()
        finally:
            watch.cancel()
            node.kill()
    if status < 0:
        report.fail("the checks end in time", f"stopped after {LIMIT_SECONDS:.0f} s")
    elif status and not report.failed:
        report.fail("the checks run to their end", f"suite.mjs ended with status {status}")


if __name__ == "__main__":
    sys.exit(main())
