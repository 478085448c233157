"""`ratchet serve` as a person starts and stops it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from tests.support.commands import Ratchet
from tests.support.load import COMMAND
from tests.test_project import GONE

pytestmark = pytest.mark.slow

WAIT = 30.0
GIVEN = "service:a-service-token-1,admin:an-admin-token-01"


class Start(Protocol):
    def __call__(self, *options: str, **environ: str) -> "subprocess.Popen[str]": ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `ratchet serve` on a port of its own; what still runs after the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*options: str, **environ: str) -> "subprocess.Popen[str]":
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("RATCHET_", "FIRE"))}
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", *options],
            cwd=tmp_path,
            env=keep | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate(timeout=WAIT)


def said(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Return the line of JSON that it prints once it listens."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate(timeout=WAIT)[1]
    data: dict[str, Any] = json.loads(line)
    return data


def record(url: str, token: str) -> int:
    item = {"ts": "2026-01-01T00:00:00Z", "component": "c"}  # no outcome: known, and refused
    headers = {"authorization": f"Bearer {token}"}
    return httpx.post(f"{url}/record", json=item, headers=headers).status_code


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_with_status_0(start: Start, how: signal.Signals) -> None:
    process = start("--store", "memory:", "--json")
    assert httpx.get(f"{said(process)['url']}/healthz").status_code == 200
    process.send_signal(how)
    out, err = process.communicate(timeout=WAIT)
    assert (process.returncode, out, err) == (0, "", "")


def test_tokens_of_this_start_are_printed_and_taken(start: Start) -> None:
    told = said(start("--store", "memory:", "--json", "--no-ticker"))
    assert set(told["tokens"]) == {"service", "admin"}
    assert {"record", "resolve", "set_flags", "score_observations"} <= set(told["functions"])
    assert record(told["url"], told["tokens"]["service"]) == 400
    assert record(told["url"], "another-token-of-nobody") == 401


def test_given_tokens_are_taken_and_not_printed(start: Start) -> None:
    told = said(start("--store", "memory:", "--json", RATCHET_DEV_TOKENS=GIVEN))
    assert told["tokens"] == {}
    assert record(told["url"], "a-service-token-1") == 400


def test_without_development_tokens_none_is_taken(start: Start) -> None:
    told = said(start("--store", "memory:", "--json", "--no-dev-tokens", RATCHET_DEV_TOKENS=GIVEN))
    assert told["tokens"] == {}
    assert record(told["url"], "a-service-token-1") == 401


def test_a_person_is_told_where_it_is_and_which_tokens_to_send(start: Start) -> None:
    process = start("--store", "memory:")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    url = lines[0].split()[2].rstrip(":;")
    tokens = {line.split()[0]: line.split()[-1] for line in lines if " token " in line}
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert record(url, tokens["service"]) == 400


def test_the_store_is_the_one_named(start: Start, tmp_path: Path) -> None:
    named = ("--store", "sqlite:///mine.db")
    subprocess.run([*COMMAND, "seed", *named], cwd=tmp_path, check=True, capture_output=True)
    process = start(*named, "--json")
    said(process)
    process.terminate()
    process.communicate(timeout=WAIT)
    assert [file.name for file in tmp_path.glob("*.db")] == ["mine.db"]
    assert not (tmp_path / ".ratchet").exists()


def test_another_interface_is_refused_with_development_tokens(ratchet: Ratchet) -> None:
    ran = ratchet("serve", "--host", "0.0.0.0", "--json")
    assert ran.status == 4
    assert ran.error["field"] == "host"
    assert "--no-dev-tokens" in ran.error["mend"]


def test_another_interface_is_refused_where_auth_is_emulated(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099")
    ran = ratchet("serve", "--host", "0.0.0.0", "--no-dev-tokens", "--json")
    assert (ran.status, ran.error["field"]) == (4, "host")
    assert "FIREBASE_AUTH_EMULATOR_HOST" in ran.error["mend"]


def test_weak_given_tokens_are_refused(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATCHET_DEV_TOKENS", "service:short,admin:short")
    ran = ratchet("serve", "--json")
    assert (ran.status, ran.error["field"]) == (2, "RATCHET_DEV_TOKENS")


def test_a_number_of_threads_out_of_bounds_is_refused(ratchet: Ratchet) -> None:
    ran = ratchet("serve", "--store", "memory:", "--threads", "0", "--port", "0", "--json")
    assert (ran.status, ran.error["field"]) == (2, "threads")


@pytest.mark.parametrize("package", ["waitress", "prometheus_client", "firebase_functions"])
def test_without_its_packages_it_says_which_to_install(package: str) -> None:
    call = f"{GONE.format(package)}\nfrom ratchet.entry.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", call, "serve", "--json"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    error = json.loads(ran.stderr)["error"]
    assert package in error["message"]
    assert error["mend"] == "pip install 'ratchet[serve]'"
