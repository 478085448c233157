"""Lay out a Firebase project in a folder: what is deployed, on free loopback ports."""

import json
import os
import secrets
import shutil
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.emulator import server

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
# The emulators that start, those that firebase-tools adds of itself included.
EMULATORS = ("auth", "functions", "firestore", "eventarc", "tasks", "hub", "logging")
NOT_DEPLOYED = shutil.ignore_patterns("__pycache__", "*.pyc")


def free_ports() -> dict[str, int]:
    """Return a free port for each emulator, and one for Firestore's websocket."""
    names = (*EMULATORS, "websocket")
    found: set[int] = set()
    while len(found) < len(names):
        found.add(server.free_port())
    return dict(zip(names, sorted(found), strict=True))


def on_ports(settings: Mapping[str, Any], ports: Mapping[str, int]) -> dict[str, Any]:
    """Return `firebase.json` with every emulator on loopback at its port, and this Python."""
    runtime = f"python{sys.version_info.major}{sys.version_info.minor}"
    emulators: dict[str, Any] = {name: {"host": HOST, "port": ports[name]} for name in EMULATORS}
    emulators["firestore"]["websocketPort"] = ports["websocket"]
    emulators["ui"] = {"enabled": False}
    return {
        **settings,
        "functions": [{**each, "runtime": runtime} for each in settings["functions"]],
        "emulators": {**settings["emulators"], **emulators},
    }


def lay_out(folder: Path, ports: Mapping[str, int], jar: Path) -> str:
    """Fill an empty folder with the project and a shim of the jar; return the project's key."""
    settings = json.loads((ROOT / "firebase.json").read_text())
    (folder / "firebase.json").write_text(json.dumps(on_ports(settings, ports)))
    for name in (settings["firestore"]["rules"], settings["firestore"]["indexes"]):
        shutil.copy(ROOT / name, folder / name)
    functions = folder / "functions"
    shutil.copytree(ROOT / "functions" / "ratchet", functions / "ratchet", ignore=NOT_DEPLOYED)
    for name in ("main.py", "requirements.txt", ".env"):
        if (ROOT / "functions" / name).is_file():
            shutil.copy(ROOT / "functions" / name, functions / name)
    (functions / "venv").symlink_to(sys.prefix, target_is_directory=True)
    key = secrets.token_hex(32)
    secret = os.open(functions / ".secret.local", os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(secret, "w") as file:
        file.write(f"RATCHET_KEY={key}\n")
    write_shim(folder / "firestore.jar", jar)
    return key


def write_shim(path: Path, jar: Path) -> None:
    """Write a jar that `java -jar` can run: the emulator's own names no main class."""
    with zipfile.ZipFile(path, "w") as shim:
        shim.writestr("META-INF/MANIFEST.MF", manifest(jar))


def manifest(jar: Path) -> bytes:
    """Return a manifest that runs the emulator out of its jar; a line has at most 72 bytes."""
    lines = [
        "Manifest-Version: 1.0",
        f"Main-Class: {server.MAIN_CLASS}",
        f"Class-Path: {jar.resolve().as_uri()}",
    ]
    return b"".join(_wrapped(line.encode()) for line in lines)


def _wrapped(line: bytes) -> bytes:
    first, rest = line[:70], line[70:]
    parts = [rest[i : i + 69] for i in range(0, len(rest), 69)]
    return b"\r\n ".join([first, *parts]) + b"\r\n"
