"""What happens to observations when processes exit, fork and die."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Protocol

import pytest

from ratchet.client import HttpTransport, OfflineTransport, Recorder
from tests.client.service import WAIT, Service

pytestmark = pytest.mark.slow

PRELUDE = """
import os, sys
from pathlib import Path
from ratchet.client import *
GOOD = {"component": "planner", "outcome": "success"}
url, folder = sys.argv[1], Path(sys.argv[2])
"""


class Child(Protocol):
    def __call__(self, code: str) -> "subprocess.Popen[str]": ...


@pytest.fixture
def child(service: Service, tmp_path: Path) -> Iterator[Child]:
    """Start Python on a piece of code; what still runs after the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-W", "error", "-c", PRELUDE + dedent(code)]
        process = subprocess.Popen(
            [*command, service.url, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=WAIT)


def ended(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=3 * WAIT)
    assert (process.returncode, err) == (0, "")
    return out


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_what_is_buffered_is_sent_at_exit(child: Child, service: Service, tmp_path: Path) -> None:
    code = """
        recorder = Recorder(HttpTransport(url), flush_seconds=3600.0)
        for i in range(10):
            recorder.record(GOOD, run_id=f"r{i}")
    """
    ended(child(code))
    assert len(service.observations) == 10


def test_an_exit_with_the_service_down_is_bounded_and_spools(
    child: Child, service: Service, tmp_path: Path
) -> None:
    code = """
        from ratchet.client import lifetime
        lifetime.EXIT_SECONDS = 0.3
        recorder = Recorder(HttpTransport(url, timeout=60.0), spool=folder)
        recorder.record(GOOD, run_id="r0")
    """
    service.usual = "slow"
    process = child(code)
    process.communicate(timeout=WAIT)
    assert process.returncode == 0
    service.let_go.set()
    offline = OfflineTransport()
    with Recorder(offline, spool=tmp_path) as later:
        later.flush()
    assert [o["runId"] for o in offline.observations] == ["r0"]


def test_an_asyncio_process_that_does_not_close_spools_at_exit(
    child: Child, service: Service, tmp_path: Path
) -> None:
    code = """
        import asyncio
        recorder = AsyncRecorder(AsyncHttpTransport(url), spool=folder, flush_seconds=3600.0)
        async def main():
            recorder.record(GOOD, run_id="r0")
        asyncio.run(main())
    """
    ended(child(code))
    offline = OfflineTransport()
    with Recorder(offline, spool=tmp_path) as later:
        later.flush()
    assert [o["runId"] for o in [*offline.observations, *service.observations]] == ["r0"]


def test_a_process_killed_while_it_spools_loses_nothing_of_it_and_nothing_is_sent_twice(
    child: Child, service: Service, transport: HttpTransport, tmp_path: Path
) -> None:
    code = """
        recorder = Recorder(
            HttpTransport(url), spool=folder, attempts=1, retry_seconds=0.001, flush_seconds=3600.0
        )
        i = 0
        while True:
            recorder.record(GOOD, run_id=f"r{i}")
            recorder.flush()
            i += 1
            print(recorder.stats.spooled, flush=True)
    """
    service.usual = 503
    process = child(code)
    spooled = 0
    while spooled < 20:
        spooled = int(line(process))
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=WAIT)
    told = [spooled, *(int(n) for n in rest.split("\n")[:-1])][-1]
    service.usual = "ok"
    service.attempts.clear()
    with Recorder(transport, spool=tmp_path) as recorder:
        recorder.flush()
        stats = recorder.stats
    runs = [o["runId"] for o in service.observations]
    assert runs == [f"r{i}" for i in range(len(runs))]
    assert told <= len(runs) <= told + 1
    assert stats.adopted == stats.accepted == len(runs)
    assert len(service.attempts) == len(set(service.attempts)) == len(runs)
    assert list(tmp_path.iterdir()) == []


def test_a_process_killed_while_it_replays_leaves_its_claim_to_the_next(
    child: Child, service: Service, transport: HttpTransport, tmp_path: Path
) -> None:
    offline = OfflineTransport()
    offline.down = True
    with Recorder(offline, spool=tmp_path, attempts=1) as recorder:
        recorder.record({"component": "planner", "outcome": "success", "run_id": "r0"})
    service.script.append("slow")
    process = child("Recorder(HttpTransport(url), spool=folder); sys.stdin.read()")
    assert service.until(lambda s: len(s.attempts) == 1)
    with Recorder(transport, spool=tmp_path) as other:
        other.flush()
        assert other.stats.adopted == 0  # the claim of a living process is respected
    process.kill()
    process.communicate(timeout=WAIT)
    with Recorder(transport, spool=tmp_path) as other:
        other.flush()
        assert (other.stats.adopted, other.stats.accepted) == (1, 1)
    assert len(service.observations) == 1
    assert len(set(service.attempts)) == 1


def test_two_processes_share_a_spool_without_sending_a_batch_twice(
    child: Child, service: Service, tmp_path: Path
) -> None:
    offline = OfflineTransport()
    offline.down = True
    with Recorder(offline, spool=tmp_path, attempts=1, flush_seconds=3600.0) as recorder:
        for i in range(30):
            recorder.record({"component": "planner", "outcome": "success", "run_id": f"r{i}"})
            recorder.flush()
    code = """
        sys.stdin.readline()
        with Recorder(HttpTransport(url), spool=folder) as recorder:
            recorder.flush()
        print(recorder.stats.accepted)
    """
    processes = [child(code) for _ in range(2)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    shares = [int(ended(process)) for process in processes]
    assert sum(shares) == 30
    assert len(service.attempts) == len(set(service.attempts)) == 30
    assert list(tmp_path.iterdir()) == []


HELD = """
import threading
def fork_while_held(lock):
    held, done = threading.Event(), threading.Event()
    def hold():
        with lock:
            held.set()
            done.wait(10)
    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    pid = os.fork()
    if pid:
        done.set()
        thread.join(10)
    return pid
"""


def test_a_forked_child_starts_empty_and_sends_its_own(
    child: Child, service: Service, tmp_path: Path
) -> None:
    code = """
        transport = HttpTransport(url)
        recorder = Recorder(transport, spool=folder, flush_seconds=3600.0)
        recorder.record(GOOD, run_id="warm")
        recorder.flush()
        recorder.record(GOOD, run_id="parent")
        pid = fork_while_held(recorder._outbox.ledger.lock)
        if pid == 0:
            assert recorder.stats.recorded == 0, recorder.stats
            recorder.record(GOOD, run_id="child")
            recorder.close()
            assert recorder.stats.accepted == 1, recorder.stats
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        recorder.close()
        assert recorder.stats.accepted == 2, recorder.stats
        pid = os.fork()
        if pid == 0:
            recorder.record(GOOD, run_id="late")
            assert recorder.stats.dropped == 1, recorder.stats
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    """
    ended(child(HELD + dedent(code)))
    runs = [o["runId"] for o in service.observations]
    assert runs == ["warm", "child", "parent"]
    warm, forked, parent = service.callers
    assert warm == parent != forked  # a connection is never shared
    assert list(tmp_path.iterdir()) == []


def test_a_forked_child_exposes_a_unit_anew_and_the_parent_once(
    child: Child, service: Service
) -> None:
    code = """
        met = {"rolloutId": "r1", "step": 0, "rolloutArm": "control", "unit": "u", "propensity": 1}
        recorder = Recorder(HttpTransport(url), flush_seconds=3600.0)
        recorder.expose(met, ts=1)
        pid = os.fork()
        if pid == 0:
            recorder.expose(met, ts=2)
            recorder.close()
            assert recorder.stats.accepted == 1, recorder.stats
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        recorder.expose(met, ts=3)
        recorder.close()
        assert recorder.stats.accepted == 1, recorder.stats
    """
    ended(child(code))
    assert sorted(o["ts"] for o in service.observations) == [1, 2]


def test_forked_workers_choose_and_draw_different_arms(child: Child) -> None:
    code = """
        policies = {"p": {"version": "p@1.0.0", "params": {"modelWeights": {"a": 1, "b": 1}}}}
        policy = PolicyClient(OfflineTransport(policies), "p")
        policy.choose()
        for _ in range(2):
            pid = fork_while_held(policy._lock)
            if pid == 0:
                print("".join(policy.choose().arm for _ in range(64)), flush=True)
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
    """
    first, second = ended(child(HELD + dedent(code))).split()
    assert first != second


def test_importing_the_client_loads_nothing_of_the_server_and_nothing_heavy() -> None:
    code = """
        import sys
        before = set(sys.modules)
        import ratchet.client
        new = set(sys.modules) - before
        heavy = {"pydantic", "google", "typer", "numpy", "httpx", "firebase_admin"}
        print(sorted(m for m in new if m.split(".")[0] in heavy))
        print(sorted({m.split(".")[1] for m in new if m.startswith("ratchet.")}))
        print(sorted(m for m in new if m.startswith("ratchet.rollouts.")))
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.splitlines() == [
        "[]",
        "['client', 'kernel', 'rollouts']",
        "['ratchet.rollouts.assign']",
    ]
