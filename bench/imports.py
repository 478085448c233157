"""Cold start: importing `main` against the packages of Firebase that any such project imports."""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.figure import Figure

FOLDER = Path(__file__).parents[1] / "functions"
RUNS = 15
BASE = "from firebase_functions import firestore_fn, https_fn, options, scheduler_fn"
OURS = "import main"
_TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def figures() -> list[Figure]:
    """Import each in fresh interpreters, by turns, so that both see the same machine."""
    for statement in (BASE, OURS):
        seconds(statement)  # compiles what is not compiled yet
    pairs = [(seconds(BASE), seconds(OURS)) for _ in range(RUNS)]
    base, ours = (median(column) for column in zip(*pairs, strict=True))
    return [
        Figure("import of https_fn, scheduler_fn, firestore_fn and options", base * 1000, "ms"),
        Figure("import of main", ours * 1000, "ms"),
        Figure("import of main against those of firebase_functions", ours / base, "x", 1.35),
    ]


def seconds(statement: str) -> float:
    """Return what one import takes in an interpreter of its own."""
    code = _TIMED.format(statement)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER, env=kept, capture_output=True, text=True
    )
    ran.check_returncode()
    return float(ran.stdout)
