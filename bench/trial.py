"""`ratchet try` on a large log: how fast it reads, and that its memory does not grow with it."""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figure import Figure

FEW, MANY = 100_000, 1_000_000
READ = """
import resource, sys
from pathlib import Path
from ratchet.entry.trial.run import Options, try_log
try_log(Path(sys.argv[1]), Options())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def figures() -> list[Figure]:
    """Measure two logs of the same kind, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        few, _ = measure(write_log(Path(folder) / "few.csv", FEW))
        many, seconds = measure(write_log(Path(folder) / "many.csv", MANY))
    return [
        Figure(
            "try: rows a second, a million rows with units, times and replay",
            MANY / seconds,
            "rows/s",
        ),
        Figure("try: peak memory as a log grows 10 x from 100k rows: growth", many / few, "x", 1.5),
        Figure("try: peak memory, a million rows", many / 1024, "MiB"),
    ]


def measure(log: Path) -> tuple[int, float]:
    """Return (peak memory in KiB, seconds) of reading a log."""
    began = time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-c", READ, str(log)], capture_output=True, text=True, check=True
    )
    return int(told.stdout), time.perf_counter() - began


def write_log(path: Path, rows: int) -> Path:
    """Write a log of three models over a week; a unit comes back five times."""
    rng = random.Random(1)
    shares = {"a": 0.6, "b": 0.3, "c": 0.1}
    with path.open("w") as out:
        out.write("ts,userId,model,status,latency_ms,cost_usd,propensity\n")
        for i in range(rows):
            arm = rng.choices(list(shares), list(shares.values()))[0]
            ts = 1_767_225_600_000 + i * 7 * 86_400_000 // rows
            status = 200 if rng.random() < 0.95 else 500
            taken = rng.lognormvariate(6, 0.5)
            user = rng.randrange(rows // 5)
            out.write(f"{ts},u{user},{arm},{status},{taken:.1f},0.001,{shares[arm]}\n")
    return path
