"""The emulator is found, started on a port of its own, cleared, and stopped with all it started."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.emulator import install, server


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without an SDK, a cache or a gcloud."""
    monkeypatch.setattr(server, "_SDK_ROOTS", ())
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CLOUDSDK_ROOT", raising=False)
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def program(path: Path, text: str) -> str:
    touch(path).write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_machine_without_an_emulator_says_in_one_line_how_to_get_one(nowhere: Path) -> None:
    assert server.find_jar() is None
    with pytest.raises(server.NoEmulator, match=r"tests\.emulator\.install") as raised:
        server.start()
    assert "\n" not in str(raised.value)


def test_the_sdk_named_by_the_environment_comes_first(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDSDK_ROOT", str(nowhere / "named"))
    beside = touch(nowhere / "sdk" / server._SDK_JAR)
    program(nowhere / "sdk/bin/gcloud", "exit 1")
    (nowhere / "gcloud").symlink_to(nowhere / "sdk/bin/gcloud")
    assert server.find_jar() == beside
    named = touch(nowhere / "named" / server._SDK_JAR)
    assert server.find_jar() == named


def test_an_sdk_elsewhere_is_asked_of_gcloud(nowhere: Path) -> None:
    program(nowhere / "gcloud", f"echo {nowhere}/told")
    told = touch(nowhere / "told" / server._SDK_JAR)
    assert server.find_jar() == told


def test_of_the_firebase_cache_the_newest_jar_is_taken(nowhere: Path) -> None:
    cache = nowhere / ".cache/firebase/emulators"
    for version in ("1.9.0", "1.19.8", "1.20.2"):
        touch(cache / f"cloud-firestore-emulator-v{version}.jar")
    found = server.find_jar()
    assert found is not None
    assert found.name == "cloud-firestore-emulator-v1.20.2.jar"


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_401"', 8),
        ('openjdk version "25"', 25),
        ("garbage", 0),
    ],
)
def test_javas_version_is_read(tmp_path: Path, said: str, version: int) -> None:
    assert server.java_version(program(tmp_path / "java", f"echo '{said}' >&2")) == version
    assert server.java_version(str(tmp_path / "none")) == 0


def test_a_java_that_is_too_old_is_not_taken(nowhere: Path) -> None:
    old = program(nowhere / "java", "echo 'version \"1.8.0\"' >&2")
    assert server.find_java() != old
    new = program(nowhere / "java", "echo 'version \"11.0\"' >&2")
    assert server.find_java() == new


def test_an_emulator_that_ends_at_once_shows_what_it_said(nowhere: Path) -> None:
    touch(nowhere / ".cache/firebase/emulators/cloud-firestore-emulator-v1.0.0.jar")
    program(
        nowhere / "java", "case $1 in -version) echo 'version \"21\"' >&2;; *) echo broken;; esac"
    )
    with pytest.raises(server.NoEmulator, match="did not start: broken"):
        server.start()


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_installing_in_vain_is_one_line_and_fails_only_in_ci(
    nowhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ci: str,
    status: int,
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(install, "attempt", lambda command: False)
    assert install.main() == status
    (line,) = capsys.readouterr().out.splitlines()
    assert "none to be had" in line


def test_installing_goes_on_to_the_next_way_until_there_is_a_jar(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(nowhere / "java", "echo 'version \"21\"' >&2")
    jar = nowhere / ".cache/firebase/emulators/cloud-firestore-emulator-v1.0.0.jar"
    tried: list[str] = []

    def attempt(command: tuple[str, ...]) -> bool:
        tried.append(command[0])
        return command[0] == "gcloud" and bool(touch(jar))

    monkeypatch.setattr(install, "attempt", attempt)
    assert install.main() == 0
    assert tried == ["apt-get", "gcloud"]
    assert str(jar) in capsys.readouterr().out


@pytest.mark.emulator
def test_the_emulator_is_cleared_by_project(emulator_host: str) -> None:
    path = f"http://{emulator_host}/v1/projects/{server.PROJECT}/databases/(default)/documents"
    headers = {"Authorization": "Bearer owner"}
    httpx.post(f"{path}/things", json={"fields": {}}, headers=headers).raise_for_status()
    assert httpx.get(f"{path}/things", headers=headers).json()["documents"]
    server.clear(emulator_host)
    assert httpx.get(f"{path}/things", headers=headers).json() == {}


@pytest.mark.emulator
def test_stopping_ends_the_whole_group(emulator_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen

    def spy(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))
        return started[-1]

    if server.find_jar() is None:
        pytest.skip("the emulator that runs is not ours")
    monkeypatch.setattr("tests.emulator.server.subprocess.Popen", spy)
    host, stop = server.start()
    assert host != emulator_host
    (process,) = [p for p in started if p.args[-1] == server.PROJECT]  # type: ignore[index]
    stop()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{host}/")
